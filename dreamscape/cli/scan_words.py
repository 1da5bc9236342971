"""What `scan --backtest`, `--learn`, `--explain` and `--why-ignored` found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dreamscape.cli.render import one_line
from dreamscape.domain.evidence import (
    Backtest,
    Difference,
    Exercise,
    Explanation,
    FunctionCoverage,
    Learned,
    Place,
    SignalWords,
    Window,
)
from dreamscape.domain.scan import Exclusion

MARKS = ("r20f", "r20l", "popt", "auc")
OURS = ("impact", "effort")
FEWEST_CUTOFFS = 5
"""Of fewer, all may lie on the same side by chance (chosen: one time in 32 for each side)."""
LEGEND = """\
R20F and R20L: the share of these touches in the first fifth of the files, in the files of the first fifth of the lines
POPT: how near an order comes to the best for whoever counts lines (1), and to the worst (0); Kamei 2013
AUC: how often a file that was fixed stands before one that was not"""
SHOWN = 8
"""Files named in a line at most (chosen)."""
SKIPPED_SHOWN = 20
"""Files named at most of those that could not be measured (chosen)."""


def exclusion_text(asked: Path, exclusion: Exclusion) -> str:
    """Whether a path is scanned, or would be, and the rule that says so."""
    verdict = "left out" if exclusion.is_left_out else "scanned"
    path = one_line(exclusion.path)
    if exclusion.exists:
        return f"{path} is {verdict}: {exclusion.why}"
    return f"{one_line(str(asked))} does not exist\n{path} would be {verdict}: {exclusion.why}"


def backtest_text(found: Backtest) -> str:
    """A table for each window, what it was measured on, and whether we beat the line count."""
    parts = ["\n".join(_window(window)) for window in found.windows if window.cutoffs]
    parts += [LEGEND] if parts else []
    parts.append("\n".join(f"note: {note}" for note in found.notes))
    return "\n\n".join(filter(None, parts))


def _window(window: Window) -> Iterator[str]:
    first, last = window.cutoffs[-1], window.cutoffs[0]
    fixes = sum(cutoff.fixes for cutoff in window.cutoffs)
    yield (
        f"{window.months} months after {len(window.cutoffs)} cut-offs, {first.date} to {last.date}; "
        f"{last.files:,} product files at the last, {fixes:,} touches by fixes in all"
    )
    if window.quiet:
        yield f"left out, since no fix followed: {window.quiet}"
    yield f"  {'order':<20}" + "".join(f"{mark.upper():>8}" for mark in MARKS)
    for order, marks in window.marks.items():
        yield f"  {order:<20}" + "".join(f"{getattr(marks, mark):>8.3f}" for mark in MARKS)
    for order in OURS:
        gaps = ", ".join(f"{mark.upper()} {_gap(window.against_lines[order][mark])}" for mark in MARKS[:3])
        yield f"  {order} against line count (95 % of resampled cut-offs): {gaps}"
        yield f"  {_verdict(order, window)}"
    if window.months > 6:
        yield "  these windows overlap, so the intervals are narrower than they should be"


def _verdict(order: str, window: Window) -> str:
    """What the intervals say, in words."""
    if len(window.cutoffs) < FEWEST_CUTOFFS:
        return f"{order}: too few cut-offs to be sure of a difference"
    gaps = {mark.upper(): window.against_lines[order][mark] for mark in MARKS[:3]}
    more = ", ".join(mark for mark, gap in gaps.items() if gap.low > 0)
    less = ", ".join(mark for mark, gap in gaps.items() if gap.high < 0)
    unsure = ", ".join(mark for mark, gap in gaps.items() if gap.low <= 0 <= gap.high)
    said = (("more in", more), ("less in", less), ("no sure difference in", unsure))
    return f"so {order} finds " + "; ".join(f"{words} {marks}" for words, marks in said if marks)


def _gap(gap: Difference) -> str:
    return f"{gap.mean:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"


def learned_text(found: Learned) -> str:
    """The weights beside the prior's."""
    rows = [f"  {name:<12}{weight:>8.2f}{found.prior[name]:>8.2f}" for name, weight in found.weights.items()]
    head = [f"{found.origin}; scans of this project use it from now on", f"  {'weight':<12}{'here':>8}{'prior':>8}"]
    return "\n".join([*head, *rows, *(f"note: {note}" for note in found.notes)])


def explained_text(found: Explanation) -> str:
    """One file's standing in sentences, then every signal."""
    parts = [
        f"{one_line(found.path)}: rank {found.rank:,} of {found.files:,}, impact {found.impact:.2f}",
        f"  risk {found.risk:.2f}: {found.expected_fixes:.2f} fixes expected within half a year",
        f"  reach {found.reach:.2f}: what would break with it",
        f"  effort {found.effort:.2f}: how much there is to read",
        *([f"why: {'; '.join(found.sentences)}"] if found.sentences else []),
        f"signals (weights: {found.weights}; the factor is against this project's typical file):",
        *map(_signal, found.signals),
        _place(found.place),
        *_tests(found),
        *(f"note: {note}" for note in found.notes),
    ]
    return "\n".join(parts)


def _place(place: Place) -> str:
    circle = f"; in an import circle with {_several(place.circle)}" if place.circle else ""
    return (
        f"place: layer {place.layer} (of 0 to {place.layers - 1}; a file of layer 0 imports no other of the project); "
        f"imports {place.imports:,} of the modules, imported by {place.imported_by:,} ({place.importers:,} directly or "
        f"not); centrality {place.centrality:.2f}; "
        f"on {place.betweenness:.1%} of the shortest ways between others{circle}"
    )


def _tests(found: Explanation) -> Iterator[str]:
    """What tests have to do with a file, as far as calls can be followed."""
    rows = [_exercise(row, "test") for row in found.tested_by]
    if rows:
        yield f"tests that reach {found.tested:,} of its {found.functions:,} functions: {_several(rows)}"
    elif found.functions and not found.exercises:
        yield "tests: no call of one can be followed to here"
    if found.covered is not None:
        yield _covered(found.covered)
    reached = [_exercise(row, "function") for row in found.exercises]
    if reached:
        yield f"exercises functions of {_several(reached)}"


def _exercise(row: Exercise, thing: str) -> str:
    things = thing if row.functions == 1 else f"{thing}s"
    return f"{row.path} ({row.functions:,} {things}{', guessed' if row.is_guess else ''})"


def _covered(functions: Sequence[FunctionCoverage]) -> str:
    """What the measured run did to the functions that have anything to run."""
    shares = [function.coverage for function in functions if function.coverage is not None]
    whole, none = shares.count(1.0), shares.count(0.0)
    untouched = [f"{function.name}() in line {function.line}" for function in functions if function.coverage == 0]
    names = f": {_several(untouched)}" if untouched else ""
    part = len(shares) - whole - none
    return f"measured: tests ran {whole:,} functions whole, {part:,} in part, {none:,} not at all{names}"


def _several(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more; --json names all" if len(names) > SHOWN else ""
    return ", ".join(map(one_line, names[:SHOWN])) + more


def _signal(signal: SignalWords) -> str:
    if signal.factor is None:
        return f"  {signal.name:<13}unknown here, so it counts for nothing"
    return (
        f"  {signal.name:<13}x {signal.factor:<6.2f} weight {signal.weight:+.2f}, "
        f"more than {signal.percentile} % of files: {signal.words or 'nothing'}"
    )
