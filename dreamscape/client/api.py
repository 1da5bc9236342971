"""A card, a key and a text go in, the answer of an OpenAI-compatible endpoint comes out, streamed, or a typed error."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dreamscape import __version__
from dreamscape.client.completion import LONGEST_ANSWER, answer_of
from dreamscape.client.deadline import Deadline, Deadlines
from dreamscape.client.refusals import WRONG_ADDRESS, Refusal, refusal_of
from dreamscape.client.sse import payloads
from dreamscape.domain.errors import (
    AnswerUnfinished,
    DreamscapeError,
    PromptRefused,
    ServerFailed,
    SiteUnreachable,
    TimeSpent,
    UsageError,
)
from dreamscape.domain.models import Answer, ModelCard

if TYPE_CHECKING:
    import ssl

    import httpx

logger = logging.getLogger(__name__)

PAUSES_S = (0.2, 0.4)
"""Waits before the second and the third try where nobody says how long to wait; chosen."""

LONGEST_PAUSE_S = 60.0
"""Who is told to wait longer is refused at once, so that others can be asked; chosen."""

MAX_TOKENS, MAX_COMPLETION_TOKENS = "max_tokens", "max_completion_tokens"
"""The key for the longest answer, and the one that OpenAI's newer models take instead, as they say when they refuse the
first. No answer with a price may be longer than what was reserved for it."""

MOST_WORDS, LONGEST_DOCUMENT = 2**16, 4 * LONGEST_ANSWER
"""Bytes that are read of a refusal, and of an answer that is not streamed."""


def ask(
    card: ModelCard,
    key: str,
    text: str,
    tell: Callable[[int], None] = lambda _: None,
    deadline: float = math.inf,
    among: Deadlines | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Answer:
    """Sends a prompt once and gives the whole answer; tokens are 0 where the server does not tell them.

    ``tell`` hears how many characters there are so far, often; at ``deadline`` (`time.monotonic`) it is given up, and
    when ``among``, the connections it is one of, are ended.

    It is sent again only where it is certain that no model has worked on it: nothing was sent, or the server refused
    it and said that it may be tried again. Raises PromptRefused, RateLimited, SiteUnreachable, KeyRefused,
    ModelUnknown, ServerFailed, TimeSpent where no time is left, and AnswerUnfinished for an answer that did not come
    whole.
    """
    if time.monotonic() >= deadline:
        raise TimeSpent(f"no time is left to ask {card.name}")
    until = min(deadline, time.monotonic() + card.answer_s)
    pauses, has_usage = iter(PAUSES_S), True
    limit = card.answer_limit or (MAX_TOKENS if card.costs_money else "")
    while True:
        said = _sent(card, key, _body(card, text, limit, has_usage=has_usage), until, tell, among or Deadlines())
        if isinstance(said, Answer):
            return said
        if has_usage and "stream_options" in str(said.error):
            has_usage = False  # an older server, which knows no such key
            continue
        if limit == MAX_TOKENS and MAX_COMPLETION_TOKENS in str(said.error):
            limit = MAX_COMPLETION_TOKENS  # a model that thinks
            continue
        own_pause = next(pauses, None)
        if own_pause is None or not said.may_try_again:
            raise said.error
        wait_s = own_pause if said.error.again_s is None else said.error.again_s
        if wait_s > min(LONGEST_PAUSE_S, until - time.monotonic()):
            raise said.error
        logger.info("%s; asking again in %.1f s", said.error, wait_s)
        pause(wait_s)


def _body(card: ModelCard, text: str, limit: str, *, has_usage: bool) -> bytes:
    asked: dict[str, Any] = {
        "model": card.model or card.name,
        "messages": [{"role": "user", "content": text}],
        "stream": True,
    }
    if limit:
        asked[limit] = card.answer_tokens
    if has_usage:
        asked["stream_options"] = {"include_usage": True}
    try:
        return json.dumps(asked, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise PromptRefused("the prompt holds half a character, which cannot be sent exactly") from error


def _address(card: ModelCard) -> str:
    parts = urlsplit(card.url)
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return parts._replace(path=f"{path}/chat/completions").geturl()


def _sent(
    card: ModelCard, key: str, body: bytes, until: float, tell: Callable[[int], None], among: Deadlines
) -> Answer | Refusal:
    """One try, which ends at ``until`` (`time.monotonic`)."""
    import httpx

    address = _address(card)
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
        "User-Agent": f"dreamscape/{__version__}",
    }
    if key:
        headers["Authorization"] = f"Bearer {key}"
    deadline = Deadline(until, among)
    extensions = {"trace": deadline.see}
    try:
        with (
            deadline,
            _client(card, address) as client,
            client.stream("POST", address, content=body, headers=headers, extensions=extensions) as response,
        ):
            if response.status_code != httpx.codes.OK:
                body = b"".join(_beginning(response, MOST_WORDS))
                return refusal_of(response.status_code, response.headers, body, card, key)
            return _read(response, card, key, tell)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        unreachable = SiteUnreachable(f"{card.name} cannot be reached at {address}: {error}", "is it running?")
        return Refusal(unreachable, may_try_again=True)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UsageError(f"the url of {card.name} is no address that could be looked up: {card.url!r}") from error
    except httpx.HTTPError as error:
        if among.is_over:
            raise AnswerUnfinished(f"{card.name} was not waited for: the client was closed") from error
        raise _broken(card, error, is_over=deadline.is_over) from error


def _broken(card: ModelCard, error: Exception, *, is_over: bool) -> DreamscapeError:
    """The prompt was sent, perhaps in part, and what comes of it is unknown."""
    import httpx

    if is_over:
        return AnswerUnfinished(
            f"the answer of {card.name} was not finished in time", f"its card allows answer_s = {card.answer_s:g}"
        )
    if isinstance(error, httpx.TimeoutException):
        return AnswerUnfinished(f"{card.name} was silent for {card.silence_s:g} s", "see silence_s of its card")
    return AnswerUnfinished(f"the connection to {card.name} broke off: {error}", "the prompt was sent; ask again")


def _client(card: ModelCard, address: str) -> httpx.Client:
    """A connection of its own for each prompt: one that waited may be dead, and then nobody knows what was sent.

    The environment's proxies and login files are not heeded, because a project may set them; redirects are refused,
    because the key would go along.
    """
    import httpx

    verify = _certificates() if urlsplit(address).scheme == "https" else False
    timeout = httpx.Timeout(card.silence_s, connect=card.connect_s)
    return httpx.Client(verify=verify, trust_env=False, follow_redirects=False, timeout=timeout)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust: this system's authorities, which may have the user's own among them, and the well-known ones."""
    import ssl

    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _read(response: httpx.Response, card: ModelCard, key: str, tell: Callable[[int], None]) -> Answer:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise ServerFailed(f"{card.name} answers with a page for people, not as a model does", WRONG_ADDRESS)
    if kind == "application/json":  # a server that does not stream
        events = iter([b"".join(_beginning(response, LONGEST_DOCUMENT)).decode("utf-8", "replace")])
    else:
        events = payloads(response.iter_bytes())
    refusal: list[str] = []
    try:
        answer = answer_of(_heard(events, refusal), card.name, tell, key)
    except AnswerUnfinished as error:
        raise AnswerUnfinished(f"{card.name}: {error.message}", error.hint) from error
    return replace(answer, text=answer.text or "".join(refusal), declined=True) if refusal else answer


def _heard(events: Iterable[str], refusal: list[str]) -> Iterator[str]:
    """The events as they are; what they say of a refusal is added to ``refusal``, an empty text for a filter's.

    Source: the chat completions API, where a message's ``refusal`` stands in place of its content.
    """
    for event in events:
        if '"refusal"' in event or '"content_filter"' in event:
            refusal += (words for value in _values(event) for words in _refusals(value))
        yield event


def _values(event: str) -> list[Any]:
    """What an event holds, or, where a server parts events by one line's end, each of its lines."""
    with contextlib.suppress(ValueError, RecursionError):
        return [json.loads(event)]
    return [value for line in event.splitlines() if line != event for value in _values(line)]


def _refusals(event: Any) -> Iterator[str]:
    choices = event.get("choices") if isinstance(event, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict) or choice.get("index"):
            continue
        said = choice.get("delta") or choice.get("message")
        words = said.get("refusal") if isinstance(said, dict) else None
        if isinstance(words, str) and words:
            yield words
        if choice.get("finish_reason") == "content_filter":
            yield ""


def _beginning(response: httpx.Response, most: int) -> Iterator[bytes]:
    """About so many bytes of what a server has to say."""
    for chunk in response.iter_bytes():
        yield chunk
        most -= len(chunk)
        if most < 0:
            return
