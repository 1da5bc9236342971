"""Messages go in, JSON lines come out on a descriptor that neither the tests' children nor capturing can reach.

One object a line, its kind under ``type``; `dreamscape.agent.protocol` reads them. Each line is written at once, so a
run that is killed keeps what it had said.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Optional

_HIGH = 400
"""Descriptors from here up survive suites that close "all" descriptors they can think of (chosen)."""


class Reporter:
    """Writes messages for the process that made it; a fork of that process is mute until it calls `adopt`."""

    def __init__(self, fd: Optional[int]) -> None:
        self.fd = None if fd is None else _moved_up(fd)
        self._pid = os.getpid()
        self._lock = threading.RLock()

    def adopt(self) -> None:
        """Let this process speak: called by a fork of ours, never by a fork the tests made."""
        self._pid = os.getpid()
        self._lock = threading.RLock()

    def send(self, kind: str, **fields: Any) -> None:
        """One line; what cannot be JSON is written as text, lone surrogates as escapes."""
        if self.fd is None or os.getpid() != self._pid:
            return
        line = json.dumps(dict(fields, type=kind), default=str).encode("ascii") + b"\n"
        with self._lock:
            _write_all(self.fd, line)


def from_environment() -> Reporter:
    """The reporter for the descriptor the sandbox opened for us; the tests do not get to know of it."""
    number = os.environ.pop("DREAMSCAPE_REPORTS", "")
    return Reporter(int(number) if number.isdigit() else None)


def _moved_up(fd: int) -> int:
    import fcntl

    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        os.set_inheritable(fd, False)
        return fd
    os.close(fd)
    return high


def _write_all(fd: int, data: bytes) -> None:
    """All of it, or nothing more: who reads may be gone, and the tests must not suffer for it."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        return
