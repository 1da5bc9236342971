"""Repair cases go in, work items in the order of their impact come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dreamscape.domain.repair import RepairCase, WorkItem

TELLING = 0.5
"""Suspects at least this suspicious, against the first, say how much a case matters (chosen)."""

ImpactOf = Callable[[str, int], float]


def by_impact(cases: Iterable[RepairCase], impact_of: ImpactOf) -> list[WorkItem]:
    """Work items, the highest impact first; ties by id, so that the same tree gives the same order."""
    items = [WorkItem(case.id, case, case_impact(case, impact_of)) for case in cases]
    return sorted(items, key=lambda item: (-item.impact, item.id))


def case_impact(case: RepairCase, impact_of: ImpactOf) -> float:
    """The highest impact among the suspects that are worth the name; 0.0 without any."""
    return max((impact_of(s.path, s.line) for s in case.suspects if s.suspiciousness >= TELLING), default=0.0)
