"""Reads one source file; whatever is in the way becomes a reason, never an exception."""

from __future__ import annotations

import os
import stat

from dreamscape.scanner.facts import LARGEST_SOURCE, Unreadable
from dreamscape.scanner.walk import reason_of

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_source(file: str | os.PathLike[str]) -> bytes | Unreadable:
    """The file's bytes. It is opened without waiting, so that what became a pipe meanwhile does not hang the scan."""
    try:
        descriptor = os.open(file, _FLAGS)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Unreadable("not a regular file")
            source = _read(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        return Unreadable(reason_of(error))
    if len(source) > LARGEST_SOURCE:
        return Unreadable(f"larger than {LARGEST_SOURCE // 1024 // 1024} MiB")
    return source


def _read(descriptor: int, size: int) -> bytes:
    """All bytes of a file that had ``size`` a moment ago, no more than one above the largest we take."""
    parts = []
    left = LARGEST_SOURCE + 1
    wanted = size + 1
    while left > 0 and (part := os.read(descriptor, min(left, wanted))):
        parts.append(part)
        left -= len(part)
        wanted = max(wanted - len(part), 1 << 16)
    return b"".join(parts)
