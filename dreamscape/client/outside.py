"""A prompt leaves this machine within the budget and without its secrets; the answer comes back with them."""

from __future__ import annotations

import logging
import re
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
from dreamscape.domain.failures import digest
from dreamscape.domain.models import Answer, ModelCard, Prompt
from dreamscape.domain.spending import SPENDING, Amount
from dreamscape.tools.redact import Redacted, redact

logger = logging.getLogger(__name__)

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")

Send = Callable[[str], Answer]
"""Puts a text to a model and gives its answer; tokens that were not told are 0. Raises NoAnswer."""

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

        Why it is asked is told once the budget allows it. It is recorded where the card says so. Raises PromptRefused
        and BudgetSpent before anything leaves, and what ``send`` raises.
        """
        if not prompt.text.strip():
            raise PromptRefused("the prompt is empty")
        known = self._secrets() | own
        hidden = redact(prompt.text, known)
        estimated = card.tokens_in(hidden.text)
        if estimated > card.largest_prompt:
            raise PromptRefused(f"the prompt has about {estimated} tokens, and {card.name} takes {card.largest_prompt}")
        wanted = _amount(card, estimated, card.answer_tokens)
        reserved = self._ledger.reserve(wanted, prompt.fingerprint, card.name, card.calls_per_hour)
        if prompt.why:
            most = f" (at most {wanted.usd:.4f} USD)" if card.costs_money else ""
            level = SPENDING if card.is_paid else logging.INFO
            logger.log(level, "%sasking %s%s: %s", prompt.about, card.name, most, prompt.why)
        started = time.monotonic()
        try:
            said = send(hidden.text)
        except DreamscapeError as error:
            if isinstance(error, UNASKED) or (isinstance(error, NoAnswer) and error.is_unsent):
                self._ledger.give_back(reserved)
            raise
        tokens_in, tokens_out = said.tokens_in or estimated, said.tokens_out or card.tokens_in(said.text)
        spent = _amount(card, tokens_in, tokens_out)
        self._ledger.settle(reserved, spent)
        seconds = time.monotonic() - started
        if card.recording and said.finished:
            _record(said.text, prompt, hidden, card, known)
        text = hidden.restore(said.text)
        return replace(said, text=text, tokens_in=tokens_in, tokens_out=tokens_out, cost_usd=spent.usd, seconds=seconds)

    def name_of(self, prompt: Prompt) -> str:
        """16 hex digits that stand for the text that would leave; addresses in memory, which no two runs share, do not
        make it another."""
        hidden = redact(prompt.text, self._secrets()).text
        return digest([_ADDRESS.sub("0x", hidden)])

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


def _amount(card: ModelCard, tokens_in: int, tokens_out: int) -> Amount:
    """What a question comes to by the card's prices."""
    return Amount(1, tokens_in + tokens_out, card.cost_usd(tokens_in, tokens_out))
