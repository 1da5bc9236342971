"""What a call costs, learned from outcomes: list prices go in first, measured costs win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dreamscape.registry import policy_priors as priors
from dreamscape.registry.policy_difficulty import Evidence

if TYPE_CHECKING:
    from dreamscape.registry.policy_features import Array


@dataclass(frozen=True, slots=True)
class Costs:
    """``success_usd``: mean cost of each model's successes; ``failure``: cost of a failure as a multiple of that;
    ``weights``: how features shift the logarithm of all costs; ``variance`` of the logarithm of each model's mean."""

    success_usd: Array
    failure: float
    weights: Array
    variance: Array

    def at(self, row: Array, chances: Array) -> Array:
        """Expected cost of each model at each node (models x nodes), in USD."""
        scale = np.exp(np.clip(row @ self.weights, -3.0, 3.0))
        return np.asarray(self.success_usd[:, None] * scale * (chances + self.failure * (1.0 - chances)))


def listed(prices: Array, columns: int) -> Costs:
    """Costs by list price alone, in USD."""
    unsure = np.full(len(prices), priors.COST_VARIANCE / priors.COST_ITEMS)
    return Costs(prices, 1.0, np.zeros(columns), unsure)


def measured(prices: Array, cost_usd: Array, evidence: Evidence) -> Costs:
    """Costs after these outcomes: a shared error of list prices, each model's own, features, failures."""
    logs = np.log(np.maximum(cost_usd, priors.FREE_USD))
    log_prices = np.log(np.maximum(prices, priors.FREE_USD))
    models, failed, shift = len(prices), 1.0 - evidence.solved, 0.0
    calls = np.asarray(np.bincount(evidence.model, evidence.weight, models), dtype=np.float64)
    weights, level, bias = np.zeros(evidence.rows.shape[1]), log_prices, 0.0
    for _ in range(3):
        moved = (evidence.rows @ weights)[evidence.item]
        rest = logs - level[evidence.model] - moved
        shift = _failure_shift(rest, failed, evidence, calls)
        weights = _feature_weights(logs - level[evidence.model] - shift * failed, evidence)
        moved = (evidence.rows @ weights)[evidence.item]
        own = np.bincount(evidence.model, (logs - moved - shift * failed) * evidence.weight, models)
        trust = calls / (calls + priors.COST_ITEMS)
        bias = float((trust * (own / np.maximum(calls, 1e-9) - log_prices)).sum() / (trust.sum() + priors.COST_ITEMS))
        level = (own + priors.COST_ITEMS * (log_prices + bias)) / (calls + priors.COST_ITEMS)
    # Means of money, not of logarithms: what was spent over what the shape alone would make of one dollar each.
    shape = np.exp(moved + shift * failed)
    spent = np.bincount(evidence.model, cost_usd * evidence.weight, models)
    units = np.bincount(evidence.model, shape * evidence.weight, models)
    listed_units = priors.COST_ITEMS * float((shape * evidence.weight).sum() / evidence.weight.sum())
    success = (spent + listed_units * prices * np.exp(bias)) / (units + listed_units)
    rest = logs - level[evidence.model] - moved - shift * failed
    noise = (rest**2 * evidence.weight).sum() + priors.COST_ITEMS * priors.COST_VARIANCE
    variance = noise / (evidence.weight.sum() + priors.COST_ITEMS) / (calls + priors.COST_ITEMS)
    return Costs(success, float(np.exp(shift)), weights, np.asarray(variance))


def _failure_shift(rest: Array, failed: Array, evidence: Evidence, calls: Array) -> float:
    """Logarithm of what failures cost over successes of the same model."""
    rate = np.bincount(evidence.model, failed * evidence.weight, len(calls)) / np.maximum(calls, 1e-9)
    centred = failed - rate[evidence.model]
    over = (centred * rest * evidence.weight).sum()
    return float(np.clip(over / ((centred**2 * evidence.weight).sum() + priors.FAILURE_COST_ITEMS), -1.5, 1.5))


def _feature_weights(rest: Array, evidence: Evidence) -> Array:
    """Ridge regression of items' mean cost on their features; more calls of one item count little more than one."""
    rows = evidence.rows
    if not rows.shape[1]:
        return np.zeros(0)
    calls = np.maximum(np.add.reduceat(evidence.weight, evidence.starts), 1e-9)
    mean = np.add.reduceat(rest * evidence.weight, evidence.starts) / calls
    trust = calls / (1.0 + calls / 2.0)
    stiff = (rows * trust[:, None]).T @ rows + np.eye(rows.shape[1]) * priors.COST_RIDGE
    return np.asarray(np.linalg.solve(stiff, rows.T @ (trust * mean)))
