"""pytest's options go in; those that would falsify a run are put right, and each is told in words."""

from __future__ import annotations

import os
import re
from typing import Any, Iterable, List, Optional, Tuple

_OVERRULED: Tuple[Tuple[str, Any, str], ...] = (
    ("maxfail", 0, "stopping after a number of failures (-x, --maxfail)"),
    ("lf", False, "running only what failed last (--lf)"),
    ("failedfirst", False, "running first what failed last (--ff)"),
    ("newfirst", False, "running new files first (--nf)"),
    ("stepwise", False, "stopping and resuming at failures (--stepwise)"),
    ("stepwise_skip", False, "skipping a failure (--stepwise-skip)"),
    ("numprocesses", None, "spreading tests over processes (pytest-xdist -n)"),
    ("distload", False, "spreading tests over processes (pytest-xdist -d)"),
    ("tx", [], "spreading tests over machines (pytest-xdist --tx)"),
    ("px", [], "spreading tests over machines (pytest-xdist --px)"),
    ("looponfail", False, "looping on failures (pytest-xdist -f)"),
    ("forked", False, "a process for each test (pytest-forked --forked)"),
    ("cov_source", [], "measuring coverage, and failing under a threshold (pytest-cov --cov, --cov-fail-under)"),
    ("usepdb", False, "stopping in a debugger (--pdb)"),
    ("trace", False, "stopping in a debugger (--trace)"),
    ("reruns", 0, "running failures again (pytest-rerunfailures --reruns)"),
    ("force_reruns", None, "running failures again (pytest-rerunfailures --force-reruns)"),
    ("force_flaky", False, "running failures again (flaky --force-flaky)"),
    ("randomly_reorganize", False, "random order (pytest-randomly)"),
    ("random_order_enabled", False, "random order (pytest-random-order)"),
    ("random", False, "random order (pytest-random --random)"),
    ("reverse", False, "reverse order (pytest-reverse --reverse)"),
    ("collectonly", False, "collecting without running (--collect-only)"),
    ("setuponly", False, "setting fixtures up without running tests (--setup-only)"),
    ("setupplan", False, "planning without running tests (--setup-plan)"),
    ("showfixtures", False, "showing fixtures without running tests (--fixtures)"),
    ("show_fixtures_per_test", False, "showing fixtures without running tests (--fixtures-per-test)"),
    ("markers", False, "showing markers without running tests (--markers)"),
    ("cacheshow", None, "showing the cache without running tests (--cache-show)"),
    ("splits", None, "running one part of the suite (pytest-split --splits)"),
    ("group", None, "running one part of the suite (pytest-split --group)"),
    ("testmon", False, "running only what changed (pytest-testmon --testmon)"),
    ("testmon_forceselect", False, "running only what changed (pytest-testmon --testmon-forceselect)"),
    ("picked", None, "running only what changed (pytest-picked --picked)"),
)
"""Name in pytest's options, the value that does no harm, what it would have done."""

_SETTINGS_FILES = (
    ("pytest.toml", ""),
    (".pytest.toml", ""),
    ("pytest.ini", ""),
    (".pytest.ini", ""),
    ("pyproject.toml", r"^\s*\[tool\.pytest(\.ini_options)?\]"),
    ("tox.ini", r"^\[pytest\]"),
    ("setup.cfg", r"^\[tool:pytest\]"),
)
"""Where pytest looks for settings, in its order, and what must be inside for the file to count."""


def overrule(options: Any, seed: int) -> List[str]:
    """Puts right what would falsify the run, in place; says in words what it was."""
    said = []
    for name, harmless, words in _OVERRULED:
        value = getattr(options, name, harmless)
        if value and value != harmless:
            said.append(words)
        if hasattr(options, name):
            setattr(options, name, harmless)
    if getattr(options, "dist", "no") != "no":
        options.dist = "no"
        said.append("spreading tests over processes (pytest-xdist --dist)")
    said += _steady_seeds(options, seed)
    if hasattr(options, "continue_on_collection_errors"):
        options.continue_on_collection_errors = True
    return said


def _steady_seeds(options: Any, seed: int) -> List[str]:
    """Seeds of random-order plugins, so that two runs do the same."""
    said = []
    if hasattr(options, "randomly_seed"):
        options.randomly_seed = seed
    for name, harmless in (("random_order_bucket", "default:module"), ("random_order_seed", "default:%d" % seed)):
        value = str(getattr(options, name, "default:"))
        if not value.startswith("default:"):
            said.append("random order (pytest-random-order --%s)" % name.replace("_", "-"))
        if hasattr(options, name):
            setattr(options, name, harmless)
    return said


def settings_arguments(root: str, arguments: Iterable[str]) -> Tuple[List[str], List[str]]:
    """The arguments that keep pytest's settings and conftest files to the project, and words on settings they shut out.

    pytest looks for its settings from the arguments' common folder upwards, beyond the project if need be. Of conftest
    files above the project the host tells, which sees more than a sandbox shows.
    """
    pinned = ["--rootdir=" + root, "--confcutdir=" + root]
    said = []
    above = _first_settings(_upwards(os.path.dirname(root), "/"))
    inside = _first_settings(_upwards(_common_folder(root, arguments), root))
    if inside is not None:
        pinned += ["-c", inside]
    elif above is not None:
        pinned += ["-c", os.devnull]
        said.append("pytest's settings above the project (%s)" % above)
    return pinned, said


def _common_folder(root: str, arguments: Iterable[str]) -> str:
    paths = [os.path.abspath(argument.split("::", 1)[0]) for argument in arguments if not argument.startswith("-")]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in paths if os.path.exists(path)]
    common = os.path.commonpath(folders) if folders else root
    return common if (common + os.sep).startswith(root + os.sep) else root


def _upwards(folder: str, last: str) -> List[str]:
    folders = [folder]
    while folder != last and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        folders.append(folder)
    return folders


def _first_settings(folders: Iterable[str]) -> Optional[str]:
    for folder in folders:
        for name, sign in _SETTINGS_FILES:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and (not sign or re.search(sign, _text(path), re.MULTILINE)):
                return path
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
