"""How well an order of files finds what was fixed later: recall within a budget, Popt, AUC. Pure.

Files come in the order to be judged; a file at the edge of a budget counts in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreamscape.domain.evidence import Marks

BUDGET = 0.2
"""Share of the files, or of the lines, that somebody looks at (Ostrand, Weyuker, Bell 2005 report the same)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One file as the judge sees it: its lines at the cut-off, and the fixes that touched it afterwards."""

    lines: int
    fixes: int


def judge(order: Sequence[Judged]) -> Marks:
    """Marks of an order whose files had at least one fix and one line between them."""
    by_density = sorted(order, key=lambda file: (-_density(file), file.lines))
    best, worst, own = _area(by_density), _area(by_density[::-1]), _area(order)
    return Marks(
        r20f=_recall(order, [1.0] * len(order)),
        r20l=_recall(order, [float(file.lines) for file in order]),
        popt=1 - (best - own) / (best - worst) if best > worst else 1.0,
        auc=_auc(order),
    )


def _density(file: Judged) -> float:
    return file.fixes / max(file.lines, 1)


def _recall(order: Sequence[Judged], costs: Sequence[float]) -> float:
    """Share of the fixes found by who goes through the order until a fifth of all cost is spent."""
    left = BUDGET * sum(costs)
    found = 0.0
    for file, cost in zip(order, costs, strict=True):
        found += file.fixes * (min(1.0, left / cost) if cost else 1.0)
        left -= cost
        if left <= 0:
            break
    return found / sum(file.fixes for file in order)


def _area(order: Sequence[Judged]) -> float:
    """Under the curve of fixes found over lines read, both as shares of all (Mende and Koschke 2009; Kamei 2013)."""
    lines, fixes = sum(file.lines for file in order), sum(file.fixes for file in order)
    area = found = 0.0
    for file in order:
        area += (found + file.fixes / 2) * file.lines
        found += file.fixes
    return area / (lines * fixes)


def _auc(order: Sequence[Judged]) -> float:
    """How often a file that was fixed stands before one that was not; 0.5 where there is only one kind."""
    fixed = sum(1 for file in order if file.fixes)
    if fixed in (0, len(order)):
        return 0.5
    before = wins = 0
    for file in order:
        if file.fixes:
            before += 1
        else:
            wins += before
    return wins / (fixed * (len(order) - fixed))
