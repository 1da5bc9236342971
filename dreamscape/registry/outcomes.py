"""Past outcomes go in, beliefs come out that a decision takes no time to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dreamscape.domain.routing import Features, ModelFacts, Outcome
from dreamscape.registry import policy_priors as priors
from dreamscape.registry.policy_costs import Costs, listed, measured
from dreamscape.registry.policy_difficulty import Evidence, Skill, before_evidence, learned
from dreamscape.registry.policy_features import Columns, columns_of, known_ease

if TYPE_CHECKING:
    from dreamscape.registry.policy_features import Array

FIRST_STEPS, NEXT_STEPS = 25, 2
"""Steps of the fit for a history read at once, and for each addition to it."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What the ``outcomes`` (oldest first) teach about ``models``."""

    models: tuple[ModelFacts, ...]
    outcomes: tuple[Outcome, ...]
    columns: Columns
    skill: Skill
    costs: Costs
    seconds: tuple[float | None, ...]


def prepare(models: Iterable[ModelFacts], outcomes: Iterable[Outcome]) -> Beliefs:
    """The beliefs that a whole history gives, oldest first; outcomes of models not named are left out."""
    return _beliefs(tuple(models), tuple(outcomes), None)


def learn(beliefs: Beliefs, outcomes: Iterable[Outcome]) -> Beliefs:
    """The beliefs after these later outcomes as well."""
    return _beliefs(beliefs.models, (*beliefs.outcomes, *outcomes), beliefs)


def _beliefs(models: tuple[ModelFacts, ...], outcomes: tuple[Outcome, ...], before: Beliefs | None) -> Beliefs:
    place = {model.name: index for index, model in enumerate(models)}
    told = [outcome for outcome in outcomes if outcome.model in place]
    prices = np.array([model.cost_usd for model in models], dtype=float)
    items = {outcome.features.item: outcome.features for outcome in told}
    columns, rows = columns_of(tuple(items.values()))
    skill = _start(prices, columns, before)
    if not told:
        return Beliefs(models, outcomes, columns, skill, listed(prices, rows.shape[1]), (None,) * len(models))
    number = {item: index for index, item in enumerate(items)}
    told.sort(key=lambda outcome: number[outcome.features.item])
    evidence = _evidence(told, number, place, columns, rows, items.values())
    costs = measured(prices, np.array([outcome.cost_usd for outcome in told]), evidence)
    skill = learned(skill, evidence, NEXT_STEPS if before and before.outcomes else FIRST_STEPS)
    return Beliefs(models, outcomes, columns, skill, costs, _seconds(models, told))


def _start(prices: Array, columns: Columns, before: Beliefs | None) -> Skill:
    """Where the fit starts: at the beliefs before, whose features may stand in other places."""
    fresh = before_evidence(np.log(np.maximum(prices, priors.FREE_USD)), len(columns.keys))
    if before is None:
        return fresh
    old = before.columns.keys
    weights, variance = fresh.weights.copy(), fresh.weight_variance.copy()
    for key, place in columns.keys.items():
        if key in old:
            weights[place] = before.skill.weights[old[key]]
            variance[place] = before.skill.weight_variance[old[key]]
    return replace(before.skill, weights=weights, weight_variance=variance)


def _evidence(
    told: Sequence[Outcome],
    number: dict[str, int],
    place: dict[str, int],
    columns: Columns,
    rows: Array,
    items: Iterable[Features],
) -> Evidence:
    item = np.array([number[outcome.features.item] for outcome in told])
    return Evidence(
        item=item,
        model=np.array([place[outcome.model] for outcome in told]),
        solved=np.array([float(outcome.solved) for outcome in told]),
        weight=np.asarray(0.5 ** ((len(number) - 1 - item) / priors.HALF_LIFE_ITEMS)),
        starts=np.searchsorted(item, np.arange(len(number))),
        rows=rows,
        groups=columns.groups,
        ease=np.array([known_ease(features) for features in items]),
    )


def _seconds(models: Sequence[ModelFacts], told: Sequence[Outcome]) -> tuple[float | None, ...]:
    """Mean time of each model's calls, None where none was measured."""
    taken: dict[str, list[float]] = {model.name: [] for model in models}
    for outcome in told:
        if outcome.seconds is not None:
            taken[outcome.model].append(outcome.seconds)
    return tuple(sum(times) / len(times) if times else None for times in taken.values())
