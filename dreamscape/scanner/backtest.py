"""Replays a project's history: ranks it as it stood at past commits, and counts which orders found the fixes to come.

The protocol, so that others can repeat it. A cut-off is the last first-parent commit at or before HEAD's date less
6, 12, ... months. What follows it within a window is every commit that the first-parent commit at the window's end
contains and the cut-off does not. A fix is one of these that is no merge, touches at most 10 Python files, and says
fix, bug, defect or regression. Files are the product's at the cut-off, followed through renames; those born later are
left out. Lines are those of code. The learned order at a cut-off has been taught only by windows that had ended there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from statistics import fmean

from dreamscape.domain.evidence import Backtest, Cutoff, Difference, Marks, Window
from dreamscape.scanner.impact import Measures, by_effort, score
from dreamscape.scanner.learn import learn
from dreamscape.scanner.snapshots import WINDOWS, Snapshot, Snapshots
from dreamscape.scanner.weights import PRIOR, Weights
from dreamscape.scanner.yardsticks import Judged, judge

CUTOFFS = 10
"""Five years of them (chosen): what was true of a project before tells little of it now."""
TEACHERS = 8
"""How many of the latest cut-offs, at most, a learned order has been taught by (chosen: four years)."""
RESAMPLES = 2_000
SEED = 2013
LINES = "line count"
RANDOM = Marks(0.2, 0.2, 0.5, 0.5)
"""What chance gives on average, exactly: Popt's best and worst orders mirror each other."""


def backtest(project: str, snapshots: Snapshots) -> Backtest:
    """Marks of our orders and of the yardsticks over the last five years."""
    taken: dict[int, Snapshot] = {}
    for step in range(1, CUTOFFS + TEACHERS + 1):
        snapshot = snapshots.at(step)
        if snapshot is None or not snapshot.files:
            break
        taken[step] = snapshot
    weights = {step: _known_then(taken, step) for step in taken if step <= CUTOFFS}
    windows = tuple(_window(months, taken, weights) for months in WINDOWS)
    notes = [snapshots.note] if snapshots.note else []
    if not any(window.cutoffs for window in windows):
        notes.append("no fix is known to have followed any cut-off: the past says nothing here")
    return Backtest(project, snapshots.head, windows, tuple(notes))


def _known_then(taken: Mapping[int, Snapshot], step: int) -> Weights:
    """What could be learned at a cut-off: from those whose window of six months had ended."""
    return learn(taken[at] for at in range(step + 1, step + 1 + TEACHERS) if at in taken)


def _window(months: int, taken: Mapping[int, Snapshot], weights: Mapping[int, Weights]) -> Window:
    asked = [step for step in weights if months in taken[step].fixes]
    found = [_cutoff(taken[step], months, weights[step]) for step in asked]
    cutoffs = tuple(cutoff for cutoff in found if cutoff is not None)
    orders = list(cutoffs[0].marks) if cutoffs else []
    return Window(
        months=months,
        cutoffs=cutoffs,
        quiet=len(asked) - len(cutoffs),
        marks={order: _mean([cutoff.marks[order] for cutoff in cutoffs]) for order in orders},
        against_lines={
            order: differences([(cutoff.marks[order], cutoff.marks[LINES]) for cutoff in cutoffs])
            for order in orders
            if order != LINES
        },
    )


def _cutoff(snapshot: Snapshot, months: int, weights: Weights) -> Cutoff | None:
    later = snapshot.fixes[months]
    files = {file.path: Judged(file.sloc, later.get(file.path, 0)) for file in snapshot.files}
    fixes = sum(file.fixes for file in files.values())
    if not fixes or not any(file.lines for file in files.values()):
        return None
    marks = {name: _marks(order, files) for name, order in orders_of(snapshot.files, later, weights).items()}
    return Cutoff(
        date=datetime.fromtimestamp(snapshot.at, UTC).date().isoformat(),
        commit=snapshot.commit,
        files=len(files),
        lines=sum(file.lines for file in files.values()),
        fixes=fixes,
        fixed=sum(1 for file in files.values() if file.fixes),
        left_out=snapshot.left_out,
        weights=weights.origin,
        marks={**marks, "random": RANDOM},
    )


def orders_of(files: Sequence[Measures], later: Mapping[str, int], weights: Weights) -> dict[str, Mapping[str, float]]:
    """Every order that is compared: name -> path -> value, the highest first."""
    learned, prior = score(files, weights), score(files, PRIOR)
    churn = {file.path: file.past.commits if file.past else 0 for file in files}
    lines = {file.path: max(file.sloc, 1) for file in files}
    return {
        "impact": {path: scores.impact for path, scores in learned.items()},
        "impact, prior": {path: scores.impact for path, scores in prior.items()},
        "effort": by_effort(files, learned),
        "effort, prior": by_effort(files, prior),
        "risk": {path: scores.rate for path, scores in learned.items()},
        LINES: {file.path: file.sloc for file in files},
        "churn": churn,
        "complexity": {file.path: file.complexity for file in files},
        "complexity x churn": {file.path: file.complexity * churn[file.path] for file in files},
        "churn per line": {path: commits / lines[path] for path, commits in churn.items()},
        "oracle": {path: later.get(path, 0) for path in lines},
        "oracle per line": {path: later.get(path, 0) / lines[path] for path in lines},
    }


def _marks(order: Mapping[str, float], files: Mapping[str, Judged]) -> Marks:
    return judge([files[path] for path in sorted(files, key=lambda path: (-order[path], path))])


def _mean(marks: Sequence[Marks]) -> Marks:
    return Marks(*(fmean(getattr(one, field.name) for one in marks) for field in fields(Marks)))


def differences(pairs: Sequence[tuple[Marks, Marks]]) -> dict[str, Difference]:
    """How much the first of each pair is better, by mark; the interval is from drawing the pairs again and again."""
    found = {}
    for field in fields(Marks):
        gaps = [getattr(one, field.name) - getattr(other, field.name) for one, other in pairs]
        chance = random.Random(SEED)
        drawn = sorted(fmean(chance.choices(gaps, k=len(gaps))) for _ in range(RESAMPLES))
        at = round(0.025 * RESAMPLES)
        found[field.name] = Difference(fmean(gaps), drawn[at], drawn[-1 - at])
    return found
