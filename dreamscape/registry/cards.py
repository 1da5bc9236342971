"""The shipped cards and the user's go in as TOML, checked model cards and the user's routes come out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dreamscape.domain.errors import UsageError
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.models import ModelCard
from dreamscape.registry.rules import KINDS, RouteRule, hours_of
from dreamscape.tools.toml_files import hint_for, read_toml

PROVIDERS = ("embedded", "remembered", "recorded", "web", "api")
_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts",
}
_KEYS = tuple(field.name for field in fields(ModelCard))
_PRICES = "a price stands in usd_per_million_in and usd_per_million_out, in USD per million tokens"
_NUMBERS = tuple(field.name for field in fields(ModelCard) if field.type in ("int", "float"))

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the files say: all cards, and the routes, the first of which holds where several do."""

    cards: tuple[ModelCard, ...]
    routes: tuple[RouteRule, ...] = ()


class CatalogFiles:
    """The shipped file and the user's, which may change while a run works; a broken one changes nothing then."""

    def __init__(self, shipped: Path, user: Path | None) -> None:
        """Raises UsageError naming file, card and key."""
        self._shipped = shipped
        self._user = user
        self._stamp = self._present_stamp()
        self._catalog = load_catalog(shipped, user)

    def __call__(self) -> Catalog:
        """What they say now."""
        stamp = self._present_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._catalog = load_catalog(self._shipped, self._user)
                logger.info("%s has changed and is read anew", self._user)
            except UsageError as error:
                logger.warning("the models stay as they were: %s", error)
        return self._catalog

    def _present_stamp(self) -> tuple[int, int, int] | None:
        try:
            state = self._user.stat() if self._user else None
        except OSError:
            return None
        return (state.st_mtime_ns, state.st_size, state.st_ino) if state else None


def load_catalog(shipped: Path, user: Path | None) -> Catalog:
    """Of two cards with one name the user's holds, and without a provider it changes single keys of the other.

    Raises UsageError naming file, card and key.
    """
    tables = {str(table.get("name")): table for table in _tables(read_toml(shipped), "models", shipped)}
    cards = {name: _card(table, shipped) for name, table in tables.items()}
    if user is None or not user.is_file():
        return Catalog(tuple(cards.values()))
    content = read_toml(user)
    if others := set(content) - {"models", "routes"}:
        hint = hint_for(min(others), ("models", "routes"), "each card is a table headed [[models]]")
        raise UsageError(f"{user} holds something else than cards and routes: {min(others)}", hint)
    own = _tables(content, "models", user)
    _check_once([table.get("name") for table in own], user)
    for table in own:
        # With a provider it is a whole card: a key of the shipped one must not go to another's address.
        below = {} if "provider" in table else tables.get(str(table.get("name")), {})
        card = _card({**below, **table}, user, cards)
        cards[card.name] = card
    routes = tuple(_route(table, user, cards) for table in _tables(content, "routes", user))
    return Catalog(tuple(cards.values()), routes)


def _check_once(names: Sequence[object], path: Path) -> None:
    """Of two cards with one name in a file nobody could tell which one counts."""
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"{path} has {names.count(name)} cards {name!r}", "leave one of them, with the keys of all"
            )


def _tables(content: Mapping[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    tables = content.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{path}: {name} are not tables", f"each is a table headed [[{name}]]")
    return tables


def _route(table: Mapping[str, Any], path: Path, cards: Mapping[str, ModelCard]) -> RouteRule:
    from pydantic import TypeAdapter, ValidationError

    known = tuple(field.name for field in fields(RouteRule))
    for key in table:
        if key not in known:
            raise UsageError(f"{path}: a route has no key {key!r}", hint_for(key, known, f"it has {', '.join(known)}"))
    try:
        route = TypeAdapter(RouteRule).validate_json(_as_json(table), strict=True)
    except ValidationError as error:
        wrong = error.errors()[0]["loc"][0]
        hint = 'as in: models = ["ollama"], paths = ["legal/"]'
        raise UsageError(f"{path}: a route's {wrong} is no list of texts", hint) from error
    for name in route.models:
        if name not in cards:
            raise UsageError(f"{path}: a route names the model {name!r}, which has no card", hint_for(name, cards))
    if not route.models:
        raise UsageError(f"{path}: a route names no models", 'as in models = ["ollama"]')
    _check_classes(route.failure_classes, f"{path}: a route")
    return route


def _check_classes(names: Iterable[str], whose: str) -> None:
    known = [each.value for each in FailureClass]
    for name in names:
        if name not in known:
            raise UsageError(
                f"{whose} names the failure class {name!r}", hint_for(name, known, f"one of {', '.join(known)}")
            )


def _as_json(table: Mapping[str, Any]) -> str:
    """As strict checks take it, which know no tuples in Python's own values; TOML's dates fit no key of ours."""
    return json.dumps(table, default=lambda date: {"date": str(date)})


def _in_words(table: Mapping[str, Any], key: str) -> str:
    """What is wrong with a card's key, and what is allowed."""
    name, kind = (
        table.get("name", "?"),
        next(_WORDS[str(field.type)] for field in fields(ModelCard) if field.name == key),
    )
    if key not in table:
        return f"card {name!r} lacks the key {key}, {kind}"
    shown = json.dumps(table[key], ensure_ascii=False, default=str)
    return f"card {name!r} has {key} = {shown}, which does not fit: it takes {kind}"


def _card(table: Mapping[str, Any], path: Path, known: Collection[str] = ()) -> ModelCard:
    """``known`` are the names whose cards may be changed by single keys."""
    from pydantic import TypeAdapter, ValidationError

    name = table.get("name", "?")
    for key in table:
        if key not in _KEYS:
            hint = _PRICES if _is_a_price(key) else hint_for(key, _KEYS, f"a card has {', '.join(_KEYS)}")
            raise UsageError(f"{path}: card {name!r} has no key {key!r}", hint)
    try:
        card = TypeAdapter(ModelCard).validate_json(_as_json(table), strict=True)
    except ValidationError as error:
        wrong = str(error.errors()[0]["loc"][0])
        hint = "each card is a table headed [[models]]"
        if wrong == "provider" and "provider" not in table:  # perhaps a shipped card's name, misspelled
            hint = hint_for(str(name), known, hint)
        raise UsageError(f"{path}: {_in_words(table, wrong)}", hint) from error
    if card.provider not in PROVIDERS:
        hint = hint_for(card.provider, PROVIDERS, f"one of {', '.join(PROVIDERS)}")
        raise UsageError(f"{path}: card {name!r} has provider {card.provider!r}", hint)
    if trouble := _trouble(card):
        raise UsageError(f"{path}: card {name!r} {trouble[0]}", trouble[1])
    _check_classes(card.failure_classes, f"{path}: card {name!r}")
    return card


def _is_a_price(key: str) -> bool:
    return any(hint_for(word, ("price", "prices", "pricing", "cost", "costs"), least=0.8) for word in key.split("_"))


def _trouble(card: ModelCard) -> tuple[str, str] | None:
    """What makes a card unusable, and what to do about it."""
    if not card.name.strip():
        return "has no name to be asked by", 'as in name = "ollama"'
    if card.provider == "web" and not card.site:
        return "names no site", 'add the name of its profile: site = "chatgpt"'
    if card.key_env and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", card.key_env):
        # What stands there may be the key itself, which must not be shown.
        return "has a key_env that names no environment variable", 'as in key_env = "OPENAI_API_KEY"; never the key'
    if card.hours and hours_of(card.hours) is None:
        return f"has hours = {card.hours!r}", 'full hours from 0 to 24, as in hours = "22-6"'
    if card.hours and len(set(hours_of(card.hours) or ())) == 1:
        return f"has hours = {card.hours!r}, which are none", "leave hours out for a model that may always be asked"
    if set(card.kinds) - set(KINDS):
        return f"is for {', '.join(card.kinds)}", f"kinds of work are {' and '.join(KINDS)}"
    if card.answer_limit and not re.fullmatch(r"[a-z_]+", card.answer_limit):
        return f"has answer_limit = {card.answer_limit!r}", 'the endpoint\'s key, as in answer_limit = "max_tokens"'
    if trouble := _trouble_with_numbers(card):
        return trouble
    if min(card.connect_s, card.silence_s, card.answer_s) <= 0:
        return "allows no time", "connect_s, silence_s and answer_s are seconds above 0"
    if card.recording and card.provider != "recorded" and not Path(card.recording).expanduser().is_absolute():
        return "records into a folder that depends on where it is called", "recording takes an absolute path"
    return _trouble_with_url(card) if card.provider == "api" else None


def _trouble_with_numbers(card: ModelCard) -> tuple[str, str] | None:
    numbers = {name: getattr(card, name) for name in _NUMBERS}
    for name, value in numbers.items():
        if not 0 <= value < float("inf"):
            return f"has {name} = {value}", f"{name} is a number from 0 on"
    if card.least_impact > 1:
        return f"has least_impact = {card.least_impact:g}", "an impact is a number from 0 to 1"
    if min(card.attempts, card.answer_tokens, card.bytes_per_token, card.largest_prompt) <= 0:
        return "leaves nothing to ask", "attempts, answer_tokens and bytes_per_token are above 0, and fit the context"
    return None


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
