"""How hard items are and how able models, learned from outcomes: abilities, weights of features, spread of difficulty.

The model is a Rasch model with a latent regression: log-odds that model m solves item i = ability(m) + ease(i), ease(i)
normal around what the features say. It is fitted by generalized expectation-maximization with quadrature over the ease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dreamscape.registry import policy_priors as priors

if TYPE_CHECKING:
    from dreamscape.registry.policy_features import Array, Places

NODES = np.linspace(-3.2, 3.2, 21)
"""Ease of an item, in standard deviations from what its features say."""
NODE_WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Outcomes as arrays, those of one item together: ``item`` and ``model`` are places, ``solved`` 0 or 1, ``weight``
    how much an outcome counts, ``starts`` where each item begins, ``rows`` the items' features (items x columns),
    ``groups`` the kind of each column, ``ease`` what is known of each item's ease beforehand."""

    item: Places
    model: Places
    solved: Array
    weight: Array
    starts: Places
    rows: Array
    groups: Places
    ease: Array


@dataclass(frozen=True, slots=True)
class Skill:
    """What is believed: ``expected`` ability of each model before any outcome, ``ability`` and its ``variance`` now,
    ``ease`` of the mean item, ``weights`` of the features, believed within ``weight_variance`` of nothing, ``spread``
    of the ease around what they say; all in log-odds."""

    expected: Array
    ability: Array
    variance: Array
    ease: float
    weights: Array
    weight_variance: Array
    spread: float


def before_evidence(log_prices: Array, columns: int) -> Skill:
    """What is believed of models by their prices alone (natural logarithms)."""
    middle = log_prices.mean() if len(log_prices) else 0.0
    expected = priors.ABILITY_PER_LOG_PRICE * (log_prices - middle)
    variance = np.full(len(log_prices), priors.ABILITY_VARIANCE)
    return Skill(
        expected, expected, variance, 0.0, np.zeros(columns), np.full(columns, priors.WEIGHT_VARIANCE), priors.SPREAD
    )


def learned(skill: Skill, evidence: Evidence, steps: int) -> Skill:
    """The beliefs after ``steps`` steps towards what fits the evidence best."""
    for _ in range(steps):
        skill = _step(skill, evidence)
    return skill


def chances(skill: Skill, row: Array, known: float, shift: float = 0.0) -> Array:
    """Chance of success of each model at each of NODES (models x nodes), for an item with these features.

    ``known`` is what was known of its ease before any outcome; ``shift`` moves all abilities by that many of their
    standard deviations.
    """
    ease = skill.ease + known + float(row @ skill.weights) + skill.spread * NODES
    ability = skill.ability + shift * np.sqrt(skill.variance)
    return _logistic(ability[:, None] + ease)


def _logistic(log_odds: Array) -> Array:
    # Nothing is surer than one in three million, so that even forty failures in a row leave a belief.
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -15.0, 15.0))))


def _step(skill: Skill, evidence: Evidence) -> Skill:
    """One expectation and one damped Newton step on each group of parameters."""
    ease = skill.ease + evidence.ease + evidence.rows @ skill.weights
    nodes = ease[:, None] + skill.spread * NODES
    chance = _logistic(skill.ability[evidence.model][:, None] + nodes[evidence.item])
    solved = evidence.solved[:, None]
    likelihood = np.log(np.where(solved > 0, chance, 1.0 - chance))
    belief = np.add.reduceat(likelihood, evidence.starts, axis=0) + np.log(NODE_WEIGHTS)
    belief = np.exp(belief - belief.max(1, keepdims=True))
    belief /= belief.sum(1, keepdims=True)
    share = belief[evidence.item] * evidence.weight[:, None]
    return _improved(skill, evidence, (solved - chance) * share, chance * (1.0 - chance) * share)


def _improved(skill: Skill, evidence: Evidence, slope: Array, bend: Array) -> Skill:
    """The next parameters, from slope and curvature of the log-likelihood by outcome and node."""
    models = len(skill.ability)
    by_outcome, bend_by_outcome = slope.sum(1), bend.sum(1)
    pull = np.bincount(evidence.model, by_outcome, models) - (skill.ability - skill.expected) / priors.ABILITY_VARIANCE
    stiff = np.bincount(evidence.model, bend_by_outcome, models) + 1.0 / priors.ABILITY_VARIANCE
    by_item = np.add.reduceat(by_outcome, evidence.starts)
    bend_by_item = np.add.reduceat(bend_by_outcome, evidence.starts)
    weights, weight_variance = _weights(skill, evidence, by_item, bend_by_item)
    return replace(
        skill,
        ability=skill.ability + np.clip(pull / stiff, -1.0, 1.0),
        variance=np.asarray(1.0 / stiff),
        ease=skill.ease + _ease_step(skill, by_item, bend_by_item),
        spread=skill.spread * _spread_factor(skill, slope, bend),
        weights=weights,
        weight_variance=weight_variance,
    )


def _ease_step(skill: Skill, slope: Array, bend: Array) -> float:
    step = (slope.sum() - skill.ease / priors.EASE_VARIANCE) / (bend.sum() + 1.0 / priors.EASE_VARIANCE)
    return float(np.clip(step, -1.0, 1.0))


def _spread_factor(skill: Skill, slope: Array, bend: Array) -> float:
    spread = skill.spread
    pull = (slope @ NODES).sum() * spread - priors.SPREAD_ITEMS * np.log(spread / priors.SPREAD)
    stiff = (bend @ NODES**2).sum() * spread**2 + priors.SPREAD_ITEMS
    return float(np.exp(np.clip(pull / stiff, -0.3, 0.3)))


def _weights(skill: Skill, evidence: Evidence, slope: Array, bend: Array) -> tuple[Array, Array]:
    """The next weights of the features, and how large those of each kind are believed to be.

    The second is evidence maximization (MacKay 1992) for each kind of feature: what tells nothing fades to nothing.
    """
    rows, groups = evidence.rows, evidence.groups
    if not rows.shape[1]:
        return skill.weights, skill.weight_variance
    ridge = np.diag(1.0 / skill.weight_variance)
    pull = rows.T @ slope - skill.weights / skill.weight_variance
    step = np.linalg.solve((rows * bend[:, None]).T @ rows + ridge, pull)
    weights = skill.weights + np.clip(step, -1.0, 1.0)
    # An item's ease is uncertain itself, so that all its outcomes together weigh less than one by one.
    known = bend / (1.0 + bend * skill.spread**2)
    doubt = np.diag(np.linalg.inv((rows * known[:, None]).T @ rows + ridge))
    columns = np.bincount(groups) + priors.WEIGHT_COLUMNS
    size = np.bincount(groups, weights**2 + doubt) + priors.WEIGHT_COLUMNS * priors.WEIGHT_VARIANCE
    return np.asarray(weights), np.asarray((size / columns)[groups])
