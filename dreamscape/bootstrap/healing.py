"""Joins the stations that repair."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.bootstrap import (
    FILE_SIGNALS,
    STATE_FOLDER,
    Project,
    build_models,
    build_scanner,
    clock,
    opened_history,
)
from dreamscape.bootstrap.reporting import remember_scan
from dreamscape.domain.errors import CannotGoOn, UsageError

if TYPE_CHECKING:
    from dreamscape.agent import TestAgent
    from dreamscape.agent.sandbox import Sandbox
    from dreamscape.domain.models import ModelCard
    from dreamscape.domain.ports import History, Models, Proposer
    from dreamscape.domain.records import HealReport, Plan
    from dreamscape.engine import RepositoryLander
    from dreamscape.scanner import ProjectScanner
    from dreamscape.tools.git import Git

logger = logging.getLogger(__name__)

SHORTEST_SUITE_S = 60.0
"""One run of the suite may take so long even if the whole heal run may take less (chosen)."""


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


def heal(project: Project, approve: Callable[[Plan], bool], model: str = "") -> HealReport:
    """One heal run, alone on its project; old runs are pruned when it ends. Only ``model`` is asked, if one is named.

    Raises UsageError for a model that may not be asked, RunLocked where another run works here, CannotGoOn where
    something the work needs is missing.
    """
    from dreamscape.tools.files import state_folder
    from dreamscape.tools.locks import project_lock

    began = time.monotonic()
    build_models(project, model)  # refuses a wrong card before any work
    git = repository(project)
    state_folder(project.root)
    with project_lock(project.root), opened_history(project) as history:
        try:
            return _heal(project, git, history, approve, began, model)
        finally:
            tidy_up(project, history)


def tidy_up(project: Project, history: History) -> None:
    """Leaves word for the next scan and prunes old runs; a full disk does not keep a run from telling what it did."""
    import json

    from dreamscape.domain.errors import DiskFull
    from dreamscape.engine import file_signals
    from dreamscape.tools.files import atomic_write

    signals = json.dumps(file_signals(history.events()), sort_keys=True, indent=0).encode()
    try:
        atomic_write(project.root / STATE_FOLDER / FILE_SIGNALS, signals, private=True)
        history.prune(project.loaded.settings.heal.keep_runs)
    except DiskFull as error:
        logger.warning("%s", error)


def _heal(
    project: Project,
    git: Git | None,
    history: History,
    approve: Callable[[Plan], bool],
    began: float,
    model: str,
) -> HealReport:
    from dreamscape.bootstrap.asking import build_client, build_ledger
    from dreamscape.engine import AutomationEngine, RepositoryLander, Solver, known_repairs, rejected_changes

    settings = project.loaded.settings.heal
    sandbox = open_sandbox(project)
    scanner = build_scanner(project)
    scan = scanner.scan()
    remember_scan(history, scan)
    run = new_run()
    lander = RepositoryLander(project.root, git, settings.land, run, git.head() if git else None)
    scanned = [row.path for row in scan.files] + [skipped.path for skipped in scan.skipped]
    ledger = build_ledger(project)
    known = known_repairs(history, git, project.root)
    models = build_models(project, model, ledger, scan.measures_at, lambda item: bool(known(item)))
    notes = [f"sandbox: {sandbox.level.value}", *_unseen(git), *_above(project.root), *_unasked(project, models)]
    with build_client(project, ledger) as client:
        engine = AutomationEngine(
            build_agent(project, sandbox, git, lander, scanned),
            models,
            lander,
            history,
            Solver(_proposer_of(known), client, rejected_changes(history, git, project.root)),
            scan.impact_of,
            clock,
            settings,
            lambda path: _known_of(scanner, path),
        )
        return engine.heal(run, lander.base, approve, sandbox.level.value, notes, began)


def build_agent(
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
    patience = min(settings.test_timeout_s, longest / 2)  # a test that hangs must be told from a suite that is slow
    return TestAgent(sandbox, interpreter, base, replace(settings, suite_timeout_s=longest, test_timeout_s=patience))


def repository(project: Project) -> Git | None:
    """The repository heal lands in, checked before any work; None only where patches are wanted and there is none."""
    from dreamscape.domain.errors import NotARepository
    from dreamscape.tools.git import Git
    from dreamscape.tools.git_process import is_installed

    mode, git = project.loaded.settings.heal.land, Git.find(project.root)
    if mode not in ("branch", "commit", "patch"):
        raise UsageError(f"repairs land as branch, commit or patch, not {mode!r}")
    if git is None or git.is_bare or git.head() is None:
        if git is None and mode == "patch":
            return None
        if git is None and not is_installed():
            raise CannotGoOn("there is no git program on this machine's PATH", "install git, or use --land patch")
        if git is None:
            what, hint = "is no git repository", "git init and commit once, or use --land patch"
        elif git.is_bare:
            what, hint = "is a bare repository, which has no files to test", "run this in a clone of it"
        else:
            what, hint = "has no commit yet, and repairs rest on one", "commit once"
        raise NotARepository(f"{project.root} {what}", hint)
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
    if git is None:
        return []
    state = git.base_state()
    dirty = list(state.overrides)
    unseen = [f"uncommitted edits are not seen: {', '.join(dirty[:3])}" + (" ..." if len(dirty) > 3 else "")]
    return [*(unseen if dirty else []), *state.notes]


def _unasked(project: Project, models: Models) -> Iterator[str]:
    """Models that their cards enable, and the budget does not allow."""
    budget = project.loaded.settings.budget
    names = [card.name for card in models.cards() if card.enabled and card.is_outside]
    if names and not budget.allows_asking:
        yield f"not asked for want of a budget: {', '.join(names)} (set budget.calls_per_day in your own configuration)"


def _above(root: Path) -> Iterator[str]:
    """Conftest files that a pytest by hand would heed."""
    for folder in root.parents:
        if (folder / "conftest.py").is_file():
            yield f"overruled for the run: a conftest.py above the project ({folder})"


def _proposer_of(known: Callable[[str], Sequence[str]]) -> Callable[[ModelCard], Proposer]:
    """Who works on an item for a model: what is ``known`` to have repaired its fingerprint before, the repairer, or the
    loop around a model that answers in words."""
    from dreamscape.agent.prompted import PromptedLoop
    from dreamscape.agent.remembered import Remembered
    from dreamscape.registry.escalation import context_level, may_try_again
    from dreamscape.repairer import Repairer
    from dreamscape.settings import shipped_file

    template = shipped_file("prompts/repair.md").read_text("utf-8")

    def proposer_of(card: ModelCard) -> Proposer:
        match card.provider:
            case "remembered":
                return Remembered(known)
            case "embedded":
                return Repairer()
            case _:
                return PromptedLoop(card, template, may_try_again, context_level)

    return proposer_of


def _known_of(scanner: ProjectScanner, path: str) -> tuple[str, ...]:
    """What the scan says of a file, its functions that no test reaches included; nothing of one it does not know."""
    try:
        told = scanner.explain(path)
    except UsageError:
        return ()
    untested = f"{told.functions - told.tested} of its {told.functions} functions are reached by no test"
    return (*told.sentences, untested) if told.tested < told.functions else told.sentences


def new_run() -> str:
    """A name that sorts by time and is never given twice."""
    import secrets

    return f"{clock():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
