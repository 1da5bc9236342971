"""ModelRegistry in first form: tiers in order, the embedded repairer first, nothing paid for without a budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dreamscape.domain.models import Decision, ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import WorkItem
from dreamscape.domain.settings import BudgetSettings

FREE = frozenset({"embedded"})
"""Providers that may be asked again about the same failure: it costs nothing, and the code may have changed."""


class ModelRegistry:
    """Owns the cards and decides; handlers never do."""

    def __init__(self, cards: Iterable[ModelCard], budget: BudgetSettings) -> None:
        self._cards = tuple(sorted(cards, key=_rank))
        self._budget = budget

    def cards(self) -> tuple[ModelCard, ...]:
        """All cards, in the order of their tiers."""
        return self._cards

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision:
        """The models to try on this item, in order; ``history`` holds earlier attempts at the same fingerprint."""
        order = tuple(card for card in self._cards if self._may_ask(card) and not _asked_before(card, history))
        if order:
            return Decision(order, "tiers in order: " + ", ".join(card.name for card in order))
        return Decision((), "every enabled model has been asked about this failure before, or none is enabled")

    def _may_ask(self, card: ModelCard) -> bool:
        if card.is_outside and not (self._budget.calls_per_day or self._budget.usd_per_day):
            return False
        return card.enabled


def _asked_before(card: ModelCard, history: Sequence[AttemptRecord]) -> bool:
    """The same question is never paid for twice."""
    return card.provider not in FREE and any(a.model == card.name and not a.solved for a in history)


def _rank(card: ModelCard) -> tuple[bool, int, float, str]:
    """The embedded repairer first, which costs nothing; then tiers, and the cheapest of a tier."""
    return card.provider != "embedded", card.tier, card.usd_per_million_out, card.name
