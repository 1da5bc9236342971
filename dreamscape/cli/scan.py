"""``dreamscape scan``: where this code base is most dangerous, ranked and explained."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app
from dreamscape.domain.errors import UsageError
from dreamscape.domain.scan import Order

if TYPE_CHECKING:
    from dreamscape.bootstrap import Project
    from dreamscape.domain.rows import FileRow
    from dreamscape.domain.scan import ScanResult
    from dreamscape.domain.scan_diff import FileChange, ScanDiff

logger = logging.getLogger(__name__)
app = new_app()

FORMATS = ("text", "json", "csv", "markdown", "sarif", "html")
FINDINGS = 1
"""Exit code where ``--strict`` or ``--fail-over`` found what a person must look at."""


@command(app, formats=FORMATS)
def scan(
    options: Options,
    top: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many files text, markdown and sarif show; json and csv hold all."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave out what fits, in gitignore syntax; may be given again."),
    ] = None,
    no_gitignore: Annotated[
        bool,
        typer.Option(
            "--no-gitignore", help="Scan what .gitignore names, too; .scannerignore and the defaults still count."
        ),
    ] = False,
    why_ignored: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Scan nothing; say which rule decides about PATH.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if a file could not be measured.")] = False,
    fail_over: Annotated[
        float | None,
        typer.Option(metavar="IMPACT", help="Exit 1 if the impact of a file is over this (0 to 1), and name it."),
    ] = None,
    order: Annotated[
        Order, typer.Option(help="Rank for who counts files (impact), or lines to read (effort: risk per line).")
    ] = Order.IMPACT,
    explain: Annotated[
        str | None, typer.Option(metavar="FILE", help="Say why FILE stands where it stands: every signal and weight.")
    ] = None,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Rank past commits, and count the later fixes each order found.")
    ] = False,
    diff: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Say what became worse since this branch left REV (their merge base)."),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Rank again on every save, until Ctrl-C; with --json a line for each ranking."),
    ] = False,
    learn: Annotated[
        bool, typer.Option("--learn", help="Learn the weights from this project's own past, for the scans to come.")
    ] = False,
) -> int:
    """Rank files by impact: how likely a defect is, raised by how much would break with it.

    Impact, risk, reach and effort run from 0 to 1. What .gitignore and .scannerignore name is left out,
    and by default what is hardly your code: version control, caches, environments, build output, vendored trees.

    Impact compares the files of one project, so a commit to one file moves others a little: to fail a build, use
    --fail-over together with --diff, which looks at changed files alone.

    csv has a row for each file with the fields of json (functions as their number, reasons joined by "; ") and the
    column skipped: why a file could not be measured. sarif holds the first files, or with --fail-over those over it,
    each at its riskiest function; html is the page of 'dreamscape report'. With --diff, json, csv and sarif hold every
    file that became worse, and --fail-over counts changed files alone.

    Example: dreamscape scan --top 10 --ignore 'docs/'
    """
    if fail_over is not None and not 0 <= fail_over <= 1:
        raise UsageError(f"no impact is {fail_over:g}", "--fail-over takes a number from 0 to 1")
    project = _opened(options, {"scan.top": top, "scan.gitignore": False if no_gitignore else None}, ignore or [])
    questions = (why_ignored is not None) + (explain is not None) + backtest + learn
    if questions + (diff is not None) > 1:
        raise UsageError(
            "--why-ignored, --explain, --backtest, --learn and --diff are questions of their own", "ask one at a time"
        )
    if questions:
        if watch or fail_over is not None or options.format not in ("text", "json"):
            raise UsageError("this question is answered once, as text or json", "leave the other options out")
        _answer(options, project, why_ignored, explain, learn=learn)
        return 0
    if watch:
        if options.output or diff is not None or fail_over is not None or strict or options.format not in FORMATS[:2]:
            raise UsageError("--watch writes text or json to stdout, again and again", "leave other options out")
        return _watched(options, project, order)
    result = _ranked(options, project, order, diff, fail_over)
    is_over = fail_over is not None and _name_those_over(fail_over, result.files)
    return FINDINGS if is_over or (strict and result.skipped) else 0


def _ranked(
    options: Options, project: Project, order: Order, diff: str | None, limit: float | None
) -> ScanResult | ScanDiff:
    """The ranking, or what of it became worse, written in the format asked for."""
    from dreamscape import bootstrap
    from dreamscape.cli import render

    scanner, top = bootstrap.build_scanner(project), project.loaded.settings.scan.top
    if diff is not None:
        if options.format == "html":
            raise UsageError("--diff is not drawn as a page", "use --format markdown, or dreamscape report")
        from dreamscape.cli import scan_diff

        found = scanner.diff(diff, order, limit)
        render.write(options, scan_diff.written(options.format, found, top))
        return found
    if options.format == "html":
        from dreamscape.bootstrap import reporting

        page, result = reporting.page(project, order)
        render.write(options, page)
        return result
    result = scanner.scan(order)
    if options.format == "json":
        render.write(options, json_text(result))
    elif options.format == "text":
        from dreamscape.cli.scan_table import scan_text

        render.write(options, scan_text(result, top))
    else:
        from dreamscape.cli import scan_exports

        render.write(options, scan_exports.written(options.format, result, top, limit))
    return result


def _watched(options: Options, project: Project, order: Order) -> int:
    """Writes a ranking after every save that changes it; the signal that ends it is told where all errors are."""
    import sys

    from dreamscape import bootstrap
    from dreamscape.cli import render

    for result in bootstrap.build_scanner(project).watch(order):
        if options.format == "json":
            render.write(options, json_text(result).replace(b"\n", b""))
        else:
            from dreamscape.cli.scan_table import scan_text

            render.write(options, scan_text(result, project.loaded.settings.scan.top) + "\n")
        sys.stdout.flush()
    return 0


def _name_those_over(limit: float, files: Iterable[FileRow | FileChange]) -> bool:
    """Says on stderr which files are over the limit; whether there are any."""
    from dreamscape.cli.render import one_line

    over = [row for row in files if row.impact > limit]
    for row in over:
        logger.error("%s: impact %s is over %g", one_line(row.path), row.impact, limit)
    return bool(over)


def _answer(options: Options, project: Project, why_ignored: Path | None, explain: str | None, *, learn: bool) -> None:
    """What was asked instead of a ranking; how well it would have done where it is none of these."""
    from dreamscape import bootstrap
    from dreamscape.cli import render, scan_words
    from dreamscape.cli.place import from_here

    if why_ignored is not None:
        exclusion = bootstrap.build_scanner(project).why_ignored(from_here(why_ignored, project.root))
        render.show(options, "why-ignored", exclusion, lambda: scan_words.exclusion_text(why_ignored, exclusion))
    elif explain is not None:
        reasons = bootstrap.build_scanner(project).explain(str(from_here(explain, project.root)))
        render.show(options, "scan-explain", reasons, lambda: scan_words.explained_text(reasons))
    elif learn:
        learned = bootstrap.build_past(project).learn()
        render.show(options, "scan-learn", learned, lambda: scan_words.learned_text(learned))
    else:
        replayed = bootstrap.build_past(project).backtest()
        render.show(options, "scan-backtest", replayed, lambda: scan_words.backtest_text(replayed))


def _opened(options: Options, flags: dict[str, object], ignore: list[str]) -> Project:
    """The project with this call's flags; patterns of the command line join those of the configuration."""
    from dreamscape import bootstrap
    from dreamscape.cli.place import say_project

    project = bootstrap.open_project(options.project, options.config, flags)
    say_project(options, project.root)
    if not ignore:
        return project
    patterns = [*project.loaded.settings.scan.ignore, *ignore]
    return bootstrap.open_project(options.project, options.config, {**flags, "scan.ignore": patterns})


def json_text(result: ScanResult) -> bytes:
    """The whole result as one JSON object, a file to a line, so that two scans can be compared by lines.

    Each row brings its own text, since a large project has tens of thousands of functions. Notes are for people
    alone.
    """
    from json import JSONEncoder

    from dreamscape.domain.rows import fields

    encode = JSONEncoder(ensure_ascii=False).encode
    skipped = ",\n  ".join(encode(fields(row)) for row in result.skipped)
    before = f'{{"schema": "dreamscape.scan/1",\n"project": {encode(result.project)},\n"files": [\n  '
    behind = (
        f'\n],\n"skipped": [\n  {skipped}\n],\n'
        f'"graph": {encode(fields(result.graph))},\n"cache": {encode(fields(result.cache))},\n'
        f'"seconds": {encode(result.seconds)}}}'
    )
    return b"".join(
        [before.encode("utf-8", "backslashreplace"), result.files.json, behind.encode("utf-8", "backslashreplace")]
    )
