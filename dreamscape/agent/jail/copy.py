"""Copies a project where no overlay can be laid over it; shares the blocks of files where the file system can."""

from __future__ import annotations

import os
import stat

_OWN_STATE = b".dreamscape"
_AT_ONCE = 1 << 30


def copy_tree(source: bytes, target: bytes) -> None:
    """Files, folders and symbolic links with mode and time; what is there already stays; nothing else is copied."""
    for entry in os.scandir(source):
        goal = os.path.join(target, entry.name)
        if os.path.lexists(goal) or entry.name == _OWN_STATE:
            continue
        try:
            _copy(entry, goal)
        except PermissionError:
            continue  # the project's own tests could not have read it either


def _copy(entry: os.DirEntry[bytes], goal: bytes) -> None:
    status = entry.stat(follow_symlinks=False)
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), goal)
        return
    if entry.is_dir():
        os.mkdir(goal)
        copy_tree(entry.path, goal)
    elif stat.S_ISREG(status.st_mode):
        _copy_content(entry.path, goal)
    else:
        return
    os.chmod(goal, stat.S_IMODE(status.st_mode))
    os.utime(goal, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_content(source: bytes, goal: bytes) -> None:
    with open(source, "rb", buffering=0) as reader, open(goal, "wb", buffering=0) as writer:
        while os.copy_file_range(reader.fileno(), writer.fileno(), _AT_ONCE):
            pass
