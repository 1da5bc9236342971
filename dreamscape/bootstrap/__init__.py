"""Joins the stations: each function imports what it builds and hands it its own section of the settings."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import UsageError

if TYPE_CHECKING:
    from dreamscape.client.calls import Ledger
    from dreamscape.domain.models import ModelCard
    from dreamscape.domain.ports import History
    from dreamscape.domain.records import ReviewCase, RunRecord
    from dreamscape.publishing import Devlog
    from dreamscape.registry import ModelRegistry
    from dreamscape.scanner import ProjectScanner
    from dreamscape.scanner.past import ProjectPast
    from dreamscape.settings import Loaded

STATE_FOLDER, DATABASE = ".dreamscape", "dreamscape.db"
FILE_SIGNALS = "signals.json"
"""What heal leaves for scan, which must not pay for opening the whole memory: signal -> path -> number."""
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


def project_by_defaults(asked: Path | None) -> Project:
    """The project without any of its settings, for those who look at what is wrong with them."""
    from dreamscape.domain.settings import Settings
    from dreamscape.settings import Loaded

    return Project(find_project(asked), Loaded(Settings(), {}))


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


@contextlib.contextmanager
def existing_history(project: Project) -> Iterator[History]:
    """For commands that change what is remembered. Raises UsageError where nothing is yet, and nothing is made."""
    with history_if_any(project) as history:
        if history is None:
            raise UsageError(f"nothing is remembered of {project.root} yet", "'dreamscape heal' makes the first run")
        yield history


def build_devlog(project: Project, history: History) -> Devlog:
    """Tells what happened to a project."""
    from dreamscape.publishing import Devlog

    return Devlog(project.root, history, clock)


def run_called(history: History | None, name: str) -> RunRecord:
    """A run by its name, the beginning of it, or "last". Raises UsageError where there is no such run."""
    runs = {run.id: run for run in (history.runs(MANY) if history else ())}
    return runs[named(name, runs)]


def named(name: str, runs: Collection[str]) -> str:
    """The run, among these from the newest to the oldest, that is called so, begins so, or is the "last"."""
    found = [run for run in runs if run == name] or [run for run in runs if run.startswith(name)]
    if name == "last":
        found = list(runs)[:1]
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


def config_places(root: Path, config: Path | None) -> tuple[Path, ...]:
    """The files settings may come from, the strongest first, whether they are there or not."""
    from dreamscape.settings import user_file

    places = (root / "dreamscape.toml", root / "pyproject.toml", config or user_file("config.toml"))
    return tuple(place for place in places if place is not None)


def build_scanner(project: Project) -> ProjectScanner:
    """Ranks a project's files; where its state cannot be written, without a memory, and it says so."""
    from dreamscape.scanner import ProjectScanner

    cache = project.root / STATE_FOLDER / "scan-cache.db"
    known = _file_signals(project.root)
    return ProjectScanner(
        project.root,
        project.loaded.settings.scan,
        cache=cache,
        failures=_counts(known.get("failures")),
        repairs=_counts(known.get("repairs")),
        test_seconds=_numbers(known.get("test_seconds")) or None,
        newer=_newer_parser(project),
    )


@dataclass(frozen=True, slots=True)
class _NewerParser:
    """Opens a sandbox around the project's interpreter only when there is something to parse."""

    project: Project
    executable: Path
    version: str

    def trees(self, sources: Mapping[str, bytes]) -> Mapping[str, object]:
        from dreamscape.agent.newer import NewerPython
        from dreamscape.bootstrap.healing import open_sandbox

        return NewerPython(open_sandbox(self.project), self.executable).trees(sources)


def _newer_parser(project: Project) -> _NewerParser | None:
    """The interpreter of the project's virtual environment if its own word says that it is newer than ours."""
    for folder in (project.root / ".venv", project.root / "venv"):
        try:
            told = (folder / "pyvenv.cfg").read_text("utf-8", "replace")
        except OSError:
            continue
        found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", told, re.MULTILINE)
        if found and (int(found[1]), int(found[2])) > sys.version_info[:2]:
            return _NewerParser(project, folder / "bin" / "python", f"{found[1]}.{found[2]}")
    return None


def _file_signals(root: Path) -> Mapping[str, object]:
    """What heal's runs left about files; nothing where no run has left a word, or not a sound one."""
    import json

    try:
        left = json.loads((root / STATE_FOLDER / FILE_SIGNALS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return left if isinstance(left, dict) else {}


def _counts(values: object) -> dict[str, int] | None:
    numbers = _numbers(values)
    if numbers is None or not all(number.is_integer() for number in numbers.values()):
        return None
    return {path: int(number) for path, number in numbers.items()}


def _numbers(values: object) -> dict[str, float] | None:
    if not isinstance(values, dict):
        return None
    is_sound = all(type(each) in (int, float) and 0 <= each < 1e9 for each in values.values())
    return {path: float(each) for path, each in values.items()} if is_sound else None


def build_past(project: Project) -> ProjectPast:
    """What a project's own history says about its ranking."""
    from dreamscape.scanner.past import ProjectPast

    return ProjectPast(project.root, project.loaded.settings.scan, project.root / STATE_FOLDER)


def build_models(
    project: Project,
    only: str = "",
    ledger: Ledger | None = None,
    measures: Callable[[str, int], Mapping[str, float]] = lambda path, line: {},
    is_repair_known: Callable[[str], bool] = lambda item: False,
) -> ModelRegistry:
    """The models that may be asked: the shipped cards, and the user's over them; ``only`` one of them is. Who decides
    by worth has a ``ledger`` of what is spent, and tells what is measured at a line and of which failures, by
    fingerprint, a repair is known.

    Raises UsageError, also where there is no model of that name, or it is disabled.
    """
    from dreamscape.bootstrap.asking import asked_this_hour, tokens_left, usd_left
    from dreamscape.registry import ModelRegistry
    from dreamscape.registry.cards import CatalogFiles
    from dreamscape.registry.registry import Circumstances
    from dreamscape.settings import shipped_file, user_file

    settings = project.loaded.settings
    catalog = CatalogFiles(shipped_file("models.toml"), user_file("models.toml"))
    worth, now = settings.routing.usd_per_impact, lambda: clock().astimezone()
    around = Circumstances(settings.budget, worth, now, measures, lambda item: 0.0, is_repair_known, project.root.name)
    if ledger is not None:
        around = replace(
            around,
            usd_left=partial(usd_left, ledger),
            tokens_left=partial(tokens_left, ledger),
            asked_this_hour=partial(asked_this_hour, ledger),
        )
    models = ModelRegistry(catalog, around, only)
    if only:
        enabled_card(models.cards(), only, "repair")
    return models


def enabled_card(cards: Iterable[ModelCard], name: str, kind: str) -> ModelCard:
    """The card of a model that may do a kind of work. Raises UsageError saying which there are, or what is missing."""
    from dreamscape.tools.toml_files import hint_for

    known = {card.name: card for card in cards}
    if name not in known:
        raise UsageError(f"there is no model {name!r}", hint_for(name, known, f"there are {', '.join(known)}"))
    if not known[name].enabled:
        raise UsageError(f"model {name} is disabled", f"enable it: dreamscape models enable {name}")
    if kind not in known[name].kinds:
        raise UsageError(f"model {name} is only for {', '.join(known[name].kinds)}", 'its card says so: see "kinds"')
    return known[name]


def switch_model(project: Project, name: str, *, enabled: bool) -> Path:
    """Writes into the user's own models.toml whether a model may be asked; the file. Raises UsageError, CannotGoOn."""
    from dreamscape.registry.switching import switched
    from dreamscape.settings import user_file
    from dreamscape.tools.files import atomic_write, explained
    from dreamscape.tools.toml_files import hint_for

    known = {card.name for card in build_models(project).cards()}
    if name not in known:
        raise UsageError(f"there is no model {name!r}", hint_for(name, known, "'dreamscape models list' shows them"))
    path = user_file("models.toml")
    if path is None:
        raise UsageError("there is no home folder to keep your models in", "set HOME")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_bytes().decode() if path.exists() else ""
    atomic_write(path, switched(text, name, enabled=enabled).encode())
    return path


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
