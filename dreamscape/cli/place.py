"""Where the user stands: which project a command took, and what a typed path means there."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from dreamscape.cli.context import Options

logger = logging.getLogger(__name__)


def say_project(options: Options, root: Path) -> None:
    """Says which project was taken where nobody named one and it reaches beyond the current folder."""
    if options.project is None and root != Path.cwd():
        logger.warning("this takes the whole repository %s; for the current folder alone: --project .", root)


def from_here(typed: str | Path, root: Path) -> Path:
    """A path as typed in the current folder, or, where only there such a thing is or can be, in the project's."""
    here, there = Path(os.path.abspath(typed)), root / typed  # noqa: PTH100 - links are not followed
    if not here.is_relative_to(root):
        return there
    return there if os.path.lexists(there) and not os.path.lexists(here) else here
