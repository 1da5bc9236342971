"""Limits inside a worker: CPU time per test, memory, and no way out to the server's own streams."""

from __future__ import annotations

import os
import resource
import signal
from typing import Any, Tuple

_AGAIN_S = 0.2
"""The alarm goes on at this interval of CPU time, for code that swallows it once (chosen)."""


class Overtime(BaseException):
    """The test has used up its CPU time; no `except Exception` of the project may stop it."""

    __module__ = "builtins"
    __qualname__ = "Timeout"


class CpuAlarm:
    """Raises `Overtime` in the main thread once the process has used so much CPU time."""

    def __init__(self) -> None:
        self.has_rung = False
        self.limit_s = 0.0

    def start(self, cpu_s: float) -> None:
        self.has_rung, self.limit_s = False, cpu_s
        signal.signal(signal.SIGPROF, self._ring)
        signal.setitimer(signal.ITIMER_PROF, max(cpu_s, 0.001), _AGAIN_S)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0.0)

    def is_ours(self) -> bool:
        """Whether a candidate has left the alarm as it was."""
        return signal.getsignal(signal.SIGPROF) == self._ring

    def _ring(self, number: int, frame: Any) -> None:
        self.has_rung = True
        raise Overtime("the test took longer than %.3g s of CPU time" % self.limit_s)


def silence() -> None:
    """Input and output of the process lead nowhere; what Python code prints is captured above them."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.close(null)


def limit_memory(allowance: int) -> None:
    """The process may grow by so many bytes of address space; beyond, it gets MemoryError."""
    used = pages()[0] * resource.getpagesize()
    limit = used + allowance
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    for bound in (soft, hard):
        if bound != resource.RLIM_INFINITY:
            limit = min(limit, bound)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pages() -> Tuple[int, int]:
    """Address space and resident memory of this process, in pages."""
    with open("/proc/self/statm") as numbers:
        size, resident = numbers.read().split()[:2]
    return int(size), int(resident)


def has_children() -> bool:
    """Whether processes that this one has forked are alive or unburied."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
