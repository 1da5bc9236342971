"""The shipped cards and the user's go in as TOML, checked model cards come out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard
from dreamscape.tools.toml_files import hint_for, read_toml

PROVIDERS = ("embedded", "recorded", "web", "api")
_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts",
}
_KEYS = tuple(field.name for field in fields(ModelCard))


def load_cards(shipped: Path, user: Path | None) -> tuple[ModelCard, ...]:
    """All cards; of two with one name the user's holds, and without a provider it changes single keys of the other.

    Raises UsageError naming file, card and key.
    """
    tables = {str(table.get("name")): table for table in _read(shipped)}
    cards = {name: _card(table, shipped) for name, table in tables.items()}
    if user is not None and user.is_file():
        for table in _read(user):
            # With a provider it is a whole card: a key of the shipped one must not go to another's address.
            below = {} if "provider" in table else tables.get(str(table.get("name")), {})
            card = _card({**below, **table}, user)
            cards[card.name] = card
    return tuple(cards.values())


def _read(path: Path) -> list[dict[str, Any]]:
    content = read_toml(path)
    tables = content.get("models", [])
    if set(content) - {"models"} or not isinstance(tables, list):
        raise UsageError(f"{path} holds something else than cards", "each card is a table headed [[models]]")
    if not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: a card is not a table", "each card is a table headed [[models]]")
    return tables


def _in_words(name: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a card, and what is allowed."""
    key = str(error["loc"][0])
    kind = next(_WORDS[str(field.type)] for field in fields(ModelCard) if field.name == key)
    if error["type"] == "missing":
        return f"card {name!r} lacks the key {key}, {kind}"
    return f"card {name!r} has {key} = {error['input']!r}, which does not fit: it takes {kind}"


def _card(table: Mapping[str, Any], path: Path) -> ModelCard:
    from pydantic import TypeAdapter, ValidationError

    name = table.get("name", "?")
    for key in table:
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
    if trouble := _trouble(card):
        raise UsageError(f"{path}: card {name!r} {trouble[0]}", trouble[1])
    return card


def _trouble(card: ModelCard) -> tuple[str, str] | None:
    """What makes a card unusable, and what to do about it."""
    if card.provider == "web" and not card.site:
        return "names no site", 'add the name of its profile: site = "chatgpt"'
    if card.key_env and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", card.key_env):
        # What stands there may be the key itself, which must not be shown.
        return "has a key_env that names no environment variable", 'as in key_env = "OPENAI_API_KEY"; never the key'
    if min(card.connect_s, card.silence_s, card.answer_s) <= 0:
        return "allows no time", "connect_s, silence_s and answer_s are seconds above 0"
    if card.recording and card.provider != "recorded" and not Path(card.recording).expanduser().is_absolute():
        return "records into a folder that depends on where it is called", "recording takes an absolute path"
    return _trouble_with_url(card) if card.provider == "api" else None


def _trouble_with_url(card: ModelCard) -> tuple[str, str] | None:
    try:
        url = urlsplit(card.url)
        host = url.hostname if url.port != 0 else None
    except ValueError:
        host = None
    if not host or url.scheme not in ("http", "https"):
        return "has no endpoint", 'add its address: url = "http://127.0.0.1:11434/v1"'
    if "@" in url.netloc:
        return "has a password in its url", "key_env names the environment variable that holds a key"
    if url.scheme == "http" and not card.insecure and not _is_here(host):
        return (
            f"would send prompts to {host} unencrypted",
            "use https, or write insecure = true into the card if the network between is yours",
        )
    return None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
