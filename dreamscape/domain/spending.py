"""What outside models may cost and have cost: amounts, the caps on them, and which cap a question would break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every command loads this file
    from dreamscape.domain.settings import BudgetSettings

SPENDING = 25
"""Level of the line in the log before a paid question: between progress and warnings, since nobody asks to see it and
yet it is shown unless -q is given."""


class Span(Enum):
    """What a cap counts over; an item is one failure, over all runs of a month."""

    CALL = "call"
    ITEM = "item"
    RUN = "run"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Amount:
    """Calls made, tokens of prompts and answers, money in USD."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.calls + other.calls, self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: Amount) -> Amount:
        """Never below nothing."""
        calls, tokens, usd = self.calls - other.calls, self.tokens - other.tokens, self.usd - other.usd
        return Amount(max(0, calls), max(0, tokens), max(0.0, usd))

    def of(self, unit: str) -> float:
        """So much of ``calls``, ``tokens`` or ``usd``."""
        return float(getattr(self, unit))


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit that counts: ``key`` is its name in the settings, ``unit`` what of an `Amount` it bounds."""

    key: str
    unit: str
    span: Span
    limit: float


@dataclass(frozen=True, slots=True)
class Left:
    """What a cap leaves; ``left`` is 0 where it is spent."""

    key: str
    limit: float
    left: float


def caps(budget: BudgetSettings) -> Iterator[Cap]:
    """The limits that are set; zero is none."""
    for field in fields(budget):
        unit, _, span = field.name.partition("_per_")
        if limit := float(getattr(budget, field.name)):
            yield Cap(field.name, unit, Span(span), limit)


def broken_cap(budget: BudgetSettings, wanted: Amount, spent: Mapping[Span, Amount]) -> tuple[Cap, float] | None:
    """The first cap that ``wanted`` would break, and what it leaves; ``spent`` is empty for a span without any."""
    for cap in caps(budget):
        more, already = wanted.of(cap.unit), spent.get(cap.span, Amount()).of(cap.unit)
        if more and not already + more <= cap.limit:  # what is no number allows nothing
            return cap, max(0.0, cap.limit - already)
    return None
