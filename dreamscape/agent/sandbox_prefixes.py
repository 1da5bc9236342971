"""Which places an interpreter needs, found without running it, and which of them may be shown inside a sandbox.

A project brings its own virtual environment, and what that says of itself is the project's word: it must not open the
user's secrets. So nothing of a hidden place is shown unless it looks like Python's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dreamscape.agent.sandbox_places import hidden_places, homes, is_under

_TOOL_FOLDERS = (".pyenv", ".asdf", ".rye", ".conda")
"""Where tools keep interpreters, and starting scripts that need the rest of the folder."""


def prefixes_of(executable: Path) -> Iterator[Path]:
    """Places along the chain of links, and those that virtual environments note."""
    seen: set[Path] = set()
    waiting = [executable]
    while waiting:
        program = waiting.pop()
        if program in seen or not os.access(program, os.X_OK):
            continue
        seen.add(program)
        yield program
        prefix = program.parent.parent
        if may_be_shown(prefix):
            yield prefix
        else:
            yield from prefix.glob("lib/python3*")
            yield from prefix.glob("lib/libpython3*")
        waiting += [*_one_link_on(program), *_home_of_environment(prefix, program.name)]


def user_packages() -> Iterator[Path]:
    """Where `pip install --user` puts modules."""
    return (folder for home in homes() for folder in home.glob(".local/lib/python3*") if folder.is_dir())


def may_be_shown(path: Path) -> bool:
    """Whether a path is worth showing and is neither a home folder nor something in one that is not Python's."""
    if not (path.is_absolute() and path.exists()):
        return False
    real, covered = path.resolve(), {*hidden_places(), *homes()}
    holds_secrets = {place for home in covered for place in (home, *home.parents)}
    if path in holds_secrets or real in holds_secrets:
        return False
    if not is_under(real, covered):
        return True
    inner = [place for place in (real, *real.parents) if is_under(place, covered) and place not in covered]
    is_python = any(_is_prefix(place) or place.name in _TOOL_FOLDERS for place in inner)
    return is_python or (not any(place.name.startswith(".") for place in inner) and _holds_modules(real))


def _is_prefix(place: Path) -> bool:
    """Of an interpreter or a virtual environment; ~/.local is none, though it has a `lib/python3.x`."""
    if place.name == ".local":
        return False
    return (place / "pyvenv.cfg").is_file() or any(place.glob("lib/python3*")) or any(place.glob("lib/pypy3*"))


def _holds_modules(place: Path) -> bool:
    return any(any(place.glob(pattern)) for pattern in ("*.py", "*/__init__.py", "pyproject.toml", "*.dist-info"))


def _one_link_on(program: Path) -> Iterator[Path]:
    if program.is_symlink():
        yield Path(os.path.normpath(program.parent / program.readlink()))
    yield program.parent.resolve() / program.name


def _home_of_environment(prefix: Path, name: str) -> Iterator[Path]:
    notes = prefix / "pyvenv.cfg"
    if not notes.is_file():
        return
    for line in notes.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and value.strip():
            yield Path(value.strip()) / name
