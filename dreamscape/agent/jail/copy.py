"""Copies a project where no overlay can be laid over it; shares the blocks of files where the file system can."""

from __future__ import annotations

import errno
import os
import stat

_OWN_STATE = b".dreamscape"
_AT_ONCE = 1 << 30
_CANNOT_SHARE = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def copy_tree(source: bytes, target: bytes) -> None:
    """Files, folders and symbolic links with mode and time; what is there already stays; nothing else is copied.

    The target may lie inside the source; it is not copied into itself.
    """
    root = os.stat(target)
    _copy_folder(source, target, (root.st_dev, root.st_ino))


def _copy_folder(source: bytes, target: bytes, root: tuple[int, int]) -> None:
    for entry in os.scandir(source):
        goal = os.path.join(target, entry.name)
        if os.path.lexists(goal) or entry.name == _OWN_STATE:
            continue
        try:
            _copy(entry, goal, root)
        except PermissionError:
            continue  # the project's own tests could not have read it either


def _copy(entry: os.DirEntry[bytes], goal: bytes, root: tuple[int, int]) -> None:
    status = entry.stat(follow_symlinks=False)
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), goal)
        return
    if (status.st_dev, status.st_ino) == root:
        return
    if entry.is_dir():
        os.mkdir(goal)
        _copy_folder(entry.path, goal, root)
    elif stat.S_ISREG(status.st_mode):
        _copy_content(entry.path, goal)
    else:
        return
    os.chmod(goal, stat.S_IMODE(status.st_mode))
    os.utime(goal, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_content(source: bytes, goal: bytes) -> None:
    with open(source, "rb", buffering=0) as reader, open(goal, "wb", buffering=0) as writer:
        handles = (reader.fileno(), writer.fileno())
        try:
            while os.copy_file_range(*handles, _AT_ONCE):
                pass
        except OSError as error:
            if error.errno not in _CANNOT_SHARE:
                raise
            while os.sendfile(handles[1], handles[0], None, _AT_ONCE):
                pass
