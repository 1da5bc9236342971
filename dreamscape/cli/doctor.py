"""``dreamscape doctor``: whether this machine and this project have what a repair needs."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.cli.context import Options, command, new_app
from dreamscape.domain.errors import CannotGoOn, DreamscapeError, NoAnswer, UsageError

if TYPE_CHECKING:
    from dreamscape.bootstrap import Project

app = new_app()

ENOUGH_DISK_MIB = 500
"""Chosen: a project's scratch layers and the memory of many runs."""

OPTIONAL = {
    "psycopg": ("PostgreSQL as a shared memory", "pip install 'psycopg[binary]'"),
    "undetected_chromedriver": ("sites that turn automation away (GPL-3.0)", "pip install 'dreamscape[undetected]'"),
}
"""Packages that few need: what for, and how to get them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``advice`` says what to do where ``is_ok`` is False."""

    name: str
    is_ok: bool
    found: str
    advice: str = ""
    is_optional: bool = False


@command(app)
def doctor(options: Options) -> int:
    """Check what a repair needs on this machine.

    Each line says ok, absent (a part you may do without) or problem, and what to do. Exits 3 at a problem.

    Example: dreamscape doctor --project ~/shop
    """
    from dreamscape.cli import render

    checks = tuple(_examined(options))
    is_fine = all(check.is_ok or check.is_optional for check in checks)
    render.show(options, "doctor", {"ok": is_fine, "checks": checks}, lambda: _text(checks))
    return 0 if is_fine else CannotGoOn.exit_code


def _examined(options: Options) -> Iterator[Check]:
    from dreamscape import __version__

    project, settings = _opened(options)
    yield Check("dreamscape", True, f"{__version__}, Python {platform.python_version()}, {sys.platform}")
    yield settings
    yield _models(project)
    yield _git()
    yield _repository(project)
    yield from _sandbox_and_pytest(project)
    yield _state(project)
    yield _disk(project)
    yield _browser()
    yield from _sites(project)
    if grid := project.loaded.settings.client.grid:
        yield _grid(grid)
    yield from _optional_parts()


def _opened(options: Options) -> tuple[Project, Check]:
    """The project, and whether its settings can be read; with the defaults where they cannot."""
    from dreamscape import bootstrap

    try:
        project = bootstrap.open_project(options.project, options.config)
    except UsageError as error:
        by_defaults = bootstrap.project_by_defaults(options.project)
        advice = "; ".join(filter(None, [error.hint, "what follows goes by the defaults"]))
        return by_defaults, Check("settings", False, error.message, advice)
    files = project.loaded.files
    return project, Check("settings", True, ", ".join(map(str, files)) if files else "defaults alone")


def _models(project: Project) -> Check:
    from dreamscape import bootstrap

    try:
        cards = bootstrap.build_models(project).cards()
    except UsageError as error:
        return Check("models", False, error.message, error.hint)
    enabled = [card.name for card in cards if card.enabled]
    return Check("models", True, f"{', '.join(enabled) or 'none'} enabled, of {len(cards)} known")


def _git() -> Check:
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return Check("git", False, "not found", "install git; without it only 'heal --land patch' works")
    return Check("git", True, said.strip())


def _repository(project: Project) -> Check:
    from dreamscape.tools.git import Git

    advice = "git init, then commit; without it only 'heal --land patch' works"
    try:
        git = Git.find(project.root)
        head = git.head() if git else None
    except CannotGoOn as error:
        return Check("repository", False, error.message, error.hint)
    if git is None:
        return Check("repository", False, f"none around {project.root}", advice)
    if head is None:
        return Check("repository", False, f"{git.root} has no commit", advice)
    return Check("repository", True, f"{git.root} at {head[:10]}, {git.branch() or 'detached'}")


def _sandbox_and_pytest(project: Project) -> Iterator[Check]:
    from dreamscape.bootstrap import healing

    try:
        sandbox = healing.open_sandbox(project)
    except DreamscapeError as error:
        yield Check("sandbox", False, error.message, error.hint)
        yield Check("pytest", False, "not looked for", "it is the project's and is asked inside a sandbox alone")
        return
    yield Check("sandbox", True, f"{sandbox.level.value}: {sandbox.level.words}")
    try:
        python, version = healing.project_python(project, sandbox)
    except DreamscapeError as error:
        yield Check("pytest", False, error.message, error.hint)
    else:
        yield Check("pytest", True, f"{version} in {python}")


def _state(project: Project) -> Check:
    from dreamscape.bootstrap import STATE_FOLDER

    folder = project.root / STATE_FOLDER
    if folder.is_symlink():
        return Check("state", False, f"{folder} is a link", "remove it; Dreamscape keeps its memory in a real folder")
    is_writable = os.access(folder if folder.is_dir() else project.root, os.W_OK)
    found = f"{folder} can be written" if is_writable else f"{folder} cannot be written"
    return Check("state", is_writable, found, "make the project's folder writable; scan works without")


def _disk(project: Project) -> Check:
    free = {place: shutil.disk_usage(place).free // 2**20 for place in (project.root, _temporary())}
    least = min(free.values())
    found = ", ".join(f"{mib} MiB free at {place}" for place, mib in free.items())
    return Check("disk", least >= ENOUGH_DISK_MIB, found, f"free some space: {ENOUGH_DISK_MIB} MiB are enough")


def _temporary() -> Path:
    import tempfile

    return Path(tempfile.gettempdir())


def _browser() -> Check:
    from dreamscape.bootstrap.browsers import local_browser

    try:
        return Check("browser", True, local_browser(), is_optional=True)
    except NoAnswer as error:
        advice = f"chat sites as models, 'dreamscape ask': {error.hint}"
        return Check("browser", False, error.message, advice, is_optional=True)


def _sites(project: Project) -> Iterator[Check]:
    from dreamscape.bootstrap.asking import sites_in_words

    try:
        for name, words in sites_in_words(project).items():
            advice = f"dreamscape session check --site {name} --ask"
            yield Check(f"site {name}", " not " not in words, words, advice, is_optional=True)
    except DreamscapeError as error:
        yield Check("sites", False, error.message, error.hint, is_optional=True)


def _grid(grid: str) -> Check:
    from dreamscape.bootstrap.browsers import grid_in_words

    advice = "client.grid lends browsers for chat sites: start its nodes, or wait for their sessions to end"
    try:
        return Check("grid", *grid_in_words(grid), advice)
    except NoAnswer as error:
        return Check("grid", False, error.message, error.hint)


def _optional_parts() -> Iterator[Check]:
    for module, (purpose, install) in OPTIONAL.items():
        is_here = importlib.util.find_spec(module) is not None
        found = f"{'installed' if is_here else 'not installed'}, for {purpose}"
        yield Check(module.split("_")[0], is_here, found, install, is_optional=True)


def _text(checks: Sequence[Check]) -> str:
    lines = []
    for check in checks:
        word = "ok" if check.is_ok else "absent" if check.is_optional else "problem"
        lines.append(f"{word:8} {check.name:12} {check.found}")
        if not check.is_ok and check.advice:
            lines.append(f"{'':8} {'':12} {check.advice}")
    return "\n".join(lines)
