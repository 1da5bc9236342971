"""Joins the stations: each function imports what it builds and hands it its own section of the settings."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import CannotGoOn, UsageError

if TYPE_CHECKING:
    from dreamscape.settings import Loaded

STATE_FOLDER = ".dreamscape"


@dataclass(frozen=True, slots=True)
class Project:
    """A project as a command finds it: ``root`` is absolute, ``loaded`` its settings with the origin of each."""

    root: Path
    loaded: Loaded

    @property
    def state(self) -> Path:
        """Where its state lies, there or not."""
        return state_folder(self.root)


def find_project(asked: Path | None) -> Path:
    """The project's folder: the one asked for, else the git root above the current folder, else that folder."""
    if asked is not None:
        if not asked.is_dir():
            raise UsageError(f"there is no folder {asked}", "--project takes the folder of a project")
        return asked.resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def open_project(asked: Path | None, config: Path | None, flags: Mapping[str, object] | None = None) -> Project:
    """Finds the project and reads its settings; ``flags`` maps ``section.key`` to what the command line says."""
    from dreamscape.settings import load_settings

    root = find_project(asked)
    return Project(root, load_settings(root, config, flags or {}))


def state_folder(root: Path) -> Path:
    """Where a project's state lies, there or not."""
    return root / STATE_FOLDER


def make_state_folder(root: Path) -> Path:
    """The state folder, made if need be: for the user alone, and ignored by git without the project's help."""
    folder = state_folder(root)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CannotGoOn(f"{folder} is not a folder of its own", "move it away: Dreamscape keeps its state there")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise CannotGoOn(
            f"{folder} cannot be written: {error.strerror}", "make the project's folder writable"
        ) from error
    return folder
