"""Where a user's own things lie: settings, logins, and what can be had again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def users_folder(kind: Literal["config", "data", "cache"]) -> Path | None:
    """Dreamscape's folder of this kind, there or not; None where the user has no home to keep one in."""
    import platformdirs

    find = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }[kind]
    try:
        path = find("dreamscape")
    except RuntimeError:  # newer versions of platformdirs
        return None
    # Older ones give a relative path, and what lies below the current folder is the project's.
    return path if path.is_absolute() else None
