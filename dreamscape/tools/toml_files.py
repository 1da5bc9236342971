"""A TOML file goes in, its tables come out; what is wrong with it is told in one sentence, whoever it belongs to."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dreamscape.domain.errors import UsageError


def read_toml(path: Path) -> dict[str, Any]:
    """Raises UsageError naming the file where it cannot be read, is not UTF-8 or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def hint_for(word: str, known: Collection[str], otherwise: str = "", least: float = 0.6) -> str:
    """The known word that is written almost so (``least``: how alike, 0 to 1, capitals or not); else ``otherwise``."""
    by_letters = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(word.casefold(), by_letters, 1, least)
    return f"did you mean {by_letters[near[0]]!r}?" if near else otherwise
