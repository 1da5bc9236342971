"""Joins the stations: each function imports what it builds and hands it its own section of the settings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.events import Event, EventKind

if TYPE_CHECKING:
    from dreamscape.agent import TestAgent
    from dreamscape.agent.sandbox import Sandbox
    from dreamscape.domain.models import ModelCard
    from dreamscape.domain.ports import History, Models, Proposer
    from dreamscape.domain.records import HealReport, LandingRecord, Plan, ReviewCase, RunRecord
    from dreamscape.domain.repair import Landing
    from dreamscape.engine import RepositoryLander
    from dreamscape.publishing import Devlog
    from dreamscape.scanner import ProjectScanner
    from dreamscape.scanner.past import ProjectPast
    from dreamscape.settings import Loaded
    from dreamscape.tools.git import Git

STATE_FOLDER, DATABASE = ".dreamscape", "dreamscape.db"
SHORTEST_SUITE_S = 60.0
"""One run of the suite may take so long even if the whole heal run may take less (chosen)."""

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
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise UsageError("the current folder does not exist any more", "go to another, or use --project") from error
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
    from dreamscape.engine.diffs import change_id

    if case.state != "open":
        raise UsageError(f"review {case.id} was {case.state} before")
    history.close_review(case.id, "rejected")
    data = {"review": case.id, "tests": list(case.item.tests), "why": "a person said no"}
    data["change"] = change_id(case.item.diff)
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


def build_scanner(project: Project) -> ProjectScanner:
    """Ranks a project's files; where its state cannot be written, without a memory, and it says so."""
    from dreamscape.scanner import ProjectScanner

    cache = project.root / STATE_FOLDER / "scan-cache.db"
    return ProjectScanner(project.root, project.loaded.settings.scan, cache=cache)


def build_past(project: Project) -> ProjectPast:
    """What a project's own history says about its ranking."""
    from dreamscape.scanner.past import ProjectPast

    return ProjectPast(project.root, project.loaded.settings.scan, project.root / STATE_FOLDER)


def build_models(project: Project) -> Models:
    """The models that may be asked: the shipped cards, and the user's over them."""
    from dreamscape.registry import ModelRegistry
    from dreamscape.registry.cards import load_cards
    from dreamscape.settings import shipped_file, user_file

    cards = load_cards(shipped_file("models.toml"), user_file("models.toml"))
    return ModelRegistry(cards, project.loaded.settings.budget)


def open_sandbox(project: Project) -> Sandbox:
    """The strongest sandbox there is for a project, in which the rest of its repository can be read, too.

    Raises SandboxMissing.
    """
    from dreamscape.agent import sandbox
    from dreamscape.agent.sandbox_prefixes import may_be_shown
    from dreamscape.tools.git import Git

    opened = sandbox.open_sandbox(project.root, project.loaded.settings.sandbox)
    git = Git.find(project.root)
    if git is None or git.is_bare or git.root == project.root or not may_be_shown(git.root):
        return opened
    return opened.reading([git.root])


def project_python(project: Project, sandbox: Sandbox) -> tuple[Path, str]:
    """The interpreter the project's tests run in, and its version of pytest, asked inside the sandbox.

    Raises UsageError for an interpreter that is none, PytestMissing.
    """
    from dreamscape.agent.interpreter import find_interpreter, probe_interpreter

    found, _ = probe_interpreter(sandbox, find_interpreter(project.root, project.loaded.settings.heal.python))
    return found.executable, str(found.pytest)


def heal(project: Project, approve: Callable[[Plan], bool]) -> HealReport:
    """One heal run, alone on its project; old runs are pruned when it ends.

    Raises RunLocked where another run works here, CannotGoOn where something the work needs is missing.
    """
    from dreamscape.tools.files import state_folder
    from dreamscape.tools.locks import project_lock

    git = _repository(project)
    state_folder(project.root)
    with project_lock(project.root), opened_history(project) as history:
        try:
            return _heal(project, git, history, approve)
        finally:
            history.prune(project.loaded.settings.heal.keep_runs)


def _heal(project: Project, git: Git | None, history: History, approve: Callable[[Plan], bool]) -> HealReport:
    from dreamscape.client import OpenAIClient
    from dreamscape.engine import AutomationEngine, RepositoryLander, Solver, rejected_changes

    settings = project.loaded.settings.heal
    sandbox = open_sandbox(project)
    scan = build_scanner(project).scan()
    run = _new_run()
    lander = RepositoryLander(project.root, git, settings.land, run, git.head() if git else None)
    scanned = [row.path for row in scan.files] + [skipped.path for skipped in scan.skipped]
    engine = AutomationEngine(
        _test_agent(project, sandbox, git, lander, scanned),
        build_models(project),
        lander,
        history,
        Solver(_proposer_of(), OpenAIClient(), rejected_changes(history, git, project.root)),
        scan.impact_of,
        clock,
        settings,
    )
    notes = [f"sandbox: {sandbox.level.value}", *_unseen(git)]
    return engine.heal(run, lander.base, approve, sandbox.level.value, notes)


def accept_review(project: Project, history: History, case: ReviewCase) -> Landing:
    """A person's yes to a proposed change: proven once more, then landed.

    Raises UsageError where there is nothing to accept, CannotGoOn where the change no longer applies or holds.
    """
    from dreamscape.agent import may_be_repaired
    from dreamscape.domain.records import LandingRecord
    from dreamscape.engine import RepositoryLander
    from dreamscape.engine.acceptance import accept
    from dreamscape.tools.locks import project_lock

    if forbidden := [path for path in case.item.files if not may_be_repaired(path)]:
        raise CannotGoOn(
            f"{forbidden[0]} is a test or decides how tests run, and is never changed", "change it by hand"
        )
    git = _repository(project)
    if git is None:
        raise CannotGoOn("reviews are accepted in a git repository only", "apply the shown change by hand")
    mode, run = project.loaded.settings.heal.land, _new_run()
    with project_lock(project.root):
        base = git.head()
        lander = RepositoryLander(project.root, git, mode, run, base)
        landing = accept(case, git, _test_agent(project, open_sandbox(project), git, lander, ()), lander, run)
        history.save_landing(
            LandingRecord(
                id=0,
                run=case.run,
                item=case.item.id,
                fingerprint=case.item.fingerprint,
                mode=mode,
                ref=landing.ref,
                commit=landing.commit,
                before=base,
                files=landing.files,
                at=clock(),
            )
        )
        history.close_review(case.id, "accepted")
        data = {"review": case.id, "tests": list(case.item.tests), "commit": landing.commit, "files": landing.files}
        history.add_event(Event(EventKind.REVIEW_ACCEPTED, clock(), case.run, case.item.id, data))
    return landing


def _test_agent(
    project: Project, sandbox: Sandbox, git: Git | None, lander: RepositoryLander, scanned: Iterable[str]
) -> TestAgent:
    """``scanned`` are the files a repair may change where git does not tell which are the project's own."""
    from dreamscape.agent import Base, TestAgent, may_be_repaired
    from dreamscape.agent.interpreter import find_interpreter, probe_interpreter

    settings = project.loaded.settings.heal
    interpreter, sandbox = probe_interpreter(sandbox, find_interpreter(project.root, settings.python))
    known = git.tracked(lander.base) if git and lander.base else scanned
    editable = [path for path in known if may_be_repaired(path, settings.protected)]
    base = Base(project.root, lambda: git.base_against(lander.base) if git and lander.base else {}, editable)
    longest = min(settings.suite_timeout_s, max(SHORTEST_SUITE_S, settings.max_minutes * 60))
    return TestAgent(sandbox, interpreter, base, replace(settings, suite_timeout_s=longest))


def _repository(project: Project) -> Git | None:
    """The repository heal lands in, checked before any work; None only where patches are wanted and there is none."""
    from dreamscape.domain.errors import NotARepository
    from dreamscape.tools.git import Git

    mode, git = project.loaded.settings.heal.land, Git.find(project.root)
    if mode not in ("branch", "commit", "patch"):
        raise UsageError(f"repairs land as branch, commit or patch, not {mode!r}")
    if git is None or git.is_bare or git.head() is None:
        what = "is no git repository" if git is None else "is a bare repository" if git.is_bare else "has no commit yet"
        if git is None and mode == "patch":
            return None
        raise NotARepository(f"{project.root} {what}, and repairs land on commits", "commit once, or use --land patch")
    if any(path.startswith(f"{STATE_FOLDER}/") for path in git.tracked()):
        raise CannotGoOn(
            f"git tracks files in {STATE_FOLDER}/, which came with the project and are no memory of ours",
            f"git rm -r --cached {STATE_FOLDER}, and delete the folder",
        )
    if mode == "commit" and (git.branch() is None or git.dirty()):
        what = "HEAD is detached" if git.branch() is None else f"{len(git.dirty())} files have uncommitted edits"
        raise CannotGoOn(f"--land commit needs a clean tree on a branch, and {what}", "use --land branch")
    return git


def _unseen(git: Git | None) -> list[str]:
    """What of the working tree the run does not see, in words."""
    dirty = git.dirty() if git else ()
    if not dirty:
        return []
    return [f"uncommitted edits are not seen: {', '.join(dirty[:3])}" + (" ..." if len(dirty) > 3 else "")]


def _proposer_of() -> Callable[[ModelCard], Proposer]:
    """Who works on an item for a model: the repairer, or the loop around a model that answers in words."""
    from dreamscape.agent.prompted import PromptedLoop
    from dreamscape.repairer import Repairer
    from dreamscape.settings import shipped_file

    template = shipped_file("prompts/repair.md").read_text("utf-8")
    return lambda card: Repairer() if card.provider == "embedded" else PromptedLoop(card, template)


def _new_run() -> str:
    """A name that sorts by time and is never given twice."""
    import secrets

    return f"{clock():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def make_demo(folder: str | None) -> Path:
    """Makes the demo's project, in a new temporary folder unless one is named. Raises UsageError, CannotGoOn."""
    import tempfile

    from dreamscape.engine.demo import make_demo as make
    from dreamscape.settings import shipped_file

    root = Path(folder).resolve() if folder else Path(tempfile.mkdtemp(prefix="dreamscape-demo-")) / "larder"
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(f"{root} is not empty", "--into takes a new folder")
    root.mkdir(parents=True, exist_ok=True)
    make(root, shipped_file("demo"), clock())
    return root


def release_demo(root: Path, branch: str) -> None:
    """Merges what healed the demo's project, and tags it as a release."""
    from dreamscape.engine.demo import merge, tag

    merge(root, branch)
    tag(root, "v0.2.0", clock())
