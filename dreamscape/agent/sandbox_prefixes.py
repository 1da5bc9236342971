"""Which places an interpreter needs, found without running it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dreamscape.agent.sandbox_places import hidden_places, homes


def prefixes_of(executable: Path) -> Iterator[Path]:
    """Places found without running anything: along the chain of links, and by what virtual environments note."""
    seen: set[Path] = set()
    waiting = [executable]
    while waiting:
        program = waiting.pop()
        if program in seen:
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


def may_be_shown(path: Path) -> bool:
    """A whole home folder, or what holds one, is never shown for the sake of an interpreter in ~/bin."""
    if not (path.is_absolute() and path.exists()):
        return False
    holds_secrets = {place for home in (*hidden_places(), *homes()) for place in (home, *home.parents)}
    return path not in holds_secrets and path.resolve() not in holds_secrets


def user_packages() -> Iterator[Path]:
    """Where `pip install --user` puts modules."""
    return (folder for home in homes() for folder in home.glob(".local/lib/python3*") if folder.is_dir())
