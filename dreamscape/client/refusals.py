"""A server's refusal goes in, a typed error comes out, and whether the same prompt may be sent once more."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from dreamscape.client.completion import error_words
from dreamscape.domain.errors import (
    KeyRefused,
    ModelUnknown,
    NoAnswer,
    PromptRefused,
    RateLimited,
    ServerFailed,
    SiteUnreachable,
)
from dreamscape.domain.models import ModelCard

WRONG_ADDRESS = "is the url in its card right? it usually ends in /v1"

_TOO_LONG = re.compile(r"context|too (?:long|large|many tokens)|maximum.{0,40}tokens", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """No model has worked on the prompt."""

    error: NoAnswer
    may_try_again: bool = False


def refusal_of(status: int, headers: Mapping[str, str], body: bytes, card: ModelCard, key: str) -> Refusal:
    """What an answer other than 200 means. Source of the numbers: RFC 9110, and OpenAI's guide to error codes."""
    said = error_words(_document(body), key)
    words = f": {said}" if said else ""
    again_s = _retry_after(headers.get("Retry-After", ""), time.time())
    match status:
        case 401 | 402 | 403:
            error: NoAnswer = KeyRefused(f"{card.name} does not let us in ({status}){words}", _key_hint(card))
        case 404 | 405 if _is_page(headers):
            error = ServerFailed(f"{card.name} answers with a page for people ({status})", WRONG_ADDRESS)
        case 404:
            name = card.model or card.name
            error = ModelUnknown(f"{card.url} has no model {name!r}{words}", f"see its model; {WRONG_ADDRESS}")
        case 400 | 413 | 422:
            is_long = status == 413 or _TOO_LONG.search(said)
            what = "is too long for" if is_long else "was refused by"
            error = PromptRefused(f"the prompt {what} {card.name} ({status}){words}")
        case 429:
            error = RateLimited(f"{card.name} takes no more prompts for now{words}", _later(again_s))
            error.again_s = again_s
            return Refusal(error, "quota" not in said.lower())
        case 503 if again_s is not None:
            error = ServerFailed(f"{card.name} is not available{words}", _later(again_s))
            error.again_s = again_s
            return Refusal(error, may_try_again=True)
        case _ if 300 <= status < 400:
            error = SiteUnreachable(
                f"{card.name} answers from elsewhere ({status}), where nothing is sent unasked",
                "put the right url into its card",
            )
        case _:
            error = ServerFailed(f"the server of {card.name} failed ({status}){words}")
    return Refusal(error)


def _is_page(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"


def _document(body: bytes) -> object:
    """The error in a refusal's JSON, or its text; nothing of a page, which is written for people."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    return document.get("error") or document if isinstance(document, dict) else document


def _retry_after(value: str, now: float) -> float | None:
    """Seconds; the header holds a number of them or a date (RFC 9110, 10.2.3)."""
    try:
        seconds = float(value) if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", value) else None
        if seconds is None and value:
            seconds = parsedate_to_datetime(value).timestamp() - now
    except ValueError:
        return None
    return None if seconds is None else max(0.0, seconds)


def _later(again_s: float | None) -> str:
    return "try again later" if again_s is None else f"it says to wait {again_s:.0f} s"


def _key_hint(card: ModelCard) -> str:
    if card.key_env:
        return f"is the key in {card.key_env} right, and its account in order?"
    return "is the key in the keyring right?" if card.keyring else "name its key in the card: key_env or keyring"
