"""What routing believes before the first outcome: each number with where it comes from (docs/routing.md)."""

from __future__ import annotations

ABILITY_PER_LOG_PRICE = 0.25
"""Log-odds of success per natural logarithm of price."""
ABILITY_VARIANCE = 1.0
"""Of a model's ability around what its price promises, in log-odds squared."""
EASE_VARIANCE = 1.0
"""Of a whole project's mean ease around even odds for a model of middle price, in log-odds squared."""
SPREAD = 1.5
"""Standard deviation of items' ease within a project, in log-odds."""
SPREAD_ITEMS = 20.0
"""How many items' evidence the spread is worth."""
WEIGHT_VARIANCE = 0.15
"""Of the weight of one standardized feature."""
COST_ITEMS = 2.0
"""How many calls' evidence a list price is worth."""
FAILURE_COST_ITEMS = 4.0
"""How many calls' evidence says that failures cost what successes do."""
COST_RIDGE = 10.0
"""Precision with which a feature is believed not to shift costs."""
FREE_USD = 1e-6
"""What stands for nothing in a logarithm, in USD."""
