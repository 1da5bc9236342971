"""What routing believes before the first outcome: each number with where it comes from (docs/routing.md has more)."""

from __future__ import annotations

ABILITY_PER_LOG_PRICE = 0.2
"""Log-odds of success per natural logarithm of price: mean slope over aider's three leaderboards, May 2026."""
ABILITY_VARIANCE = 1.5
"""Of a model's ability around what its price promises, in log-odds squared: the scatter on the same leaderboards, about
doubled because other work ranks models otherwise."""
CLASS_EASE = {"collection": 0.7, "none_or_type": 0.4, "import": 0.1, "index_or_key": 0.0, "wrong_value": -0.9}
"""How much easier than the mean of these an item of a failure class is, in log-odds; other classes stand at that mean.
By the exception raised: pass rates of two models on DebugBench's Python programs with one error (Tian et al. 2024); for
imports also a study of self-repair (arXiv 2604.10508)."""
EASE_VARIANCE = 1.0
"""Of a whole project's mean ease around even odds for a model of middle price, in log-odds squared (chosen)."""
SPREAD = 2.5
"""Standard deviation of items' ease within a project, in log-odds: ten agents together solve little more than twice
what one of them does on average (Zhang et al. 2024)."""
SPREAD_ITEMS = 10.0
"""How many items' evidence the spread is worth (chosen)."""
WEIGHT_VARIANCE = 0.15
WEIGHT_COLUMNS = 4.0
"""Of the weight of a standardized feature, and how many columns' evidence that is worth (chosen)."""
COST_ITEMS = 1.0
"""How many calls' evidence a list price is worth (chosen)."""
COST_VARIANCE = 0.5
"""Of the logarithm of one call's cost around its expectation, before it is measured: how far apart models are in tokens
on the same work, aider's polyglot leaderboard, May 2026."""
FAILURE_COST_ITEMS = 4.0
"""How many calls' evidence says that failures cost what successes do (chosen)."""
COST_RIDGE = 10.0
"""Precision with which a feature is believed not to shift costs (chosen)."""
FREE_USD = 1e-6
"""What stands for nothing in a logarithm, in USD."""
HALF_LIFE_ITEMS = 500
"""After how many items an outcome counts half, since models and projects change (chosen)."""
FUTURE_ITEMS = 20
"""In how many items to come what is learned of a model may pay back (chosen)."""
