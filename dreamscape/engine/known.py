"""What landed in earlier runs goes in; the changes known to repair a failure come out, should it come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dreamscape.domain.ports import History
from dreamscape.engine.branches import fate
from dreamscape.engine.rejections import TURNED_DOWN
from dreamscape.tools.git import Git

MOST = 3
"""So many repairs of one failure are tried again, the newest first (chosen)."""


def known_repairs(history: History, git: Git | None, project: Path) -> Callable[[str], tuple[str, ...]]:
    """Gives the diffs that landed for a failure's fingerprint and were not turned down since."""
    landings = [landing for landing in reversed(history.landings()) if landing.diff]

    def known(fingerprint: str) -> tuple[str, ...]:
        ours = (landing for landing in landings if landing.fingerprint == fingerprint)
        standing = (each.diff for each in ours if each.undone is None and fate(git, project, each) not in TURNED_DOWN)
        return tuple(dict.fromkeys(standing))[:MOST]

    return known
