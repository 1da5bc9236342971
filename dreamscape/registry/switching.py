"""The user's models.toml and a model's name go in; the file with that model switched on or off comes out.

Everything else stays byte for byte as the person wrote it, comments included.
"""

from __future__ import annotations

import itertools
import re
import tomllib

from dreamscape.domain.errors import UsageError

_HEAD = re.compile(r"^\s*\[\[?.*\]\]?\s*(?:#.*)?$", re.MULTILINE)
_CARD = re.compile(r"\s*\[\[\s*models\s*\]\]")
_ENABLED = re.compile(r"^(\s*enabled\s*=\s*)(?:true|false)", re.MULTILINE)
_NAME = re.compile(r"^\s*name\s*=.*$", re.MULTILINE)


def switched(text: str, name: str, *, enabled: bool) -> str:
    """``text`` (TOML) with ``enabled`` in the card of this name, or with a card more that says so.

    Raises UsageError where it is written in a way that cannot be changed so.
    """
    word = str(enabled).lower()
    parts = _parts(text)
    at = next((at for at, part in enumerate(parts) if _name_in(part) == name), None)
    if at is None:
        gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        changed = f"{text}{gap}[[models]]\nname = {_quoted(name)}\nenabled = {word}\n"
    else:
        part, found = _ENABLED.subn(rf"\g<1>{word}", parts[at], count=1)
        part = part if found else _NAME.sub(lambda line: f"{line[0]}\nenabled = {word}", part, count=1)
        changed = "".join([*parts[:at], part, *parts[at + 1 :]])
    if _meaning(changed) != _meant(text, name, enabled):
        raise UsageError(f"the card of {name} is written in a way that only a person can change", f"enabled = {word}")
    return changed


def _parts(text: str) -> list[str]:
    """Cut before each table's head."""
    cuts = [0, *(head.start() for head in _HEAD.finditer(text)), len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(cuts)]


def _name_in(part: str) -> object:
    if not _CARD.match(part):
        return None
    try:
        return tomllib.loads(part)["models"][0].get("name")
    except (tomllib.TOMLDecodeError, KeyError, IndexError):
        return None


def _quoted(name: str) -> str:
    import json

    return json.dumps(name, ensure_ascii=True)


def _meaning(text: str) -> object:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _meant(text: str, name: str, enabled: bool) -> object:
    """What the changed file must say."""
    content = tomllib.loads(text)
    cards = content.setdefault("models", [])
    if not isinstance(cards, list):
        return None
    card = next((card for card in cards if isinstance(card, dict) and card.get("name") == name), None)
    if card is None:
        cards.append({"name": name, "enabled": enabled})
    else:
        card["enabled"] = enabled
    return content
