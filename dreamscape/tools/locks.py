"""One run at a time: a lock of the kernel's on a file, which ends with its process however that dies."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dreamscape.domain.errors import RunLocked
from dreamscape.tools.files import explained, state_folder

if sys.platform != "win32":
    import fcntl

    def _lock(handle: int, *, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)

else:

    def _lock(handle: int, *, wait: bool) -> None:
        """Heal does not run on Windows; what does there has no rival to fear."""

    def _unlock(handle: int) -> None:
        """Nothing was locked."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock; both are None where the file does not tell."""

    pid: int | None
    since: datetime | None

    def __str__(self) -> str:
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return f"process {self.pid}{since}" if self.pid else "another process"


_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


class _Handle:
    """An open lock file; a forked child closes its copy, so that the lock ends with the process that took it."""

    def __init__(self, path: Path) -> None:
        with explained(path):
            self.number = os.open(path, _FLAGS, 0o600)
        _open_handles.add(self)

    def release(self) -> None:
        """Ends the lock for whoever shares this handle, a child included that has only just been forked."""
        _unlock(self.number)
        self.close()

    def close(self) -> None:
        if self.number >= 0:
            os.close(self.number)
            self.number = -1


_open_handles: weakref.WeakSet[_Handle] = weakref.WeakSet()


def _forget_in_child() -> None:
    for handle in list(_open_handles):
        with contextlib.suppress(OSError):
            handle.close()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_in_child)


@contextlib.contextmanager
def project_lock(project: Path) -> Iterator[None]:
    """Holds the project's lock, `.dreamscape/lock`, while the block runs.

    Raises RunLocked, naming the holder, where another run has it; CannotGoOn where the folder cannot be written.
    """
    path = lock_path(state_folder(project))
    handle = _Handle(path)
    try:
        if not _taken(handle):
            raise RunLocked(
                f"another run works on this project: {_holder_in(handle)}",
                "wait until it ends",
            )
        with explained(path):
            _sign(handle)
        yield
        os.ftruncate(handle.number, 0)
    finally:
        handle.release()


@contextlib.contextmanager
def held_lock(path: Path) -> Iterator[None]:
    """Holds the lock on ``path`` while the block runs. Raises RunLocked where another process has it."""
    handle = _Handle(path)
    try:
        if not _taken(handle):
            raise RunLocked(f"{path} is locked by another run")
        yield
    finally:
        handle.release()


@contextlib.contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Holds the lock on ``path`` while the block runs, after whoever has it now; for short work only."""
    handle = _Handle(path)
    try:
        _lock(handle.number, wait=True)
        yield
    finally:
        handle.release()


def lock_holder(project: Path) -> Holder | None:
    """Who works on the project now; None if nobody does. Changes nothing."""
    path = lock_path(project / ".dreamscape")
    if not path.is_file():
        return None
    handle = _Handle(path)
    try:
        return None if _taken(handle) else _holder_in(handle)
    finally:
        handle.close()


def lock_path(folder: Path) -> Path:
    """The lock file inside a state folder."""
    return folder / "lock"


def _taken(handle: _Handle) -> bool:
    try:
        _lock(handle.number, wait=False)
    except BlockingIOError:
        return False
    return True


def _sign(handle: _Handle) -> None:
    line = json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
    os.ftruncate(handle.number, 0)
    os.pwrite(handle.number, line.encode() + b"\n", 0)


def _holder_in(handle: _Handle) -> Holder:
    try:
        words = json.loads(os.pread(handle.number, 4096, 0))
        return Holder(int(words["pid"]), datetime.fromisoformat(words["since"]))
    except (ValueError, KeyError, TypeError):
        return Holder(None, None)
