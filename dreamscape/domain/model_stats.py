"""What models came to so far, and what routing would do about an item, for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dreamscape.domain.models import ModelCard
from dreamscape.domain.routing import Estimate


@dataclass(frozen=True, slots=True)
class Record:
    """How one model did, over all or in one ``failure_class``; ``usd_per_solved`` is None where it solved nothing."""

    model: str
    failure_class: str | None
    asked: int
    solved: int
    usd: float
    usd_per_solved: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Attempts whose chance was held to be between ``low`` and ``high``: what it was on average, and what came."""

    low: float
    high: float
    attempts: int
    expected: float
    solved: float


@dataclass(frozen=True, slots=True)
class Regret:
    """What was gained, worth less cost in USD, and what the best choice in hindsight would have: for each item nothing,
    or the cheapest of the models that are known to have solved it; ``regret_usd`` is the difference."""

    items: int
    gained_usd: float
    best_usd: float
    regret_usd: float


@dataclass(frozen=True, slots=True)
class ModelStats:
    """All that is known of how routing did; ``brier`` is the mean squared error of its chances, None without any."""

    models: tuple[Record, ...]
    classes: tuple[Record, ...]
    calibration: tuple[Calibration, ...]
    brier: float | None
    regret: Regret


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model: its card, what an item is expected to cost by its listed price, and what it cost on average."""

    card: ModelCard
    listed_usd: float
    measured_usd: float | None
    record: Record | None


@dataclass(frozen=True, slots=True)
class Advice:
    """Who would be asked about ``target``, an item or a file, in which order: first those ``here``, which cost nothing;
    ``refused`` may not be, for a reason."""

    target: str
    impact: float
    worth_usd: float
    left_usd: float | None
    order: tuple[Estimate, ...]
    declined: tuple[Estimate, ...]
    refused: Mapping[str, str]
    stop: str
    here: tuple[str, ...] = ()
