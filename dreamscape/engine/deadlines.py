"""When the search for one item ends, so that what it has found can still be compared, proven and landed."""

from __future__ import annotations

FRESH_RUNS = 3
SPARE_S = 10.0
"""A proof takes two fresh runs of the suite and the run's end a third; ten seconds go to all else (chosen)."""

FIRST_TURN_S = 15.0
FIRST_TURN_SHARE = 0.1
"""A first turn while others wait for theirs: so many seconds, and no more than this share of an item's time (both
chosen): most small bugs are found within seconds, and a hard one must not keep them from landing."""


def first_turn_until(began: float, item_s: float) -> float:
    """When a search that has found nothing makes way for the others; a time of the same clock as ``began``."""
    return began + min(FIRST_TURN_S, FIRST_TURN_SHARE * item_s)


def search_until(
    began: float, item_s: float, run_deadline: float, suite_s: float, *, others_wait: bool = False
) -> float:
    """A time of the same clock as ``began`` and ``run_deadline``; at least half of what is left is for the search, and
    half of that for this item while others wait: one that hangs must not cost them all of it."""
    left = max(0.0, run_deadline - began)
    kept = min(FRESH_RUNS * suite_s + SPARE_S, left / 2)
    return began + min(item_s, (left - kept) / (2 if others_wait else 1))
