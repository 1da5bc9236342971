"""ModelRegistry: who may be asked by cards, routes and budget; models here first, which cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dreamscape.domain.models import Decision, ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import WorkItem
from dreamscape.domain.settings import BudgetSettings
from dreamscape.registry.cards import Catalog
from dreamscape.registry.escalation import needs_deeper_scan
from dreamscape.registry.rules import route_for, why_not

FREE = frozenset({"embedded"})
"""Providers that may be asked again about the same failure: it costs nothing, and the code may have changed."""


class ModelRegistry:
    """Owns the cards and decides; handlers never do. The catalog is looked at anew for each item."""

    def __init__(
        self, catalog: Callable[[], Catalog], budget: BudgetSettings, now: Callable[[], datetime], only: str = ""
    ) -> None:
        """``now`` tells this machine's own time; ``only`` is the one model a person wants asked."""
        self._catalog = catalog
        self._budget = budget
        self._now = now
        self._only = only

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards, in the order of their tiers."""
        return tuple(sorted(self._catalog().cards, key=_rank))

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision:
        """The models to try on this item, in order; ``history`` holds all attempts there were, the oldest first."""
        ours = [attempt for attempt in history if attempt.fingerprint == item.case.fingerprint]
        reasons = {card.name: self._why_not(card, item, ours) for card in self.cards()}
        order = tuple(card for card in self.cards() if not reasons[card.name])
        if order:
            why = "tiers in order: " + ", ".join(card.name for card in order)
            return Decision(order, why, any(needs_deeper_scan(s.path, history) for s in item.case.suspects[:1]))
        left_out = "; ".join(f"{name}: {why}" for name, why in reasons.items() if why != "disabled")
        return Decision((), f"no model may be asked ({left_out})" if left_out else "no model is enabled")

    def _why_not(self, card: ModelCard, item: WorkItem, history: Sequence[AttemptRecord]) -> str:
        if self._only and card.name != self._only:
            return f"only {self._only} is wanted"
        if card.provider == "remembered" and not any(attempt.solved for attempt in history):
            return "no repair of it is known"
        route = None if self._only else route_for(item, self._catalog().routes)
        return why_not(card, item, route, self._budget, self._now()) or _asked_before(card, item, history)


def _asked_before(card: ModelCard, item: WorkItem, history: Sequence[AttemptRecord]) -> str:
    """The same question is never paid for twice; where the code has changed, it is another one."""
    content = item.case.content
    if card.provider in FREE or not any(_is_same(attempt, card, content) for attempt in history):
        return ""
    return "it was asked about this before, of the same code"


def _is_same(attempt: AttemptRecord, card: ModelCard, content: str) -> bool:
    """Whether the model has failed at this before; what was remembered before contents were, counts as the same."""
    return attempt.model == card.name and not attempt.solved and attempt.content in ("", content)


def _rank(card: ModelCard) -> tuple[int, int, float, str]:
    """What is remembered first and the embedded repairer next, which cost nothing; then tiers, the cheapest first."""
    place = {"remembered": 0, "embedded": 1}.get(card.provider, 2)
    return place, card.tier, card.usd_per_million_out, card.name
