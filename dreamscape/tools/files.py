"""Writing files of ours so that a reader never sees half of one, and saying plainly why a disk refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, DiskFull

STATE_FOLDER = ".dreamscape"

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what the operating system says while writing ``path`` into a sentence.

    Raises DiskFull where disk or quota is full, CannotGoOn where the place is read-only, forbidden or not a folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"no space left to write {path}", "free some space, then run it again") from error
        if error.errno in _FORBIDDEN:
            raise CannotGoOn(
                f"{path} cannot be written: {error.strerror}", "make its folder writable for the user who runs this"
            ) from error
        raise CannotGoOn(f"{path} cannot be written: {error.strerror}") from error


def atomic_write(path: Path, content: bytes, *, private: bool = False, durable: bool = True) -> None:
    """Puts ``content`` at ``path`` in one step: whoever reads sees the old bytes or the new ones, never a mixture.

    An existing file keeps its permissions (its owner where the system allows it); a new one gets the usual ones,
    or 0600 where ``private``. A link is never written through: it is replaced. What is not ``durable`` may be lost with
    the machine's power, and costs no wait for the disk.
    Raises DiskFull, CannotGoOn; nothing is left behind then.
    """
    with explained(path):
        mode = 0o600 if private else _mode_of(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".dreamscape-", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                _give_to_owner_of(path, file.fileno())
                Path(name).chmod(mode)
                if durable:
                    os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(path.parent)


def state_folder(project: Path) -> Path:
    """The project's `.dreamscape/`, made if need be: private (0700) and ignored by git.

    Raises CannotGoOn where it cannot be made or is a link (a project could point it anywhere).
    """
    folder = project / STATE_FOLDER
    if folder.is_symlink():
        raise CannotGoOn(f"{folder} is a symbolic link", "remove it; Dreamscape keeps its memory in a real folder")
    with explained(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        atomic_write(ignore, b"*\n")
    return folder


def private_folder(parent: Path, name: str) -> Path:
    """A folder inside the state folder, made if need be, 0700."""
    folder = parent / name
    with explained(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _mode_of(path: Path) -> int:
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            return stat.S_IMODE(found.st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _give_to_owner_of(path: Path, handle: int) -> None:
    """Root may write a file for another user; it must stay that user's."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        owner = path.lstat()
        mine = os.fstat(handle)
        if (owner.st_uid, owner.st_gid) != (mine.st_uid, mine.st_gid):
            os.fchown(handle, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
