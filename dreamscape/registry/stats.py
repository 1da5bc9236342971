"""Attempts go in, how models and routing did comes out; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dreamscape.domain.model_stats import Calibration, ModelStats, Record, Regret
from dreamscape.domain.records import AttemptRecord
from dreamscape.registry.items import HERE, item_name, worth_usd

TENTHS = 10
"""So many steps of chance are compared with what came."""


def stats_of(attempts: Iterable[AttemptRecord], usd_per_impact: float) -> ModelStats:
    """How all models did, the embedded repairer too; chances and regret are those of models that are decided about."""
    told = [attempt for attempt in attempts if attempt.candidates or attempt.questions]
    by_model = defaultdict[str, list[AttemptRecord]](list)
    by_class = defaultdict[tuple[str, str], list[AttemptRecord]](list)
    for attempt in told:
        by_model[attempt.model].append(attempt)
        by_class[attempt.model, attempt.failure_class.value].append(attempt)
    decided = [attempt for attempt in told if attempt.model not in HERE]
    expected = [(chance, attempt.solved) for attempt in decided if (chance := _chance(attempt)) is not None]
    return ModelStats(
        models=tuple(_record(model, None, of) for model, of in sorted(by_model.items())),
        classes=tuple(_record(model, name, of) for (model, name), of in sorted(by_class.items())),
        calibration=_calibration(expected),
        brier=sum((chance - solved) ** 2 for chance, solved in expected) / len(expected) if expected else None,
        regret=_regret(decided, usd_per_impact),
    )


def record_of(model: str, attempts: Iterable[AttemptRecord]) -> Record | None:
    """How one model did; None where it was never asked."""
    ours = [attempt for attempt in attempts if attempt.model == model and (attempt.candidates or attempt.questions)]
    return _record(model, None, ours) if ours else None


def _record(model: str, failure_class: str | None, attempts: Sequence[AttemptRecord]) -> Record:
    solved, usd = sum(attempt.solved for attempt in attempts), sum(attempt.cost_usd for attempt in attempts)
    seconds = sum(attempt.seconds for attempt in attempts)
    return Record(model, failure_class, len(attempts), solved, usd, usd / solved if solved else None, seconds)


def _chance(attempt: AttemptRecord) -> float | None:
    chances = attempt.features.get("chance")
    value = chances.get(attempt.model) if isinstance(chances, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _calibration(expected: Sequence[tuple[float, bool]]) -> tuple[Calibration, ...]:
    """By tenths of chance, those without any attempt left out."""
    steps = defaultdict[int, list[tuple[float, bool]]](list)
    for chance, solved in expected:
        steps[min(TENTHS - 1, int(chance * TENTHS))].append((chance, solved))
    return tuple(
        Calibration(
            step / TENTHS,
            (step + 1) / TENTHS,
            len(seen),
            sum(chance for chance, _ in seen) / len(seen),
            sum(solved for _, solved in seen) / len(seen),
        )
        for step, seen in sorted(steps.items())
    )


def _regret(attempts: Iterable[AttemptRecord], usd_per_impact: float) -> Regret:
    items = defaultdict[str, list[AttemptRecord]](list)
    for attempt in attempts:
        items[item_name(attempt.fingerprint, attempt.content)].append(attempt)
    gained = best = 0.0
    for tried in items.values():
        numbers = tried[0].features.get("numbers")
        impact = numbers.get("impact", 0.0) if isinstance(numbers, Mapping) else 0.0
        worth = worth_usd(float(impact), usd_per_impact)
        costs = [attempt.cost_usd for attempt in tried if attempt.solved]
        gained += (worth if costs else 0.0) - sum(attempt.cost_usd for attempt in tried)
        best += max(0.0, worth - min(costs)) if costs else 0.0
    return Regret(len(items), gained, best, best - gained)
