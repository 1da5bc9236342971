"""``dreamscape runs``: earlier runs, and what each did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.amounts import dollars
from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.records import ItemReport, RunRecord
    from dreamscape.domain.runs import Tally

app = new_app("Look at earlier runs.", example="dreamscape runs show last")


@command(app, "list")
def list_runs(
    options: Options,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="How many, the newest first.")] = 20,
) -> int:
    """List runs, the newest first.

    Example: dreamscape runs list --limit 5
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    with bootstrap.history_if_any(bootstrap.open_project(options.project, options.config)) as history:
        runs = history.runs(limit) if history else ()
    render.show(options, "runs", {"runs": runs}, lambda: _list_text(runs))
    return 0


@command(app)
def show(
    options: Options,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's name, its beginning, or 'last'.")],
) -> int:
    """Show what a run found and did.

    Example: dreamscape runs show last
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    with bootstrap.history_if_any(bootstrap.open_project(options.project, options.config)) as history:
        record = bootstrap.run_called(history, run)
    render.show(options, "run", record, lambda: _run_text(record))
    return 0


def _list_text(runs: Sequence[RunRecord]) -> str:
    from dreamscape.cli.render import table

    if not runs:
        return "no runs yet"
    rows = ((run.id, run.started, run.exit_code, _landed(run), len(run.items), run.branch) for run in runs)
    return table(("run", "started (UTC)", "exit", "landed", "items", "branch"), rows, right=(2, 3, 4))


def _landed(run: RunRecord) -> str:
    states = [item.state.value for item in run.items]
    undone = f" ({states.count('undone')} undone)" if "undone" in states else ""
    return f"{states.count('landed')}{undone}"


def _run_text(run: RunRecord) -> str:
    ended = f"{run.ended:%Y-%m-%d %H:%M} UTC, exit code {run.exit_code}" if run.ended else "not ended"
    head = [
        f"run       {run.id} ({run.command})",
        f"started   {run.started:%Y-%m-%d %H:%M} UTC",
        f"ended     {ended}",
        f"base      {run.base or '-'}",
        f"branch    {run.branch or '-'}",
        f"sandbox   {run.sandbox or '-'}",
        f"tests     {_tally(run.baseline)} before, {_tally(run.final)} after",
        f"cost      {dollars(run.cost_usd)} USD",
        *(f"note      {note}" for note in run.notes),
    ]
    return "\n".join([*head, *("\n" + _item_text(item) for item in run.items)])


def _tally(tally: Tally | None) -> str:
    return f"{tally.passed} passed, {tally.failed} failed, {tally.errors} errors" if tally else "not known"


def _item_text(item: ItemReport) -> str:
    where = f" in {', '.join(item.files)}" if item.files else ""
    commit = f" ({item.commit[:10]})" if item.commit else ""
    cost = [f"  {item.model}, {item.attempts} candidates, {dollars(item.cost_usd)} USD"] if item.model else []
    tests = [f"  {test}" for test in item.tests]
    return "\n".join([f"{item.state.value}{where}{commit}: {item.why}", *tests, *cost])
