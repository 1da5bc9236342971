"""What a branch made worse: as text, CSV, a Markdown comment and SARIF."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from dreamscape.cli.render import json_text, one_line
from dreamscape.cli.sarif import Finding, Rule, report
from dreamscape.cli.scan_exports import HIGH_IMPACT, markdown_asides
from dreamscape.cli.scan_words import SHOWN
from dreamscape.cli.sheets import code, literal, markdown_table, sheet
from dreamscape.domain.scan_diff import FileChange, FunctionChange, ScanDiff

FILE_WORSE = Rule(
    "file-made-worse",
    "A changed file that became more dangerous",
    "The impact, the risk or the complexity of this file rose against the commit where the branch began. History "
    "counts alike on both sides, so the code is the cause: see whether the change can be made simpler, or split from "
    "what was there, and cover it with tests.",
)
FUNCTION_WORSE = Rule(
    "function-more-complex",
    "A function that became more complex",
    "Its cyclomatic complexity, the number of paths to understand and to test, rose against the commit where the "
    "branch began, or it is new and above 10. Give a part of it a name of its own, or flatten its conditions.",
)
NEW_FILE = Rule(
    "new-file-over-line",
    "A new file among the most dangerous",
    "Its impact is over the limit given, or over what the first fifth of the files there were before reach. Split it "
    "while it is new, or bring tests with it.",
)


def written(format: str, diff: ScanDiff, top: int) -> str:
    """What became worse, in one of the formats of a scan."""
    match format:
        case "json":
            return json_text("scan-diff", diff)
        case "csv":
            return csv_text(diff)
        case "markdown":
            return markdown_text(diff, top)
        case "sarif":
            return sarif_text(diff)
        case _:
            return text(diff, top)


def csv_text(diff: ScanDiff) -> str:
    """A row for each file with the fields of `FileChange`, its functions in words, then why a file was skipped."""
    heads = [field.name for field in dataclasses.fields(FileChange)]
    rows = [[_plain(getattr(change, head)) for head in heads] for change in diff.files]
    blanks = [None] * (len(heads) - 1)
    skipped = [[row.path, *blanks, row.reason] for row in diff.skipped]
    return sheet([*heads, "skipped"], [*([*row, None] for row in rows), *skipped])


def _plain(value: object) -> object:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return tuple(_function_words(function) for function in value)
    return getattr(value, "name", value)


def text(diff: ScanDiff, top: int) -> str:
    """The first files with what rose, then what was skipped, then how many there are."""
    parts = ["\n".join(line for change in diff.files[:top] for line in _lines(change, diff))]
    skipped = (f"  {one_line(row.path)}: {row.reason}" for row in diff.skipped)
    parts.append("\n".join(["changed, but could not be measured:", *skipped]) if diff.skipped else "")
    shown = f"\nthe first {top} are shown; --json names all" if len(diff.files) > top else ""
    notes = "".join(f"\nnote: {note}" for note in diff.notes)
    return "\n\n".join(filter(None, [*parts, f"{_summary(diff)}, in {diff.seconds:.2f} s{shown}{notes}"]))


def _lines(change: FileChange, diff: ScanDiff) -> Iterator[str]:
    yield f"{one_line(change.path)}: {'; '.join(_words(change, diff))}"
    yield from (f"  {words}" for words in _named(change))


def _summary(diff: ScanDiff) -> str:
    """A sentence on how many files became worse, and against what."""
    worse = sum(change.is_worse for change in diff.files)
    files = f"{diff.changed:,} changed {'file' if diff.changed == 1 else 'files'}"
    return f"{worse:,} of {files} became worse since this branch left {diff.revision} at {diff.base[:10]}"


def markdown_text(diff: ScanDiff, top: int) -> str:
    """The first files in a table, as a comment on a pull request would show them."""
    shown = diff.files[:top]
    parts = [f"### Dreamscape: {literal(_summary(diff))}"]
    if shown:
        heads = ("file", "impact", "risk", "reach", "complexity", "what rose")
        parts.append(markdown_table(heads, [_markdown_row(change, diff) for change in shown]))
    if len(shown) < len(diff.files):
        parts.append(f"The first {len(shown):,} of {len(diff.files):,} are shown.")
    parts.append("\n".join(markdown_asides(diff.skipped, diff.notes)))
    return "\n\n".join(filter(None, parts))


def _markdown_row(change: FileChange, diff: ScanDiff) -> list[str]:
    return [
        code(change.path),
        _step(change.impact_before, change.impact),
        _step(change.risk_before, change.risk),
        _step(change.reach_before, change.reach),
        _step(change.complexity_before, change.complexity),
        "<br>".join(map(literal, [*_standing(change, diff), *_named(change)])),
    ]


def sarif_text(diff: ScanDiff) -> str:
    """Every file and function, whatever their number: a result that is missing would count as mended."""
    rules = [FILE_WORSE, FUNCTION_WORSE, NEW_FILE, HIGH_IMPACT]
    findings = [finding for change in diff.files for finding in _findings(change, diff)]
    return report("diff", diff.project, rules, findings, diff.skipped, diff.notes, diff.limit)


def _findings(change: FileChange, diff: ScanDiff) -> Iterator[Finding]:
    rule = HIGH_IMPACT if not change.is_worse else NEW_FILE if change.path_before is None else FILE_WORSE
    worst = change.riskiest
    yield Finding(
        rule=rule,
        path=change.path,
        function=worst.name if worst else None,
        lines=(worst.line, worst.end_line) if worst else (1, 1),
        text="; ".join(_words(change, diff)),
        impact=change.impact,
        identity=change.path,
    )
    for function in filter(lambda function: function.is_worse, change.functions):
        yield Finding(
            rule=FUNCTION_WORSE,
            path=change.path,
            function=function.name,
            lines=(function.line, function.end_line),
            text=_function_words(function),
            impact=function.impact,
            identity=f"{change.path}\0{function.name}",
        )


def _words(change: FileChange, diff: ScanDiff) -> list[str]:
    """What a file is now beside what it was."""
    return [
        f"impact {_step(change.impact_before, change.impact)}",
        f"risk {_step(change.risk_before, change.risk)}",
        f"reach {_step(change.reach_before, change.reach)}",
        f"complexity {_step(change.complexity_before, change.complexity)}",
        *_standing(change, diff),
    ]


def _standing(change: FileChange, diff: ScanDiff) -> Iterator[str]:
    """What the numbers do not say."""
    if change.path_before is None:
        yield "new"
    elif change.impact_before is None:
        yield "not measured before"
    elif change.path_before != change.path:
        yield f"was {one_line(change.path_before)}"
    if change.impact_before is not None and change.is_worse and not _rose_by_itself(change):
        yield "no risk, reach or complexity rose: only its place among the files did"
    if diff.limit is not None and change.impact > diff.limit:
        yield f"over the limit of {diff.limit:g}"
    elif change.path_before is None:
        yield f"over {diff.line:.2f}, which the first fifth of the files reach"


def _rose_by_itself(change: FileChange) -> bool:
    """Whether anything rose that does not depend on how the other files compare, as far as two digits show it."""
    before = (change.risk_before, change.reach_before, change.complexity_before)
    now = (change.risk, change.reach, change.complexity)
    steps = zip(before, now, strict=True)
    return bool(change.functions) or any(round(new, 2) > round(old or 0, 2) for old, new in steps)


def _named(change: FileChange) -> Iterator[str]:
    """The first functions that rose."""
    yield from map(_function_words, change.functions[:SHOWN])
    if len(change.functions) > SHOWN:
        yield f"and {len(change.functions) - SHOWN:,} more functions; --json names all"


def _function_words(function: FunctionChange) -> str:
    step = _step(function.complexity_before, function.complexity)
    return (
        f"{function.name}() in line {function.line}: complexity {step}{'' if function.complexity_before else ', new'}"
    )


def _step(before: float | None, now: float) -> str:
    """Two numbers with an arrow between them, or one where the other is unknown or the same."""
    old, new = (f"{value:.2f}" if isinstance(value, float) else str(value) for value in (before, now))
    return new if before is None or old == new else f"{old} -> {new}"
