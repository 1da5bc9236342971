"""The shipped cards and the user's go in as TOML, checked model cards come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard
from dreamscape.tools.toml_files import hint_for, read_toml

PROVIDERS = ("embedded", "recorded", "web", "api")
_WORDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_KEYS = tuple(field.name for field in fields(ModelCard))


def load_cards(shipped: Path, user: Path | None) -> tuple[ModelCard, ...]:
    """All cards; of two with one name the user's holds. Raises UsageError naming file, card and key."""
    cards = {card.name: card for card in _read(shipped)}
    if user is not None and user.is_file():
        cards |= {card.name: card for card in _read(user)}
    return tuple(cards.values())


def _read(path: Path) -> list[ModelCard]:
    content = read_toml(path)
    tables = content.get("models", [])
    if set(content) - {"models"} or not isinstance(tables, list):
        raise UsageError(f"{path} holds something else than cards", "each card is a table headed [[models]]")
    return [_card(table, path) for table in tables]


def _in_words(name: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a card, and what is allowed."""
    key = str(error["loc"][0]) if error["loc"] else ""
    kind = next((_WORDS[str(field.type)] for field in fields(ModelCard) if field.name == key), "")
    if not kind:
        return "a card is not a table"
    if error["type"] == "missing":
        return f"card {name!r} lacks the key {key}, {kind}"
    return f"card {name!r} has {key} = {error['input']!r}, which does not fit: it takes {kind}"


def _card(table: object, path: Path) -> ModelCard:
    from pydantic import TypeAdapter, ValidationError

    name = table.get("name", "?") if isinstance(table, dict) else "?"
    for key in table if isinstance(table, dict) else ():
        if key not in _KEYS:
            hint = hint_for(key, _KEYS, f"a card has {', '.join(_KEYS)}")
            raise UsageError(f"{path}: card {name!r} has no key {key!r}", hint)
    try:
        card = TypeAdapter(ModelCard).validate_python(table)
    except ValidationError as error:
        raise UsageError(
            f"{path}: {_in_words(name, error.errors()[0])}", "each card is a table headed [[models]]"
        ) from error
    if card.provider not in PROVIDERS:
        raise UsageError(f"{path}: card {name!r} has provider {card.provider!r}", f"one of {', '.join(PROVIDERS)}")
    if card.provider == "web" and not card.site:
        raise UsageError(f"{path}: card {name!r} names no site", 'add the name of its profile: site = "chatgpt"')
    return card
