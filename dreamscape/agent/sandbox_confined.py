"""One command running in its sandbox: its channels, its end, and the certainty that nothing of it stays behind."""

from __future__ import annotations

import errno
import marshal
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import BinaryIO, Self

from dreamscape.domain.errors import CannotGoOn, DiskFull
from dreamscape.domain.runs import RunEnd
from dreamscape.tools.processes import kill_tree

_GRACE_S = 30.0
"""Beyond the command's own time: to build the sandbox and to tear it down on a loaded machine; chosen."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; ``exit_code`` is negative for a signal and None where it was killed by us.

    ``output_tail`` is the end (at most 64 KiB) of what it printed to stdout and stderr.
    """

    end: RunEnd
    exit_code: int | None
    seconds: float
    output_tail: str


@dataclass(frozen=True, slots=True)
class Channels:
    """Our ends of the pipes to a launcher: what the command reads and writes, how it ended, and the lifeline, whose
    closing tells the launcher that nobody waits any more (it closes by itself when this process dies)."""

    requests: int
    reports: int
    status: int
    lifeline: int


class Confined:
    """A running command and everything it started; leaving the context kills all of it and waits until it is gone.

    The command reads ``requests`` (flush what you write) at the descriptor numbered in its environment variable
    DREAMSCAPE_REQUESTS, and writes what ``reports`` gives at that in DREAMSCAPE_REPORTS. For one thread at a time;
    `kill` alone may be called from any.
    """

    def __init__(
        self, start: Callable[[ExitStack], tuple[subprocess.Popen[bytes], Channels]], timeout_s: float
    ) -> None:
        self._started = time.monotonic()
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._ended: Ended | None = None
        with ExitStack() as resources:
            self._launcher, channels = start(resources)
            self._status = channels.status
            self._lifeline: int | None = channels.lifeline
            self.requests: BinaryIO = os.fdopen(channels.requests, "wb")
            self.reports: BinaryIO = os.fdopen(channels.reports, "rb")
            self._resources = resources.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        try:
            self._bury_launcher()
        finally:
            with suppress(OSError):
                self.requests.close()
            self.reports.close()
            os.close(self._status)
            self._resources.close()

    def kill(self) -> None:
        """Has everything killed at once; `wait` then tells KILLED, unless it had ended before."""
        with self._lock:
            lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            os.close(lifeline)

    def wait(self, timeout_s: float | None = None) -> Ended:
        """Waits for the end; where it does not come within ``timeout_s``, kills and returns TIMEOUT.

        Raises CannotGoOn where the sandbox could not be built or the command not be started in it.
        """
        if self._ended is None:
            deadline = self._deadline if timeout_s is None else min(self._deadline, time.monotonic() + timeout_s)
            came = _is_readable(self._status, deadline)
            self.kill()
            ended = self._read_end()
            self._ended = ended if came or ended.end is RunEnd.EXITED else replace(ended, end=RunEnd.TIMEOUT)
        return self._ended

    def read_reports(self, limit: int) -> bytes:
        """All that the command reports until it closes the channel or ends, or a little more than ``limit`` bytes."""
        pieces: list[bytes] = []
        while limit >= 0 and _is_readable(self.reports.fileno(), self._deadline):
            piece = os.read(self.reports.fileno(), _CHUNK)
            if not piece:
                break
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)

    @property
    def _deadline(self) -> float:
        return self._started + self._timeout_s + _GRACE_S

    def _read_end(self) -> Ended:
        """What the launcher wrote; it writes once, and closes the pipe when all is gone."""
        data = b""
        while _is_readable(self._status, time.monotonic() + _GRACE_S):
            piece = os.read(self._status, _CHUNK)
            if not piece:
                break
            data += piece
        self._bury_launcher()
        if not data:
            return Ended(RunEnd.KILLED, None, time.monotonic() - self._started, "")
        status = marshal.loads(data)
        if "failed" in status:
            raise _failure(status["failed"], status["errno"])
        tail = status["tail"].decode("utf-8", "replace")
        return Ended(RunEnd(status["end"]), status["exit_code"], status["seconds"], tail)

    def _bury_launcher(self) -> None:
        try:
            self._launcher.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            kill_tree(self._launcher.pid)
            self._launcher.wait()


def _is_readable(handle: int, deadline: float) -> bool:
    """Whether something, be it the end, can be read before the deadline."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _failure(what: str, number: int) -> CannotGoOn:
    if number == errno.ENOSPC:
        return DiskFull(f"no space is left for the sandbox: {what}", "raise sandbox.disk_mib, or free some space")
    return CannotGoOn(f"the command cannot run in the sandbox: {what}")
