"""ModelRegistry: who may be asked by cards, routes and budget, and who is worth asking; what is here and free first."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dreamscape.domain.models import Decision, ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import WorkItem
from dreamscape.domain.routing import Features, Route
from dreamscape.domain.settings import BudgetSettings
from dreamscape.registry.cards import Catalog
from dreamscape.registry.escalation import needs_deeper_scan
from dreamscape.registry.items import HERE, Measures, as_words, facts_of, features_of, outcomes_of, worth_usd
from dreamscape.registry.rules import route_for, why_not

if TYPE_CHECKING:
    from dreamscape.registry.outcomes import Beliefs


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision takes beside cards and history: the user's budget and what a repair at impact 1 is worth, this
    machine's time, what is measured at a line, how much money is left for a failure and whether a repair of it is
    known (by its fingerprint), the repository's name, how often a model that is rationed was asked this hour, and how
    many tokens are left for a failure."""

    budget: BudgetSettings
    usd_per_impact: float
    now: Callable[[], datetime]
    measures: Measures
    usd_left: Callable[[str], float]
    is_repair_known: Callable[[str], bool] = lambda fingerprint: False
    repository: str = ""
    asked_this_hour: Callable[[str], int] = lambda model: 0
    tokens_left: Callable[[str], float] = lambda item: math.inf


class ModelRegistry:
    """Owns the cards and decides; handlers never do. The catalog is looked at anew for each item."""

    def __init__(self, catalog: Callable[[], Catalog], around: Circumstances, only: str = "") -> None:
        """``only`` is the one model a person wants asked, whatever it is worth."""
        self._catalog = catalog
        self._present = catalog()
        self._around = around
        self._only = only
        self._read: tuple[AttemptRecord, ...] = ()
        self._beliefs: Beliefs | None = None

    @property
    def _unwanted(self) -> str:
        """Why others are not asked, where a person wants one alone."""
        return f"only {self._only} is wanted"

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards, in the order of their tiers."""
        return tuple(sorted(self._present.cards, key=_rank))

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision:
        """The models to try on this item, in order; ``history`` holds all attempts there were, the oldest first."""
        refused = self.refusals(item, history)
        allowed = [card for card in self.cards() if card.name not in refused]
        here = tuple(card for card in allowed if card.provider in HERE)
        others = {card.name: card for card in allowed if card.provider not in HERE}
        closer = any(needs_deeper_scan(suspect.path, history) for suspect in item.case.suspects[:1])
        if self._only or not others:
            return Decision((*here, *others.values()), self._why_alone(allowed, refused), closer)
        features = self.features(item, history)
        worth = worth_usd(item.impact, self._around.usd_per_impact)
        route = self.route(features, tuple(others.values()), history, worth, item.case.fingerprint)
        order = (*here, *(others[estimate.model] for estimate in route.order))
        names = ", ".join(card.name for card in order) or "nobody"
        estimates = {estimate.model: estimate for estimate in (*route.order, *route.declined)}
        words = as_words(features, {name: estimate.chance for name, estimate in estimates.items()})
        stop = route.stop if route.declined else ""
        return Decision(order, f"{names}; then {route.stop}", closer, estimates, words, stop)

    def features(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Features:
        """What is known of an item before it is solved."""
        return features_of(item, self._around.measures, history, self._around.repository)

    def route(
        self,
        features: Features,
        cards: Sequence[ModelCard],
        history: Sequence[AttemptRecord],
        worth: float,
        item: str = "",
    ) -> Route:
        """Which of these models to ask about an item that is worth so much (USD) to solve, in order, and why no more;
        ``history`` as in `decide`, ``item`` is the failure's fingerprint, for what its own budget leaves."""
        from dreamscape.registry.policy import decide

        facts = tuple(map(facts_of, cards))
        return decide(features, facts, self._learned(history), worth, self._around.usd_left(item))

    def refusals(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Mapping[str, str]:
        """The models that may not be asked about an item, with the reason. A decision begins here: what the files say
        now holds for all of it."""
        self._present = self._catalog()
        ours = [attempt for attempt in history if attempt.fingerprint == item.case.fingerprint]
        reasons = {card.name: self._why_not(card, item, ours) for card in self.cards()}
        return {name: why for name, why in reasons.items() if why}

    def _why_alone(self, allowed: Sequence[ModelCard], refused: Mapping[str, str]) -> str:
        """Why these, where there is nothing to decide."""
        if allowed and self._only:
            return self._unwanted
        if allowed:
            return "there is no other: " + ", ".join(card.name for card in allowed)
        plain = ("disabled", self._unwanted)
        told = "; ".join(f"{name}: {why}" for name, why in refused.items() if why not in plain)
        return f"no model may be asked ({told})" if told else "no model is enabled"

    def _learned(self, history: Sequence[AttemptRecord]) -> Beliefs:
        """What all outcomes teach, worked out anew where some came since the last time: what is decided rests on what
        is stored alone, not on when this process began to read it."""
        from dreamscape.registry.outcomes import prepare

        asked = {attempt.model for attempt in history}
        cards = (card for card in self.cards() if card.provider not in HERE)
        # A card that nobody enabled or asked must not shift what is believed of the others, whose prices are compared.
        facts = tuple(facts_of(card) for card in cards if card.enabled or card.name in asked)
        is_known = len(self._read) == len(history) and all(map(operator.is_, self._read, history))
        if self._beliefs is None or self._beliefs.models != facts or not is_known:
            self._read, self._beliefs = tuple(history), prepare(facts, outcomes_of(history))
        return self._beliefs

    def _why_not(self, card: ModelCard, item: WorkItem, history: Sequence[AttemptRecord]) -> str:
        if self._only and card.name != self._only:
            return self._unwanted
        if card.provider == "remembered" and not self._around.is_repair_known(item.case.fingerprint):
            return "no repair of it is known"
        route = None if self._only else route_for(item, self._present.routes)
        by_rule = why_not(card, item, route, self._around.budget, self._around.now())
        return by_rule or _asked_before(card, item, history) or self._why_spent(card, item)

    def _why_spent(self, card: ModelCard, item: WorkItem) -> str:
        """A spent hour, or tokens that cover no answer, are known before asking, which would only be refused."""
        if not card.is_outside:
            return ""
        asked = self._around.asked_this_hour(card.name) if card.calls_per_hour else 0
        if card.calls_per_hour and asked >= card.calls_per_hour:
            return f"it was asked {asked} times this hour, which is all its card allows"
        left = self._around.tokens_left(item.case.fingerprint)
        if card.answer_tokens > left:
            return f"one answer may take {card.answer_tokens} tokens, and {left:.0f} are left"
        return ""


def _asked_before(card: ModelCard, item: WorkItem, history: Sequence[AttemptRecord]) -> str:
    """The same question is never paid for twice; where the code has changed, it is another one."""
    content = item.case.content
    if card.provider in HERE or not any(_is_same(attempt, card, content) for attempt in history):
        return ""
    return "it was asked about this before, of the same code"


def _is_same(attempt: AttemptRecord, card: ModelCard, content: str) -> bool:
    """Whether the model has failed at this before; what was remembered before contents were, counts as the same."""
    return attempt.model == card.name and not attempt.solved and attempt.content in ("", content)


def _rank(card: ModelCard) -> tuple[int, int, float, str]:
    """What is remembered first and the embedded repairer next, which cost nothing; then tiers, the cheapest first."""
    place = {"remembered": 0, "embedded": 1}.get(card.provider, 2)
    return place, card.tier, card.usd_per_million_out, card.name
