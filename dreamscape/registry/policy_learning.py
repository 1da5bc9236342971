"""What asking a model is worth beyond the item at hand, because it may turn out better than it looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dreamscape.registry import policy_priors as priors


@dataclass(frozen=True, slots=True)
class Prospect:
    """A model at the start of an item: chance, cost in USD, and the variance of the logarithm of cost over chance."""

    chance: float
    cost_usd: float
    variance: float


def worth_a_look(prospects: Sequence[Prospect], value: float, plan_usd: float) -> int | None:
    """Which of them to ask first in order to learn about it, though the plan, expected to gain ``plan_usd``, would not.

    A look costs what the plan gains more than the model; it pays back on the items to come, on each by how much the
    model is expected to gain over the plan where it is better: the price of an option (Black and Scholes 1973) to ask
    it in the plan's stead. None where no look pays.
    """
    best, most = None, 0.0
    for place, prospect in enumerate(prospects):
        if prospect.cost_usd >= value:
            continue
        gain = prospect.chance * value - prospect.cost_usd
        worth = priors.FUTURE_ITEMS * _option(prospect.chance * value - plan_usd, prospect) - max(plan_usd - gain, 0.0)
        if worth > most:
            best, most = place, worth
    return best


def _option(ceiling: float, prospect: Prospect) -> float:
    """Expected gain from a cost that is log-normal around its mean, where it stays below the ceiling."""
    if ceiling <= 0.0:
        return 0.0
    if prospect.cost_usd <= 0.0:
        return ceiling
    deviation = math.sqrt(prospect.variance)
    upper = (math.log(ceiling / prospect.cost_usd) + prospect.variance / 2.0) / deviation
    return ceiling * _normal(upper) - prospect.cost_usd * _normal(upper - deviation)


def _normal(deviations: float) -> float:
    return 0.5 * math.erfc(-deviations / math.sqrt(2.0))
