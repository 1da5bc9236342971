"""Two changes at once: of those that alone changed how the test fails, and of one such with any that may come next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

from dreamscape.domain.repair import Candidate

_HALVES = 60
"""How many single changes are combined with each other (chosen: 1,770 pairs)."""
_FIRST_HALVES, _SECOND_HALVES = 6, 300
"""How many that moved the failure are gone on from, with how many of the likeliest: a second fault that the first one
hides is moved by no change alone (chosen: 1,800 pairs)."""


def pairs(moved: Sequence[Candidate], tried: Sequence[Candidate], batch: int) -> Iterator[tuple[Candidate, ...]]:
    """Batches of combined candidates: ``moved`` with each other, then with ``tried``; each time the most likely first.

    Changes of one place are not combined.
    """
    best = sorted(moved, key=lambda each: -each.weight)[:_HALVES]
    yield from _batches(combinations(best, 2), batch)
    known = {candidate.id for candidate in best}
    seconds = [each for each in sorted(tried, key=lambda each: -each.weight)[:_SECOND_HALVES] if each.id not in known]
    yield from _batches(product(best[:_FIRST_HALVES], seconds), batch)


def _batches(combined: Iterable[tuple[Candidate, Candidate]], batch: int) -> Iterator[tuple[Candidate, ...]]:
    both = [
        Candidate(
            (*one.edits, *other.edits),
            f"{one.origin}+{other.origin.rpartition(':')[2]}",
            one.weight * other.weight,
            f"{one.summary}; {other.summary}",
        )
        for one, other in combined
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
