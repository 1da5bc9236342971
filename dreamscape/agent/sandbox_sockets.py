"""Which Unix sockets of this machine a sandboxed command would see; a network namespace does not keep them out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def reachable_sockets(further: Iterable[Path]) -> Iterator[Path]:
    """Real paths of sockets bound in our network namespace, and of those among ``further`` places.

    One bound under a relative name is found only where the folder of a process that holds it can still be read: an
    ordinary user does not find those of others.
    """
    bound = dict(_bound())
    absolute = {Path(name) for name in bound.values() if name.startswith("/")}
    relative = {inode: name for inode, name in bound.items() if not name.startswith("/")}
    for path in {*absolute, *_resolved(relative), *further}:
        with suppress(PermissionError):  # what lies in a folder closed to us is closed to a command of ours
            if path.is_socket():
                yield path.resolve()


def _bound() -> Iterator[tuple[str, str]]:
    """Inode and name of each; abstract ones stay in their namespace, or are kept out by `jail.filter`."""
    with Path("/proc/self/net/unix").open("rb") as table:
        next(table)
        for line in table:
            columns = line.rstrip(b"\n").split(None, 7)
            if len(columns) == 8 and not columns[7].startswith(b"@"):
                yield columns[6].decode(), os.fsdecode(columns[7])


def _resolved(names: dict[str, str]) -> Iterator[Path]:
    """Looks for the holders of sockets with relative names, which are rare, among all processes."""
    if not names:
        return
    goals = {f"socket:[{inode}]": name for inode, name in names.items()}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            held = {str(entry.readlink()) for entry in (process / "fd").iterdir()}
            for goal in held & goals.keys():
                yield (process / "cwd").readlink() / goals[goal]
