"""What `scan --backtest`, `--learn`, `--explain` and `--why-ignored` found, as text."""

from __future__ import annotations

from collections.abc import Iterator

from dreamscape.domain.evidence import Backtest, Difference, Explanation, Learned, SignalWords, Window
from dreamscape.domain.scan import Exclusion

MARKS = ("r20f", "r20l", "popt", "auc")
OURS = ("impact", "effort")


def exclusion_text(exclusion: Exclusion) -> str:
    """Whether a path is scanned, and the rule that says so."""
    return f"{exclusion.path} is {'left out' if exclusion.is_left_out else 'scanned'}: {exclusion.why}"


def backtest_text(found: Backtest) -> str:
    """A table for each window, what it was measured on, and whether we beat the line count."""
    parts = ["\n".join(_window(window)) for window in found.windows if window.cutoffs]
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
    if window.months > 6:
        yield "  these windows overlap, so the intervals are narrower than they should be"


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
        f"{found.path}: rank {found.rank:,} of {found.files:,}, impact {found.impact:.2f}",
        f"  risk {found.risk:.2f}: {found.expected_fixes:.2f} fixes expected within half a year",
        f"  reach {found.reach:.2f}: what would break with it",
        f"  effort {found.effort:.2f}: how much there is to read",
        *([f"why: {'; '.join(found.sentences)}"] if found.sentences else []),
        f"signals (weights: {found.weights}; the factor is against this project's typical file):",
        *map(_signal, found.signals),
        *(f"note: {note}" for note in found.notes),
    ]
    return "\n".join(parts)


def _signal(signal: SignalWords) -> str:
    if signal.factor is None:
        return f"  {signal.name:<12}unknown here, so it counts for nothing"
    return (
        f"  {signal.name:<12}x {signal.factor:<6.2f} weight {signal.weight:+.2f}, "
        f"more than {signal.percentile} % of files: {signal.words or 'nothing'}"
    )
