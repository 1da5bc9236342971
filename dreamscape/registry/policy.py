"""Decides which models an item is put to, in which order, and when to stop; pure, and the same for all who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dreamscape.domain.routing import Estimate, Features, ModelFacts, Outcome, Route
from dreamscape.registry.outcomes import Beliefs, prepare
from dreamscape.registry.policy_difficulty import NODE_WEIGHTS, chances
from dreamscape.registry.policy_features import known_ease
from dreamscape.registry.policy_learning import Prospect, worth_a_look

if TYPE_CHECKING:
    from dreamscape.registry.policy_features import Array

NINETY = 1.645
"""Standard deviations to either side that hold 90 % of a normal distribution."""

LOOK = "little is known of it, and what a look costs may come back on later items"


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
    it ends where no further call is worth its cost, or fits what is left. A model of which little is known may come
    before them where that pays on later items (`policy_learning`).
    """
    outlook = _outlook(features, candidates, history)
    order, after = _plan(outlook, value, left)
    if not features.failed and (look := _look(outlook, order, value, left)) is not None:
        first = replace(_estimate(outlook, look, value), why=LOOK)
        order, after = _plan(_after_failure(outlook, look), value, left - first.cost_usd)
        order = [first, *order]
    left -= sum(estimate.cost_usd for estimate in order)
    rest = tuple(_estimate(after, place, value) for place in after.open)
    return Route(tuple(order), rest, _why_stop(rest, value, left))


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What is expected of an item: chances and costs (candidates x nodes) and the belief in each node."""

    names: tuple[str, ...]
    seconds: tuple[float | None, ...]
    chance: Array
    low: Array
    high: Array
    cost: Array
    ability_variance: Array
    cost_variance: Array
    belief: Array
    open: tuple[int, ...]


def _outlook(features: Features, candidates: Sequence[ModelFacts], history: Beliefs | Sequence[Outcome]) -> _Outlook:
    beliefs = _known(candidates, history)
    place = {model.name: index for index, model in enumerate(beliefs.models)}
    row, known = beliefs.columns.row(features), known_ease(features)
    chance = chances(beliefs.skill, row, known)
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
        low=chances(beliefs.skill, row, known, -NINETY)[ours],
        high=chances(beliefs.skill, row, known, NINETY)[ours],
        cost=beliefs.costs.at(row, chance)[ours],
        ability_variance=beliefs.skill.variance[ours],
        cost_variance=beliefs.costs.variance[ours],
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


def _plan(outlook: _Outlook, value: float, left: float) -> tuple[list[Estimate], _Outlook]:
    """The order by index as far as it pays, and the outlook after all of it failed."""
    order: list[Estimate] = []
    while (best := _best(outlook, value, left)) is not None:
        order.append(_estimate(outlook, best, value))
        left -= order[-1].cost_usd
        outlook = _after_failure(outlook, best)
    return order, outlook


def _look(outlook: _Outlook, plan: Sequence[Estimate], value: float, left: float) -> int | None:
    """The open candidate to ask first so as to learn about it, if one is worth that."""
    planned, reached = 0.0, 1.0
    for estimate in plan:
        planned += reached * (estimate.chance * value - estimate.cost_usd)
        reached *= 1.0 - estimate.chance
    first = plan[0].model if plan else None
    others = [place for place in outlook.open if outlook.names[place] != first]
    prospects = [_prospect(outlook, place) for place in others]
    affordable = [
        (place, prospect) for place, prospect in zip(others, prospects, strict=True) if prospect.cost_usd <= left
    ]
    look = worth_a_look([prospect for _, prospect in affordable], value, planned)
    return None if look is None else affordable[look][0]


def _prospect(outlook: _Outlook, place: int) -> Prospect:
    chances_of_it, belief = outlook.chance[place], outlook.belief
    chance = float(chances_of_it @ belief)
    # How far one standard deviation of ability moves the chance, as a share of it.
    bend = float((chances_of_it * (1.0 - chances_of_it)) @ belief) / chance
    variance = float(outlook.cost_variance[place] + outlook.ability_variance[place] * bend**2)
    return Prospect(chance, float(outlook.cost[place] @ belief), variance)


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


def _why_stop(rest: Sequence[Estimate], value: float, left: float) -> str:
    if not rest:
        return "every model has been asked"
    worth = [estimate for estimate in rest if estimate.index_usd > 0]
    if worth:
        return f"{left:.3g} USD are left, {min(estimate.cost_usd for estimate in worth):.3g} needed"
    best = max(rest, key=lambda estimate: estimate.index_usd)
    return f"no further call is worth it: {best.model} would cost {best.cost_usd / best.chance:.3g} USD per solution"
