"""A ranking for other programs and other people: CSV, a Markdown comment, SARIF."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import chain

from dreamscape.cli.sarif import Finding, Rule, report
from dreamscape.cli.scan_words import SKIPPED_SHOWN
from dreamscape.cli.sheets import code, literal, markdown_table, sheet
from dreamscape.domain.rows import FileRow, fields
from dreamscape.domain.scan import ScanResult, SkippedFile

HIGH_IMPACT = Rule(
    "high-impact-file",
    "A file where a defect is likely and would break much",
    "Impact ranks the files of a project by the fixes to expect in each within half a year, raised by what depends on "
    "it. Look at this file first when you review, test or tidy up: split its hardest functions, cover them with tests, "
    "cut what depends on it. 'dreamscape scan --explain FILE' tells every signal and what it weighs.",
)


def written(format: str, result: ScanResult, top: int, limit: float | None) -> str:
    """A ranking as ``csv``, ``markdown`` or ``sarif``."""
    match format:
        case "csv":
            return csv_text(result)
        case "markdown":
            return markdown_text(result, top)
        case _:
            return sarif_text(result, top, limit)


def csv_text(result: ScanResult) -> str:
    """A row for each file: the fields of `FileRow` (functions as their number), then why a file was skipped."""
    heads = [*(field.name for field in dataclasses.fields(FileRow)), "skipped"]
    measured = ({**fields(row), "functions": len(row.functions)} for row in result.files)
    skipped = (fields(row) for row in result.skipped)
    rows = chain(measured, ({"path": row["path"], "skipped": row["reason"]} for row in skipped))
    return sheet(heads, ([row.get(head) for head in heads] for row in rows))


def markdown_text(result: ScanResult, top: int) -> str:
    """The first files with their reasons, as a comment on a pull request would show them."""
    shown = result.files[:top]
    parts = [f"### Dreamscape: {len(shown):,} of {len(result.files):,} files, by impact"]
    if shown:
        heads = ("", "file", "impact", "risk", "reach", "why")
        parts.append(markdown_table(heads, map(_markdown_row, shown), right=(0, 2, 3, 4)))
    parts.append("\n".join(markdown_asides(result.skipped, result.notes)))
    return "\n\n".join(filter(None, parts))


def _markdown_row(row: FileRow) -> list[str]:
    scores = [f"{score:.2f}" for score in (row.impact, row.risk, row.reach)]
    return [str(row.rank), code(row.path), *scores, "<br>".join(map(literal, row.why))]


def markdown_asides(skipped: tuple[SkippedFile, ...], notes: tuple[str, ...]) -> Iterator[str]:
    """What could not be measured, and what else is to be known, as list items."""
    for row in skipped[:SKIPPED_SHOWN]:
        yield f"- could not be measured: {code(row.path)}: {literal(row.reason)}"
    if len(skipped) > SKIPPED_SHOWN:
        yield f"- and {len(skipped) - SKIPPED_SHOWN:,} more could not be measured"
    yield from (f"- note: {literal(note)}" for note in notes)


def sarif_text(result: ScanResult, top: int, limit: float | None) -> str:
    """The first files, or with a limit those over it, each at the line of its riskiest function."""
    rows = result.files[:top] if limit is None else [row for row in result.files if row.impact > limit]
    return report("scan", result.project, [HIGH_IMPACT], map(_finding, rows), result.skipped, result.notes, limit)


def _finding(row: FileRow) -> Finding:
    worst = row.riskiest
    scores = f"impact {row.impact:.2f} (risk {row.risk:.2f}, reach {row.reach:.2f}), rank {row.rank:,}"
    place = [f"riskiest function {worst.name}()"] if worst else []
    return Finding(
        rule=HIGH_IMPACT,
        path=row.path,
        function=worst.name if worst else None,
        lines=(worst.line, worst.end_line) if worst else (1, 1),
        text="; ".join([scores, *row.why, *place]),
        impact=row.impact,
        identity=row.path,
    )
