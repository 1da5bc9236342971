"""Messages go in, JSON lines come out on a descriptor that neither the tests' children nor capturing can reach.

One object a line, its kind under ``type``; `dreamscape.agent.protocol` reads them. Each line is written at once, so a
run that is killed keeps what it had said. Where the host handed over a secret, each line is numbered and begins with
its signature: the tests can write here, and read what is written, but they cannot say anything in our name.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from typing import Any, Optional

_HIGH = 400
"""Descriptors from here up survive suites that close "all" descriptors they can think of (chosen)."""


class Reporter:
    """Writes messages for the process that made it; a fork of that process is mute."""

    def __init__(self, fd: Optional[int], secret: bytes = b"") -> None:
        self.fd = None if fd is None else _moved_up(fd)
        self._secret = secret
        self._sent = 0
        self._pid = os.getpid()
        self._lock = threading.RLock()

    def send(self, kind: str, **fields: Any) -> None:
        """One line; what cannot be JSON is written as text, lone surrogates as escapes."""
        if self.fd is None or os.getpid() != self._pid:
            return
        with self._lock:
            self._sent += 1
            line = json.dumps(dict(fields, type=kind, number=self._sent), default=str).encode("ascii")
            _write_all(self.fd, signature(line, self._secret) + line + b"\n")


def signature(line: bytes, secret: bytes) -> bytes:
    """What stands before a message of who knows the secret; nothing where there is none."""
    return hashlib.blake2b(line, digest_size=16, key=secret).hexdigest().encode() if secret else b""


def from_environment(secret: bytes = b"") -> Reporter:
    """The reporter for the descriptor the sandbox opened for us; the tests do not get to know of it."""
    number = os.environ.pop("DREAMSCAPE_REPORTS", "")
    return Reporter(int(number) if number.isdigit() else None, secret)


def secret_from_requests() -> bytes:
    """What the host wrote into the pipe of requests, which is closed behind it; nothing where there is no pipe."""
    number = os.environ.pop("DREAMSCAPE_REQUESTS", "")
    if not number.isdigit():
        return b""
    with os.fdopen(int(number), "rb") as requests:
        return requests.readline().strip()


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
