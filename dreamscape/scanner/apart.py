"""Work goes in, its answer comes out of a process of its own: what dies or never ends there does so alone."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from dreamscape.tools.interrupts import ENDING, interrupts_held_back

LONGEST_S = 10
"""CPU seconds for one source (chosen): ten times what honest code of the largest size takes."""


@dataclass(slots=True)
class _Running:
    pid: int
    answer: list[bytes] = field(default_factory=list)


class Children:
    """Copies of this process that work. Use as a context: none of them outlives it."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._ready = select.poll()

    def __enter__(self) -> Children:
        return self

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, work: Callable[[], bytes]) -> int:
        """Starts one that answers with what ``work`` gives; returns its name."""
        stream, sink = os.pipe()
        with interrupts_held_back():
            pid = os.fork()
            if pid == 0:
                for inherited in (stream, *self._running):
                    os.close(inherited)
                _answer(work, sink)
            self._running[stream] = _Running(pid)
        os.close(sink)
        self._ready.register(stream, select.POLLIN)
        return stream

    def next_ended(self) -> tuple[int, bytes, str]:
        """Waits for any of them to end: its name, what it answered, and "" or why it could not."""
        while True:
            for stream, _ in self._ready.poll():
                part = os.read(stream, 1 << 20)
                if part:
                    self._running[stream].answer.append(part)
                    continue
                self._ready.unregister(stream)
                with interrupts_held_back():
                    ended = self._running.pop(stream)
                    os.close(stream)
                    _, status = os.waitpid(ended.pid, 0)
                return stream, b"".join(ended.answer), _why(status)

    def __exit__(self, *_: object) -> None:
        with interrupts_held_back():
            for stream, child in self._running.items():
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                os.close(stream)
                os.waitpid(child.pid, 0)
            self._running.clear()


def allow_time() -> None:
    """Lets this process work for another ``LONGEST_S`` of CPU time, until it is killed."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    end = int(time.process_time()) + 1 + LONGEST_S
    resource.setrlimit(resource.RLIMIT_CPU, (end if most == resource.RLIM_INFINITY else min(end, most), most))


def _answer(work: Callable[[], bytes], sink: int) -> NoReturn:
    """Ends the process: whatever the parent had open or buffered is not the child's to close."""
    code = 1
    try:
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        with open(sink, "wb") as stream:
            stream.write(work())
        code = 0
    finally:
        os._exit(code)


def _why(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return f"takes longer than {LONGEST_S} s to parse"
    return "is too much for the parser" if status else ""
