"""Pictures of pages that no longer look as their profile says: the user's own, few, and without readable words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dreamscape.tools.files import atomic_write

PICTURES = "pictures"
"""The folder beside the sessions' own."""

KEPT = 20
"""Older pictures are deleted (chosen: each takes some tens of kilobytes)."""


def keep_picture(folder: Path, session: str, png: bytes, at: datetime) -> Path:
    """Writes a picture for the user alone and says where; of all sessions together the newest `KEPT` stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{at:%Y%m%d-%H%M%S-%f}-{session}.png"
    atomic_write(path, png, private=True)
    for old in sorted(folder.glob("*.png"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path
