"""A test that hangs goes in, a failure that shows where comes out; what cannot be interrupted ends the process."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
import time
from typing import Any, Iterator, Optional

from _pytest.outcomes import Failed

GRACE_S = 5.0
"""How long after its time a test may go on before the process ends itself, for instance inside C code (chosen)."""


class Timeout(Failed):
    """The test took longer than it may; an outcome of pytest's, so that ``except Exception`` does not swallow it."""

    __module__ = "builtins"


class Timer:
    """Bounds each test, set-up and tear-down included, by ``limit_s`` seconds.

    First by an exception raised in the test; where that does not help, `faulthandler` writes all stacks to ``fd`` and
    ends the process, even if something holds the interpreter's lock.
    """

    def __init__(self, limit_s: float, fd: Optional[int]) -> None:
        self._limit_s = limit_s
        self._fd = fd
        self._deadline = 0.0
        self._watched_at = -1.0

    def start(self) -> None:
        """A new test begins."""
        now = time.monotonic()
        self._deadline = now + self._limit_s
        if self._fd is not None and (self._watched_at < 0 or now - self._watched_at > 1.0):
            # Once a second is enough: to start the watching thread costs more than a short test.
            faulthandler.dump_traceback_later(self._limit_s + GRACE_S + 1.0, exit=True, file=self._fd)
            self._watched_at = now

    def watch_again(self) -> None:
        """pytest calls the watch off when a test fails; the next `start` sets it again."""
        self._watched_at = -1.0

    def stop(self) -> None:
        """No test runs any more."""
        if self._fd is not None:
            faulthandler.cancel_dump_traceback_later()
        self._watched_at = -1.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Inside, `Timeout` is raised where the main thread is once the test's time is over, and again every 2 s.

        A tear-down gets 2 s even then.
        """
        left_s = max(2.0, self._deadline - time.monotonic())
        if threading.current_thread() is not threading.main_thread() or self._is_taken(left_s):
            yield
            return
        before = signal.signal(signal.SIGALRM, self._raise)
        signal.setitimer(signal.ITIMER_REAL, left_s, 2.0)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGALRM) == self._raise:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)

    @staticmethod
    def _is_taken(left_s: float) -> bool:
        """Whether somebody else's alarm (pytest-timeout's) rings sooner anyway."""
        return 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= left_s

    def _raise(self, number: int, frame: Any) -> None:
        raise Timeout("the test took longer than %g s" % self._limit_s)
