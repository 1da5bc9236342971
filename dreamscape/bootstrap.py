"""Joins the stations: each function imports what it builds and hands it its own section of the settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.events import Event, EventKind

if TYPE_CHECKING:
    from dreamscape.agent.sandbox import Sandbox
    from dreamscape.domain.ports import History, Models, Scanner
    from dreamscape.domain.records import LandingRecord, ReviewCase, RunRecord
    from dreamscape.publishing import Devlog
    from dreamscape.settings import Loaded

STATE_FOLDER, DATABASE = ".dreamscape", "dreamscape.db"
MANY = 1_000_000
"""All runs there may be; old ones are pruned long before."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as a command finds it: ``root`` is absolute, ``loaded`` its settings with the origin of each."""

    root: Path
    loaded: Loaded


def clock() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)


def find_project(asked: Path | None) -> Path:
    """The project's folder: the one asked for, else the git root above the current folder, else that folder."""
    if asked is not None:
        if not asked.is_dir():
            raise UsageError(f"there is no folder {asked}", "--project takes the folder of a project")
        return asked.resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def open_project(asked: Path | None, config: Path | None, flags: Mapping[str, object] | None = None) -> Project:
    """Finds the project and reads its settings; ``flags`` maps ``section.key`` to what the command line says."""
    from dreamscape.settings import load_settings

    root = find_project(asked)
    return Project(root, load_settings(root, config, flags or {}))


def database(root: Path) -> Path:
    """Where a project's memory lies, there or not."""
    return root / STATE_FOLDER / DATABASE


@contextlib.contextmanager
def opened_history(project: Project) -> Iterator[History]:
    """The memory of all runs of a project while the block runs; made if there is none yet."""
    from dreamscape.store import open_store
    from dreamscape.tools.files import state_folder

    with open_store(state_folder(project.root) / DATABASE) as store:
        yield store


@contextlib.contextmanager
def history_if_any(project: Project) -> Iterator[History | None]:
    """For commands that only look: None where nothing has been remembered yet, and nothing is made."""
    if not database(project.root).exists():
        yield None
        return
    with opened_history(project) as history:
        yield history


def build_devlog(project: Project, history: History) -> Devlog:
    """Tells what happened to a project."""
    from dreamscape.publishing import Devlog

    return Devlog(project.root, history, clock)


def run_called(history: History | None, name: str) -> RunRecord:
    """A run by its name, the beginning of it, or "last". Raises UsageError where there is no such run."""
    runs = history.runs(MANY) if history else ()
    if name == "last" and runs:
        return runs[0]
    exact = history.run(name) if history else None
    found = [exact] if exact else [run for run in runs if run.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    several = f"{len(found)} runs begin with {name!r}" if found else f"there is no run {name!r}"
    raise UsageError(several, "'dreamscape runs list' shows them")


def review_numbered(history: History | None, number: int) -> ReviewCase:
    """A review case by its number. Raises UsageError where there is none."""
    found = next((case for case in (history.reviews() if history else ()) if case.id == number), None)
    if found is None:
        raise UsageError(f"there is no review {number}", "'dreamscape review list --all' shows them")
    return found


def reject_review(history: History, case: ReviewCase) -> None:
    """A person's no to a proposed change, remembered. Raises UsageError where it was decided before."""
    if case.state != "open":
        raise UsageError(f"review {case.id} was {case.state} before")
    history.close_review(case.id, "rejected")
    data = {"review": case.id, "tests": list(case.item.tests), "why": "a person said no"}
    history.add_event(Event(EventKind.REVIEW_REJECTED, clock(), case.run, case.item.id, data))


def undo_run(project: Project, history: History, run: RunRecord) -> Iterator[tuple[LandingRecord, str]]:
    """Takes back what a run landed, the newest first; yields each landing with a sentence once it is remembered.

    Raises CannotGoOn naming what is in the way, RunLocked.
    """
    from dreamscape.engine.undo import undo
    from dreamscape.tools.git import Git
    from dreamscape.tools.locks import project_lock

    with project_lock(project.root):
        landed = [landing for landing in history.landings(run.id) if landing.undone is None]
        if not landed:
            raise CannotGoOn(f"run {run.id} has landed nothing that could be taken back")
        for landing, how in undo(project.root, Git.find(project.root), landed):
            history.mark_undone(landing.id, clock())
            data = {"why": how, "commit": landing.commit, "files": list(landing.files)}
            history.add_event(Event(EventKind.LANDING_UNDONE, clock(), run.id, landing.item, data))
            yield landing, how


def config_places(root: Path, config: Path | None) -> tuple[Path, ...]:
    """The files settings may come from, the strongest first, whether they are there or not."""
    from dreamscape.settings import user_file

    places = (root / "dreamscape.toml", root / "pyproject.toml", config or user_file("config.toml"))
    return tuple(place for place in places if place is not None)


def build_scanner(project: Project) -> Scanner:
    """Ranks a project's files; where its state cannot be written, without a memory."""
    from dreamscape.scanner import ProjectScanner
    from dreamscape.tools.files import state_folder

    try:
        cache = state_folder(project.root) / "scan.db"
    except CannotGoOn:
        cache = None
    return ProjectScanner(project.root, project.loaded.settings.scan, cache=cache)


def build_models(project: Project) -> Models:
    """The models that may be asked: the shipped cards, and the user's over them."""
    from dreamscape.registry import ModelRegistry
    from dreamscape.registry.cards import load_cards
    from dreamscape.settings import shipped_file, user_file

    cards = load_cards(shipped_file("models.toml"), user_file("models.toml"))
    return ModelRegistry(cards, project.loaded.settings.budget)


def open_sandbox(project: Project) -> Sandbox:
    """The strongest sandbox there is for a project. Raises SandboxMissing."""
    from dreamscape.agent import sandbox

    return sandbox.open_sandbox(project.root, project.loaded.settings.sandbox)


def project_python(project: Project, sandbox: Sandbox) -> tuple[Path, str]:
    """The interpreter the project's tests run in, and its version of pytest, asked inside the sandbox.

    Raises UsageError for an interpreter that is none, PytestMissing.
    """
    from dreamscape.agent.interpreter import find_interpreter, probe_interpreter

    found, _ = probe_interpreter(sandbox, find_interpreter(project.root, project.loaded.settings.heal.python))
    return found.executable, str(found.pytest)
