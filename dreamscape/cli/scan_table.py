"""A ranking as a table for people: a line of scores for each file, and below it why it stands there."""

from __future__ import annotations

import io
import shutil
import sys
import textwrap
from collections.abc import Iterator

from dreamscape.cli.render import one_line
from dreamscape.cli.scan_words import SKIPPED_SHOWN
from dreamscape.domain.rows import FileRow
from dreamscape.domain.scan import ScanResult, SkippedFile

WIDTH, NARROWEST = 120, 60
"""Columns where there is no terminal to ask, and at least (chosen)."""
INDENT = " " * 6


def scan_text(result: ScanResult, top: int) -> str:
    """The ranking with its reasons, then what was skipped, then how it went."""
    parts = [_table(result.files[:top])] if result.files else []
    if result.skipped:
        parts.append("\n".join(_skipped(result.skipped)))
    parts.append("\n".join([_summary(result, top), *(f"note: {note}" for note in result.notes)]))
    return "\n\n".join(parts)


def _table(files: tuple[FileRow, ...]) -> str:
    width = max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST)
    head, *scores = _scores(files)
    lines = [head]
    for line, row in zip(scores, files, strict=True):
        lines.append(line)
        why = "; ".join(row.why)
        lines += textwrap.wrap(why, width, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)
    return "\n".join(lines)


def _scores(files: tuple[FileRow, ...]) -> list[str]:
    """A line of heads, and one for each file, however long its path."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="none")
    for head in ("rank", "impact", "risk", "reach", "effort", "complexity", "churn"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("file", no_wrap=True)
    paths = [one_line(row.path) for row in files]
    for row, path in zip(files, paths, strict=True):
        scores = (f"{score:.2f}" for score in (row.impact, row.risk, row.reach, row.effort))
        churn = "-" if row.churn is None else str(row.churn)
        table.add_row(str(row.rank), *scores, str(row.complexity), churn, Text(path))
    page = io.StringIO()
    columns = WIDTH + 2 * max(map(len, paths))
    Console(file=page, width=columns, color_system=None, force_terminal=False).print(table)
    return [line.rstrip() for line in page.getvalue().splitlines()]


def _skipped(skipped: tuple[SkippedFile, ...]) -> Iterator[str]:
    yield f"{_count(len(skipped), 'file')} could not be measured:"
    for row in skipped[:SKIPPED_SHOWN]:
        yield f"  {one_line(row.path)}: {row.reason}"
    if len(skipped) > SKIPPED_SHOWN:
        yield f"  and {len(skipped) - SKIPPED_SHOWN} more; --json names all"
    running = sys.version_info
    if any(row.reason.startswith("syntax error") for row in skipped):
        yield f"  (syntax is that of Python {running[0]}.{running[1]}, or of your .venv's where newer)"


def _summary(result: ScanResult, top: int) -> str:
    if not result.files:
        return f"no Python file to rank in {result.project}"
    shown = f", the first {top} shown" if len(result.files) > top else ""
    return (
        f"{_count(len(result.files), 'file')}{shown}, {_count(result.files.functions, 'function')}, "
        f"{_count(result.graph.edges, 'import')} between them; "
        f"{result.cache.hits:,} remembered, {result.cache.misses:,} read, in {result.seconds:.2f} s"
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
