"""Joins the stations for what a person decides about repairs: reviews accepted or rejected, runs undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dreamscape.bootstrap import MANY, Project, clock, named
from dreamscape.bootstrap.healing import build_agent, new_run, open_sandbox, repository, tidy_up
from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.events import Event, EventKind

if TYPE_CHECKING:
    from dreamscape.domain.ports import History
    from dreamscape.domain.records import HealReport, ReviewCase, Undone


def reject_review(history: History, case: ReviewCase) -> None:
    """A person's no to a proposed change, remembered. Raises UsageError where it was decided before."""
    from dreamscape.engine.diffs import change_id

    if case.state != "open":
        raise UsageError(f"review {case.id} was {case.state} before")
    history.close_review(case.id, "rejected")
    data = {"review": case.id, "tests": list(case.item.tests), "why": "a person said no"}
    data["change"] = change_id(case.item.diff)
    history.add_event(Event(EventKind.REVIEW_REJECTED, clock(), case.run, case.item.id, data))


def undo_run(project: Project, history: History, name: str) -> Iterator[Undone]:
    """Takes back what a run landed, the newest first; yields each landing once its end is remembered.

    ``name`` is a run's name, its beginning, or "last": the last run whose landings have not been taken back. Raises
    UsageError for an unknown run, CannotGoOn naming what is in the way, RunLocked.
    """
    from dreamscape.domain.records import Undone
    from dreamscape.engine.rejections import remember_undone
    from dreamscape.engine.undo import undo
    from dreamscape.tools.git import Git
    from dreamscape.tools.locks import project_lock

    with project_lock(project.root):
        standing = [landing for landing in reversed(history.landings()) if landing.undone is None]
        landed_in = dict.fromkeys(landing.run for landing in standing)
        if name == "last" and not landed_in:
            raise CannotGoOn("no run has landed anything that could be taken back")
        run = named(name, landed_in | dict.fromkeys(each.id for each in history.runs(MANY)))
        landed = [landing for landing in standing if landing.run == run]
        if not landed:
            raise CannotGoOn(f"run {run} has landed nothing that could be taken back")
        try:
            for landing, how in undo(project.root, Git.find(project.root), landed):
                review = remember_undone(history, landing, how, clock())
                data = {"why": how, "commit": landing.commit, "files": list(landing.files)}
                history.add_event(Event(EventKind.LANDING_UNDONE, clock(), run, landing.item, data))
                yield Undone(landing, how, review)
        finally:
            tidy_up(project, history)


def accept_review(project: Project, history: History, case: ReviewCase) -> HealReport:
    """A person's yes to a proposed change: proven once more, then landed, as a run of its own.

    Raises UsageError where there is nothing to accept, CannotGoOn where the change no longer applies or holds.
    """
    from dreamscape.agent import may_be_repaired
    from dreamscape.engine import RepositoryLander, RunBook
    from dreamscape.engine.acceptance import accept
    from dreamscape.tools.locks import project_lock

    if forbidden := [path for path in case.item.files if not may_be_repaired(path)]:
        raise CannotGoOn(
            f"{forbidden[0]} is a test or decides how tests run, and is never changed", "change it by hand"
        )
    git = repository(project)
    if git is None:
        raise CannotGoOn("reviews are accepted in a git repository only", "apply the shown change by hand")
    mode, run = project.loaded.settings.heal.land, new_run()
    with project_lock(project.root):
        lander = RepositoryLander(project.root, git, mode, run, git.head())
        sandbox = open_sandbox(project)
        agent = build_agent(project, sandbox, git, lander, ())
        book = RunBook(run, lander.base, mode, history, clock, command="review")
        try:
            return accept(case, git, agent, lander, history, book, sandbox.level.value)
        finally:
            tidy_up(project, history)
