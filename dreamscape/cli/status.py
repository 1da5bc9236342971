"""``dreamscape status``: where the project stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.cli.amounts import dollars
from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.records import RunRecord
    from dreamscape.domain.spending import Left

app = new_app()


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run in short; ``states`` counts its items by how they ended."""

    id: str
    command: str
    started: datetime
    ended: datetime | None
    exit_code: int | None
    branch: str | None
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class Working:
    """The process that holds the project's lock."""

    pid: int | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a project stands; money in USD over all projects, "today" in UTC; ``heal_branches`` are not merged yet;
    ``budget`` has each limit that is set, and what it leaves: that of a call, an item or a run to each new one;
    ``rations`` what is left of this hour to models, by name, whose cards bound it."""

    project: Path
    last_run: LastRun | None
    working: Working | None
    open_reviews: int
    usd_spent_today: float
    usd_left_today: float
    heal_branches: tuple[str, ...]
    budget: tuple[Left, ...]
    rations: tuple[Left, ...]


@command(app)
def status(options: Options) -> int:
    """Show the last run, what waits for you, what may be spent.

    Also which process works on the project now, and which heal branches are not merged yet.

    Example: dreamscape status --json
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap.asking import rations, spent_and_left
    from dreamscape.cli import render
    from dreamscape.tools.git import Git
    from dreamscape.tools.locks import lock_holder

    project = bootstrap.open_project(options.project, options.config)
    with bootstrap.history_if_any(project) as history:
        runs = history.runs() if history else ()
        waiting = history.reviews("open") if history else ()
    holder, git = lock_holder(project.root), Git.find(project.root)
    booked, left = spent_and_left(project)
    spent = max(_spent_on(bootstrap.clock(), runs), booked.usd)
    value = Status(
        project=project.root,
        last_run=_in_short(runs[0]) if runs else None,
        working=Working(holder.pid, holder.since) if holder else None,
        open_reviews=len(waiting),
        usd_spent_today=spent,
        usd_left_today=_usd_left(left),
        heal_branches=tuple(sorted(git.unmerged_branches())) if git else (),
        budget=left,
        rations=rations(project),
    )
    render.show(options, "status", value, lambda: _text(value))
    return 0


def _usd_left(budget: Sequence[Left]) -> float:
    """By the limits of day and month together; without any no money may be spent."""
    return min((cap.left for cap in budget if cap.key in ("usd_per_day", "usd_per_month")), default=0.0)


def _in_short(run: RunRecord) -> LastRun:
    ended = [item.state.value for item in run.items]
    states = {state: ended.count(state) for state in dict.fromkeys(ended)}
    return LastRun(run.id, run.command, run.started, run.ended, run.exit_code, run.branch, states)


def _spent_on(day: datetime, runs: Sequence[RunRecord]) -> float:
    today = (run for run in runs if run.started.date() == day.date())
    return sum(item.cost_usd for run in today for item in run.items)


def _text(value: Status) -> str:
    lines = [f"project        {value.project}", f"last run       {_last_run(value)}"]
    if value.working:
        lines.append(f"working now    process {value.working.pid or 'unknown'}")
    plural = "" if value.open_reviews == 1 else "s"
    lines.append(f"for you        {value.open_reviews} open review{plural}" + (_SEE if value.open_reviews else ""))
    lines.append(f"budget today   {_budget(value)}")
    lines += [f"{'':<14} {_number(cap.left)} of {cap.key} {_number(cap.limit)} left{_to(cap)}" for cap in value.budget]
    lines += [
        f"{'':<14} {each.left:.0f} of {each.limit:.0f} calls left to {each.key} this hour" for each in value.rations
    ]
    return "\n".join([*lines, *(f"not merged     {branch}" for branch in value.heal_branches)])


def _budget(value: Status) -> str:
    """No limit in money allows none, which is something else than a limit that is used up."""
    keys, spent = [cap.key for cap in value.budget], dollars(value.usd_spent_today)
    if not keys:
        return f"none is set, so that no model outside is asked; {spent} USD spent"
    if not any(key.startswith("usd") for key in keys):
        return f"no money is allowed, {spent} USD spent"
    if "usd_per_day" in keys or "usd_per_month" in keys:
        return f"{dollars(value.usd_left_today)} USD left, {spent} spent"
    return f"no limit for a day, {spent} USD spent"


def _to(cap: Left) -> str:
    """Whom a limit that begins anew leaves it to."""
    span = cap.key.partition("_per_")[2]
    return f" to each {span}" if cap.left and span in ("call", "item", "run") else ""


def _number(value: float) -> str:
    """Money with its cents; calls and tokens are whole."""
    return f"{value:.0f}" if value.is_integer() else dollars(value)


_SEE = ": dreamscape review list"


def _last_run(value: Status) -> str:
    run = value.last_run
    if run is None:
        return "none yet: dreamscape heal"
    counted = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in run.states.items())
    counted = counted or ("nothing to do" if run.exit_code == 0 else "no case finished")
    match run.ended, value.working:
        case None, None:
            end = "did not end"
        case None, _:
            end = "is working"
        case _:
            end = f"exit code {run.exit_code}"
    return f"{run.id}, {run.started:%Y-%m-%d %H:%M} UTC, {end}: {counted}"
