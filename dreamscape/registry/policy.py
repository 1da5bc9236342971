"""Decides which models an item is put to, in which order, and when to stop; pure, and the same for all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dreamscape.domain.routing import Estimate, Features, ModelFacts, Outcome, Route
from dreamscape.registry.outcomes import Beliefs, prepare
from dreamscape.registry.policy_difficulty import NODE_WEIGHTS, chances
from dreamscape.registry.policy_features import Array

NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a normal distribution."""


def decide(
    features: Features,
    candidates: Sequence[ModelFacts],
    history: Beliefs | Sequence[Outcome],
    value: float,
    left: float,
) -> Route:
    """The models worth asking about an item, best first.

    ``value`` is what solving it is worth and ``left`` what may still be spent on it, both in USD. The order is by value
    minus cost over chance (Weitzman 1979), computed anew after each expected failure, which makes the item look harder;
    it ends where no further call is worth its cost, or fits what is left.
    """
    outlook = _outlook(features, candidates, history)
    order: list[Estimate] = []
    while (best := _best(outlook, value, left)) is not None:
        estimate = _estimate(outlook, best, value)
        order.append(estimate)
        left -= estimate.cost_usd
        outlook = _after_failure(outlook, best)
    rest = tuple(_estimate(outlook, place, value) for place in outlook.open)
    return Route(tuple(order), rest, _why_stop(outlook, rest, value, left))


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What is expected of an item: chances and costs (candidates x nodes) and the belief in each node."""

    names: tuple[str, ...]
    seconds: tuple[float | None, ...]
    chance: Array
    low: Array
    high: Array
    cost: Array
    belief: Array
    open: tuple[int, ...]


def _outlook(features: Features, candidates: Sequence[ModelFacts], history: Beliefs | Sequence[Outcome]) -> _Outlook:
    beliefs = _known(candidates, history)
    place = {model.name: index for index, model in enumerate(beliefs.models)}
    row = beliefs.columns.row(features)
    chance = chances(beliefs.skill, row)
    belief = NODE_WEIGHTS
    for failed in features.failed:
        if failed.model in place:
            belief = belief * (1.0 - chance[place[failed.model]])
    asked = {failed.model for failed in features.failed}
    ours = [place[model.name] for model in candidates]
    return _Outlook(
        names=tuple(model.name for model in candidates),
        seconds=tuple(beliefs.seconds[index] for index in ours),
        chance=chance[ours],
        low=chances(beliefs.skill, row, -NINETY)[ours],
        high=chances(beliefs.skill, row, NINETY)[ours],
        cost=beliefs.costs.at(row, chance)[ours],
        belief=belief / belief.sum(),
        open=tuple(index for index, model in enumerate(candidates) if model.name not in asked),
    )


def _known(candidates: Sequence[ModelFacts], history: Beliefs | Sequence[Outcome]) -> Beliefs:
    """The history as beliefs that know all candidates."""
    if not isinstance(history, Beliefs):
        return prepare(candidates, history)
    if set(candidates) <= set(history.models):
        return history
    names = {model.name for model in candidates}
    return prepare((*candidates, *(m for m in history.models if m.name not in names)), history.outcomes)


def _best(outlook: _Outlook, value: float, left: float) -> int | None:
    """The open candidate with the highest index, if asking it is worth its cost."""
    best, highest = None, 0.0
    chance, cost = outlook.chance @ outlook.belief, outlook.cost @ outlook.belief
    for place in outlook.open:
        index = value - cost[place] / chance[place]
        if index > highest and cost[place] <= left:
            best, highest = place, index
    return best


def _after_failure(outlook: _Outlook, place: int) -> _Outlook:
    belief = outlook.belief * (1.0 - outlook.chance[place])
    return replace(outlook, belief=belief / belief.sum(), open=tuple(index for index in outlook.open if index != place))


def _estimate(outlook: _Outlook, place: int, value: float) -> Estimate:
    chance, low, high = (float(part[place] @ outlook.belief) for part in (outlook.chance, outlook.low, outlook.high))
    cost = float(outlook.cost[place] @ outlook.belief)
    index = value - cost / chance
    why = f"{chance:.0%} for {cost:.3g} USD: a solution costs {cost / chance:.3g} USD and is worth {value:.3g}"
    return Estimate(outlook.names[place], chance, low, high, cost, outlook.seconds[place], index, why)


def _why_stop(outlook: _Outlook, rest: Sequence[Estimate], value: float, left: float) -> str:
    if not rest:
        return "every model has been asked"
    worth = [estimate for estimate in rest if estimate.index_usd > 0]
    if worth:
        return f"{left:.3g} USD are left, {min(estimate.cost_usd for estimate in worth):.3g} needed"
    best = max(rest, key=lambda estimate: estimate.index_usd)
    return f"no further call is worth it: {best.model} would cost {best.cost_usd / best.chance:.3g} USD per solution"
