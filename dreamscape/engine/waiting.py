"""Patch files that wait to be applied go in; what the project's files would hold with all of them in comes out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from dreamscape.tools.git_process import is_installed, run_git

ReadFiles = Callable[[Collection[str]], Mapping[str, bytes]]
"""Project-relative paths -> the bytes of those that are there, as the run sees them."""


def waiting_patches(folder: Path, prefix: str, read: ReadFiles) -> dict[str, bytes | None]:
    """Path -> bytes with all patches of ``folder`` in, the oldest first; those that do not apply any more are left out.

    ``prefix`` is what the names in the patches have before the project's own, as ``inner/``. Empty where nothing
    waits, or git, which applies patches with or without a repository, is not installed.
    """
    changes: dict[str, bytes | None] = {}
    for patch in sorted(folder.glob("*.patch"), key=_age) if is_installed() else ():
        paths = [path.removeprefix(prefix) for path in _paths(patch)]
        before = {**read([path for path in paths if path not in changes]), **changes}
        changes |= _applied(patch, prefix, {path: before.get(path) for path in paths})
    return changes


def _age(patch: Path) -> tuple[int, str]:
    return patch.stat().st_mtime_ns, patch.stem


def _paths(patch: Path) -> list[str]:
    """The files a patch names, in git's words; empty where it is none."""
    ran = run_git(["apply", "--numstat", "-z", str(patch)], patch.parent, env=_alone(patch.parent))
    return [os.fsdecode(entry.split(b"\t", 2)[2]) for entry in ran.stdout.split(b"\0") if entry.count(b"\t") >= 2]


def _applied(patch: Path, prefix: str, before: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """The same files after the patch; empty where it does not apply."""
    with tempfile.TemporaryDirectory(prefix="dreamscape-patch-") as name:
        places = {path: Path(name, prefix + path) for path in before}
        for path, data in before.items():
            places[path].parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                places[path].write_bytes(data)
        ran = run_git(["apply", "--whitespace=nowarn", str(patch)], Path(name), env=_alone(Path(name)))
        if ran.returncode:
            return {}
        return {path: place.read_bytes() if place.is_file() else None for path, place in places.items()}


def _alone(folder: Path) -> dict[str, str]:
    """Environment that lets no repository above the folder give the names in a patch another meaning."""
    return {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
