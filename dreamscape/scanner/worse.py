"""Compares two rankings of a project: which files and functions became worse. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import floor

from dreamscape.domain.rows import FileRow, FunctionRow
from dreamscape.domain.scan_diff import FileChange, FunctionChange
from dreamscape.scanner.impact import FRONT, TEST_WEIGHT, is_test
from dreamscape.scanner.walk import shown

RISE = 0.01
"""What impact and risk must rise by to count (chosen: less is not seen in the two digits shown)."""
SIMPLE = 10
"""A new function up to this complexity is no finding of its own (McCabe 1976 set the limit for one function here)."""


def line_of(before: Iterable[FileRow]) -> float:
    """The impact that parts the first fifth of the product's files from the rest: a new file above it joins those to
    look at first. 0.0 where there was no file."""
    product = sorted((row.impact for row in before if not is_test(row.path)), reverse=True)
    return product[max(1, floor(FRONT * len(product))) - 1] if product else 0.0


def changes(
    now: Iterable[FileRow], before: Iterable[FileRow], moved: Mapping[str, str | None], line: float
) -> list[FileChange]:
    """Every file in ``moved`` (path now -> path before) that is ranked now.

    Those that became worse come first, by how much impact or risk rose, whichever rose more (impact alone falls where
    a file only grows, since a longer one is looked at later; the risk of a test counts half), then by complexity.
    """
    known = {row.path: row for row in before}
    names = {shown(path): shown(old) if old is not None else None for path, old in moved.items()}
    changed = (row for row in now if row.path in names)
    return sorted(
        (_change(row, names[row.path], known.get(names[row.path] or ""), line) for row in changed), key=_order
    )


def _order(change: FileChange) -> tuple[bool, float, int, str]:
    weight = TEST_WEIGHT if is_test(change.path) else 1.0
    rises = (change.impact - (change.impact_before or 0.0), weight * (change.risk - (change.risk_before or 0.0)))
    return not change.is_worse, -round(max(rises), 4), (change.complexity_before or 0) - change.complexity, change.path


def _change(row: FileRow, old_path: str | None, old: FileRow | None, line: float) -> FileChange:
    risen = _functions(row.functions, old.functions if old else ())
    functions = sorted((one for one in risen if one.is_worse or old is not None), key=_steepness)
    return FileChange(
        path=row.path,
        path_before=old_path,
        is_worse=row.impact > line if old is None else _rose(row, old) or any(one.is_worse for one in functions),
        rank=row.rank,
        rank_before=old.rank if old else None,
        impact=row.impact,
        impact_before=old.impact if old else None,
        risk=row.risk,
        risk_before=old.risk if old else None,
        reach=row.reach,
        reach_before=old.reach if old else None,
        complexity=row.complexity,
        complexity_before=old.complexity if old else None,
        riskiest=row.riskiest,
        functions=tuple(functions),
    )


def _rose(row: FileRow, old: FileRow) -> bool:
    rises = (round(row.impact - old.impact, 4), round(row.risk - old.risk, 4))
    return max(rises) >= RISE or row.complexity > old.complexity


def _functions(now: Iterable[FunctionRow], before: Iterable[FunctionRow]) -> Iterator[FunctionChange]:
    """Those that became more complex, and new ones; of equal names the first meets the first."""
    known: defaultdict[str, list[FunctionRow]] = defaultdict(list)
    for one in before:
        known[one.name].append(one)
    for one in now:
        old = known[one.name].pop(0) if known[one.name] else None
        if old is None or one.complexity > old.complexity:
            yield FunctionChange(
                name=one.name,
                line=one.line,
                end_line=one.end_line,
                complexity=one.complexity,
                complexity_before=old.complexity if old else None,
                impact=one.impact,
                impact_before=old.impact if old else None,
                is_worse=old is not None or one.complexity > SIMPLE,
            )


def _steepness(change: FunctionChange) -> tuple[int, int]:
    return (change.complexity_before or 0) - change.complexity, change.line
