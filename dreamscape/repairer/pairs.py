"""Two changes at once, made of those that alone changed how the test fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from dreamscape.domain.repair import Candidate

_HALVES = 60
"""How many single changes are combined with each other (chosen: 1,770 pairs)."""


def pairs(moved: Sequence[Candidate], batch: int) -> Iterator[tuple[Candidate, ...]]:
    """Batches of combined candidates, the most likely first; changes of one place are not combined."""
    best = sorted(moved, key=lambda each: -each.weight)[:_HALVES]
    both = [
        Candidate(
            (*one.edits, *other.edits),
            f"{one.origin}+{other.origin.rpartition(':')[2]}",
            one.weight * other.weight,
            f"{one.summary}; {other.summary}",
        )
        for one, other in combinations(best, 2)
        if _are_apart(one, other)
    ]
    both.sort(key=lambda each: -each.weight)
    for start in range(0, len(both), batch):
        yield tuple(both[start : start + batch])


def _are_apart(one: Candidate, other: Candidate) -> bool:
    return all(
        mine.path != theirs.path or mine.end < theirs.start or theirs.end < mine.start
        for mine in one.edits
        for theirs in other.edits
    )
