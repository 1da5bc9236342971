"""``dreamscape heal``: failing tests repaired, proven and landed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.amounts import dollars
from dreamscape.cli.context import Options, command, new_app
from dreamscape.cli.next_steps import next_steps

if TYPE_CHECKING:
    from dreamscape.domain.records import HealReport, ItemReport, Plan
    from dreamscape.domain.runs import Tally

app = new_app()

SHOWN = ("landed", "review", "unsolved", "awaiting_merge", "rolled_back", "flaky", "environment", "skipped", "deferred")

DECLINED = "nothing is changed: the plan was not approved"

_SKIPPED = {
    "run": None,
    "baseline": None,
    "final": None,
    "items": [],
    "cost_usd": 0.0,
    "seconds": 0.0,
    "branch": None,
    "exit_code": 0,
    "notes": ["another run works on this project"],
    "mode": None,
    "patches": [],
    "answers": 0,
}
"""A report's shape without a run."""


@command(app)
def heal(
    options: Options,
    auto: Annotated[bool, typer.Option("--auto", help="Never ask; for cron and CI.")] = False,
    land: Annotated[str | None, typer.Option(metavar="branch|commit|patch", help="Where repairs land.")] = None,
    python: Annotated[str | None, typer.Option(metavar="FILE", help="The project's interpreter.")] = None,
    max_minutes: Annotated[float | None, typer.Option(metavar="N", help="When to stop (default: 60).")] = None,
    if_locked: Annotated[str, typer.Option(metavar="fail|skip", help="What to do if another run works here.")] = "fail",
    model: Annotated[str, typer.Option(metavar="NAME", help="Ask this model alone.")] = "",
    sandbox: Annotated[str | None, typer.Option(metavar="auto|none", help="How project code is confined.")] = None,
) -> int:
    """Repair failing tests: find the fault, prove the repair, land it on a branch; the hard ones wait for you.

    Example: dreamscape heal --auto --max-minutes 30
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import healing
    from dreamscape.cli import render
    from dreamscape.cli.place import say_project
    from dreamscape.domain.errors import DiskFull, RunLocked, UsageError

    if if_locked not in ("fail", "skip"):
        raise UsageError(f"--if-locked takes fail or skip, not {if_locked!r}")
    if not auto and not render.can_ask(options):
        raise UsageError("heal asks before it lands, and nobody is here to answer", "use --auto")
    flags = {
        "heal.land": land,
        "heal.python": _program(python),
        "heal.max_minutes": max_minutes,
        "sandbox.level": sandbox,
    }
    project = bootstrap.open_project(options.project, options.config, flags)
    say_project(options, project.root)
    answers: list[bool] = []
    try:
        report = healing.heal(project, (lambda plan: True) if auto else lambda plan: _is_approved(plan, answers), model)
    except RunLocked as error:
        if if_locked == "fail":
            raise RunLocked(error.message, f"{error.hint}, or pass --if-locked skip to leave quietly") from error
        render.show(options, "heal", _SKIPPED, lambda: "another run is at work on this project: skipped")
        return 0
    try:
        render.show(options, "heal", report, lambda: DECLINED if False in answers else heal_text(report, project.root))
    except DiskFull as error:
        raise DiskFull(error.message, f"the run is kept: dreamscape runs show {report.run}") from error
    return report.exit_code


def _program(typed: str | None) -> str | None:
    """An interpreter's path as it is in the current folder, if it is there; else as typed."""
    is_here = typed is not None and "/" in typed and Path(typed).exists()
    return str(Path.cwd() / str(typed)) if is_here else typed


def _is_approved(plan: Plan, answers: list[bool]) -> bool:
    """Shows the plan and asks; the answer is kept in ``answers``. Nothing to repair is no question."""
    import sys

    from dreamscape.cli.render import ask

    if not plan.items:
        return False
    lines = [f"{_tally(plan.baseline.tally)}; to repair, by impact:"]
    for item in plan.items:
        more = f" and {len(item.case.tests) - 1} more" if len(item.case.tests) > 1 else ""
        lines.append(f"  {item.impact:.2f}  {item.case.failure_class.value:<15} {item.case.tests[0]}{more}")
    lines += [f"  set aside: {aside.failure.test} ({aside.why})" for aside in plan.set_aside]
    sys.stderr.write("\n".join(lines) + "\n")
    answers.append(ask(f"Repair them and land on a {plan.target}?"))
    return answers[-1]


def heal_text(report: HealReport, root: Path) -> str:
    """What a run did to the project in ``root``, for a person."""
    notes = [f"note           {note}" for note in report.notes]
    if not report.items and report.exit_code == 0:
        return "\n".join([f"nothing to do: {_tally(report.baseline)}", *notes])
    lines = [*_items(report.items), "", f"items          {_counted(report.items)}"]
    lines.append(f"tests before   {_tally(report.baseline)}")
    lines.append(f"tests after    {_tally(report.final)}")
    lines.append(f"run            {report.run}, {report.seconds:.0f} s, {_spent(report)}")
    lines += notes
    lines += next_steps(report, root)
    if any(item.state.value in ("review", "unsolved") for item in report.items):
        lines.append("for you        dreamscape review list")
    return "\n".join(lines)


def _counted(items: tuple[ItemReport, ...]) -> str:
    """How many ended how, so that what was left alone is as plain to see as what was done."""
    ended = [item.state.value for item in items]
    counts = [f"{ended.count(state)} {state.replace('_', ' ')}" for state in SHOWN if state in ended]
    return f"{len(items)}: {', '.join(counts)}" if items else "none"


def _items(items: tuple[ItemReport, ...]) -> Iterator[str]:
    for state in SHOWN:
        for item in items:
            if item.state.value == state:
                more = f" and {len(item.tests) - 1} more" if len(item.tests) > 1 else ""
                yield f"{state.replace('_', ' '):<14} {item.tests[0]}{more}"
                yield f"{'':<14} {item.why}"
                if item.model:
                    where = f"{', '.join(item.files)}, " if item.files else ""
                    yield f"{'':<14} {where}{item.model}, {item.attempts} candidates, {item.seconds:.1f} s"


def _spent(report: HealReport) -> str:
    if not report.answers:
        return f"{dollars(report.cost_usd)} USD"
    return f"{dollars(report.cost_usd)} USD for {report.answers} answer{'s' if report.answers > 1 else ''} of models"


def _tally(tally: Tally | None) -> str:
    return f"{tally.passed} passed, {tally.failed} failed, {tally.errors} errors" if tally else "not run"
