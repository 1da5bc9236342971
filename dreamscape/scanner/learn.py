"""Learns what each signal weighs in one project: from how it stood at past commits, and which files were fixed next.

The fixes that follow a cut-off are shared out over its files; the weights are those that make the shares seen most
likely (a multinomial with a logarithmic link), each drawn to the prior by a normal distribution, so that a thin
history changes little. Solved by Newton's method from the prior: no chance is involved, the same past gives the same
weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, log1p

from dreamscape.scanner.snapshots import STEP_MONTHS, Snapshot
from dreamscape.scanner.weights import PRIOR, Weights

PULL = 10.0
"""How firmly weights are held at the prior (the inverse of its variance), chosen on the projects of
`scripts/bench/impact prior`: 3 to 30 do about as well there."""
TRUSTED_FIXES = 20
"""How many fixes the prior's own rate is worth against those seen (chosen)."""
STEPS = 25
SETTLED = 1e-6

Row = Sequence[float]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """One cut-off: each file's signals, its fixes, and how much the whole counts: the root of its fixes, since a busy
    half-year is no ten times better teacher than a quiet one."""

    rows: Sequence[Row]
    fixes: Sequence[int]
    total: int
    weight: float


def learn(snapshots: Iterable[Snapshot], prior: Weights = PRIOR, pull: float = PULL) -> Weights:
    """The weights that these cut-offs teach; the prior where they teach nothing."""
    names = tuple(name for name in prior.of if name != "failures")
    lessons = [lesson for snapshot in snapshots if (lesson := _lesson(snapshot, names)) is not None]
    if not lessons:
        return prior
    start = [prior.of[name] for name in names]
    found = list(start)
    for _ in range(STEPS):
        change = _newton_step(lessons, found, start, pull)
        found = [value + step for value, step in zip(found, change, strict=True)]
        if max(map(abs, change)) < SETTLED:
            break
    fixes = sum(lesson.total for lesson in lessons)
    base = _base(lessons, found, prior.base, fixes)
    of = {**prior.of, **{name: round(value, 6) for name, value in zip(names, found, strict=True)}}
    cutoffs = f"{len(lessons)} past commit{'' if len(lessons) == 1 else 's'}"
    return Weights(of, round(base, 6), f"learned from {fixes:,} fixes after {cutoffs}")


def _lesson(snapshot: Snapshot, names: Sequence[str]) -> _Lesson | None:
    later = snapshot.fixes.get(STEP_MONTHS, {})
    fixes = [later.get(file.path, 0) for file in snapshot.files]
    total = sum(fixes)
    if not total:
        return None
    rows = []
    for file in snapshot.files:
        signals = file.signals
        rows.append([log1p(signals[name]) for name in names])
    return _Lesson(rows, fixes, total, total**-0.5)


def _newton_step(lessons: Iterable[_Lesson], found: Row, start: Row, pull: float) -> list[float]:
    size = len(found)
    slope = [-pull * (now - then) for now, then in zip(found, start, strict=True)]
    curve = [[pull if at == beside else 0.0 for beside in range(size)] for at in range(size)]
    for lesson in lessons:
        shares = _shares(lesson.rows, found)
        mean = [0.0] * size
        square = [[0.0] * size for _ in range(size)]
        for row, fixes, share in zip(lesson.rows, lesson.fixes, shares, strict=True):
            left = lesson.weight * (fixes - lesson.total * share)
            for at, value in enumerate(row):
                slope[at] += left * value
                part = share * value
                mean[at] += part
                line = square[at]
                for beside in range(at + 1):
                    line[beside] += part * row[beside]
        scale = lesson.weight * lesson.total
        for at in range(size):
            for beside in range(at + 1):
                value = scale * (square[at][beside] - mean[at] * mean[beside])
                curve[at][beside] += value
                if at != beside:
                    curve[beside][at] += value
    return _solved(curve, slope)


def _shares(rows: Sequence[Row], weights: Row) -> list[float]:
    """The share of all fixes that each file should need."""
    scores = [sum(weight * value for weight, value in zip(weights, row, strict=True)) for row in rows]
    highest = max(scores)
    powers = [exp(score - highest) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x of ``matrix x = right`` for a symmetric positive matrix. Source: Cholesky."""
    size = len(right)
    lower = [[0.0] * size for _ in range(size)]
    for at in range(size):
        for beside in range(at + 1):
            rest = matrix[at][beside] - sum(lower[at][k] * lower[beside][k] for k in range(beside))
            lower[at][beside] = rest**0.5 if at == beside else rest / lower[beside][beside]
    half = [0.0] * size
    for at in range(size):
        half[at] = (right[at] - sum(lower[at][k] * half[k] for k in range(at))) / lower[at][at]
    whole = [0.0] * size
    for at in reversed(range(size)):
        whole[at] = (half[at] - sum(lower[k][at] * whole[k] for k in range(at + 1, size))) / lower[at][at]
    return whole


def _base(lessons: Iterable[_Lesson], weights: Row, prior: float, fixes: int) -> float:
    """The logarithm of the rate that gives as many fixes as were seen, drawn to the prior's."""
    exposure = sum(
        exp(sum(weight * value for weight, value in zip(weights, row, strict=True)))
        for lesson in lessons
        for row in lesson.rows
    )
    return log((fixes + TRUSTED_FIXES) / (exposure + TRUSTED_FIXES / exp(prior)))
