"""Which rule decides that a path is scanned or left out, found by going down to it as the walk would."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from dreamscape.domain.errors import UsageError
from dreamscape.domain.scan import Exclusion
from dreamscape.scanner.ignore import NEVER_PRODUCT, Layer, Rules
from dreamscape.scanner.patterns import Pattern
from dreamscape.scanner.walk import SUFFIXES, is_environment, is_output, shown


def why_ignored(project: Path, rules: Rules, asked: Path) -> Exclusion:
    """What decides about a path, there or not (a closing slash makes no difference).

    Raises UsageError where it lies outside the project.
    """
    path = Path(os.path.abspath(asked))  # noqa: PTH100 - links are looked at, not followed
    if not path.is_relative_to(project):
        path = Path(os.path.normpath(asked.parent.resolve() / asked.name))
    if not path.is_relative_to(project):
        raise UsageError(f"{asked} is not in {project}", "--why-ignored takes a path inside the project")
    name = path.relative_to(project).as_posix()
    decided = rule_about(project, rules, name)
    if path.is_symlink() and not decided.is_left_out:
        return _left_out(name, "a symbolic link to a file is no file of its own: its target counts where it lies")
    return decided if os.path.lexists(path) else replace(decided, exists=False)


def rule_about(project: Path, rules: Rules, path: str) -> Exclusion:
    """What the rules say of a path within the project ("." for the project), whether a file is there or not."""
    names = Path(path).parts
    kept: tuple[Layer, Pattern] | None = None
    for depth, name in enumerate(names):
        folder, relative = project.joinpath(*names[:depth]), "".join(f"{part}/" for part in names[:depth])
        here = _names_in(folder)
        if depth and is_environment(here):
            return _left_out(relative, "an environment lies there: other people's code")
        rules = rules.within(str(folder), relative, here)
        child = folder / name
        is_folder = child.is_dir() or depth < len(names) - 1
        step = f"{relative}{name}/" if is_folder else relative + name
        kept = rules.deciding(step)
        if kept is not None and kept[1].leaves_out:
            return _by_pattern(step, kept)
        if (reason := _default(child, is_folder=is_folder, is_decided=kept is not None)) is not None:
            return _left_out(step, reason)
    if kept is not None:
        return _by_pattern(path, kept)
    return Exclusion(shown(path), False, None, None, "no rule leaves it out")


def _names_in(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - names alone
    except OSError:
        return set()


def _default(path: Path, *, is_folder: bool, is_decided: bool) -> str | None:
    """Why a path is left out that no pattern leaves out; None if it is not."""
    if not is_folder:
        return None if path.name.endswith(SUFFIXES) else "it is no Python source by its name"
    if path.is_symlink():
        return "links to folders are not followed"
    take_back = f"left out by default; '!{path.name}/' in .scannerignore takes it back"
    if path.name in NEVER_PRODUCT and not is_decided:
        return f"{path.name} is {take_back}"
    if is_output(path) and not is_decided:
        return f"{path.name}, build output or vendored as it is no package, is {take_back}"
    return None


def _left_out(path: str, reason: str) -> Exclusion:
    return Exclusion(shown(path), True, None, None, reason)


def _by_pattern(path: str, decided: tuple[Layer, Pattern]) -> Exclusion:
    layer, pattern = decided
    place = f"line {pattern.line} of {layer.file}" if layer.file else "scan.ignore or --ignore"
    line = pattern.line if layer.file else None
    return Exclusion(
        shown(path), pattern.leaves_out, shown(layer.file) or None, line, shown(f"{place}: {pattern.text}")
    )
