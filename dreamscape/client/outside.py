"""A prompt leaves this machine within the budget and without its secrets; the answer comes back with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from dreamscape.client.calls import Ledger
from dreamscape.client.recorded import keep, replay
from dreamscape.domain.errors import (
    BrowserMissing,
    DreamscapeError,
    KeyRefused,
    ModelUnknown,
    NoAnswer,
    PromptRefused,
    RateLimited,
    RunLocked,
    SiteUnreachable,
    TimeSpent,
    UsageError,
)
from dreamscape.domain.models import Answer, ModelCard, Prompt
from dreamscape.tools.redact import Redacted, redact

logger = logging.getLogger(__name__)

Send = Callable[[str], Answer]
"""Puts a text to a model and gives its answer; tokens that were not told are 0. Raises NoAnswer."""

ANSWER_TOKENS = 4096
"""Money for so many tokens of answer is reserved before it is known how long it gets; chosen."""

BYTES_PER_TOKEN = 3
"""So many bytes of UTF-8 count as a token where nobody tells; code has a little more, so this errs upwards; chosen."""

UNASKED = (
    UsageError,
    RunLocked,
    BrowserMissing,
    SiteUnreachable,
    KeyRefused,
    ModelUnknown,
    PromptRefused,
    RateLimited,
    TimeSpent,
)
"""After these it is certain that no model has worked on the prompt."""


class Outside:
    """What all prompts to chat sites and endpoints have in common, whichever way they take.

    ``secrets`` tells values no prompt may hold, beside what looks like a secret by itself; asked for each prompt.
    """

    def __init__(self, ledger: Ledger, secrets: Callable[[], frozenset[str]]) -> None:
        self._ledger = ledger
        self._secrets = secrets

    def ask(self, prompt: Prompt, card: ModelCard, send: Send, own: frozenset[str] = frozenset()) -> Answer:
        """The answer to one prompt, with tokens, cost and seconds; ``own`` are further values it may not hold.

        It is recorded where the card says so. Raises PromptRefused and BudgetSpent before anything leaves, and what
        ``send`` raises.
        """
        if not prompt.text.strip():
            raise PromptRefused("the prompt is empty")
        known = self._secrets() | own
        hidden = redact(prompt.text, known)
        reserved = cost_usd(card, tokens(hidden.text), ANSWER_TOKENS)
        self._ledger.reserve(reserved)
        started = time.monotonic()
        try:
            said = send(hidden.text)
        except DreamscapeError as error:
            if isinstance(error, UNASKED) or (isinstance(error, NoAnswer) and error.is_unsent):
                self._ledger.give_back(reserved)
            raise
        tokens_in, tokens_out = said.tokens_in or tokens(hidden.text), said.tokens_out or tokens(said.text)
        cost = cost_usd(card, tokens_in, tokens_out)
        self._ledger.settle(reserved, cost)
        seconds = time.monotonic() - started
        if card.recording and said.finished:
            _record(said.text, prompt, hidden, card, known)
        text = hidden.restore(said.text)
        return replace(said, text=text, tokens_in=tokens_in, tokens_out=tokens_out, cost_usd=cost, seconds=seconds)

    def replay(self, prompt: Prompt, card: ModelCard) -> Answer:
        """What was recorded as the answer to a prompt. Raises UsageError, CannotGoOn where there is nothing."""
        hidden = redact(prompt.text, self._secrets())
        return Answer(hidden.restore(replay(prompt, hidden.text, card)), card.name)


def _record(answer: str, prompt: Prompt, hidden: Redacted, card: ModelCard, known: frozenset[str]) -> None:
    """What cannot be kept, or tells a secret that the prompt had not, is only left out: the answer has its price."""
    for name, secret in sorted(hidden.secrets.items(), key=lambda item: -len(item[1])):
        answer = answer.replace(secret, name)
    if any(value in answer for value in known if value):
        logger.warning("an answer of %s holds a secret and is not recorded", card.name)
        return
    try:
        keep(answer, prompt, hidden.text, card)
    except DreamscapeError as error:
        logger.warning("not recorded: %s", error)


def tokens(text: str) -> int:
    """How many tokens a text has, roughly, where no model has counted them."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def cost_usd(card: ModelCard, tokens_in: int, tokens_out: int) -> float:
    """What a card's prices make of so many tokens."""
    return (tokens_in * card.usd_per_million_in + tokens_out * card.usd_per_million_out) / 1e6
