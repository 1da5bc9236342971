"""Which paths the scan leaves out: defaults, `.gitignore`, `.scannerignore`, and patterns of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

NEVER_PRODUCT = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"),
        *(".dreamscape", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cache"),
        *(".tox", ".nox", ".eggs", ".ipynb_checkpoints", ".pytype", ".pyre"),
        *("node_modules", "bower_components", "site-packages", "dist-packages", ".venv"),
    }
)
"""Version control, our own state, caches, test environments, installed code."""
BUILD_OUTPUT = frozenset(("build", "dist", "_build", "htmlcov"))
"""Left out unless they are packages: projects called ``build`` exist."""
ENVIRONMENT_MARKS = frozenset(("pyvenv.cfg", "conda-meta"))
"""A folder that holds one of these is an environment, whatever its name."""
_FOLDER_MARK = "ps_d"
"""pathspec's name for the slash behind a matched folder."""
RULE_FILES = (".gitignore", ".scannerignore")
"""Later ones have the last word."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a rule file; ``leaves_out`` is False for those that begin with ``!``."""

    regex: re.Pattern[str]
    leaves_out: bool
    folders_only: bool = False

    def fits(self, path: str) -> bool:
        """Whether the pattern means this very path; pathspec's expressions also match what lies below one.

        The difference shows where a later pattern takes back a parent that was never left out.
        """
        match = self.regex.search(path)
        if match is None or (self.folders_only and not path.endswith("/")):
            return False
        below = match.groupdict().get(_FOLDER_MARK)
        if below is None:
            return match.end() < len(path) or not match.group().endswith("/")  # "a/**" is all in a, not a itself
        return match.end() == len(path) or (match.group() == "/" and match.re.pattern[0] != "^" and path.endswith("/"))


@dataclass(frozen=True, slots=True)
class Layer:
    """The patterns of one rule file; ``cut`` characters of a path lie above it, ``prefix`` what lies between it and
    the project where it stands above the project. ``strength`` orders kinds of rules, the strongest last."""

    patterns: tuple[Pattern, ...]
    strength: int
    cut: int = 0
    prefix: str = ""

    def says(self, path: str) -> bool | None:
        """True to leave out, False to keep, None where no pattern fits; folders end in a slash."""
        inner = self.prefix + path[self.cut :]
        return next((pattern.leaves_out for pattern in reversed(self.patterns) if pattern.fits(inner)), None)

    def leaves_out_a_part_of(self, folders: str) -> bool:
        """Whether a path of folders, or any folder above its end, is left out."""
        ends = (at + 1 for at, letter in enumerate(folders) if letter == "/")
        return any(pattern.fits(folders[:end]) and pattern.leaves_out for end in ends for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Rules:
    """All layers that hold in one folder, weakest first; git's own order: the last fitting pattern decides."""

    layers: tuple[Layer, ...] = field(default=())

    def within(self, folder: Path, relative: str, names: Iterable[str]) -> Rules:
        """The rules inside a folder; ``relative`` is its path with a closing slash ("" at the root), ``names`` what
        it holds. Rule files that cannot be read are as good as absent."""
        found = [name for name in RULE_FILES if name in names]
        layers = [layer for name in found if (layer := read_layer(folder / name, cut=len(relative))) is not None]
        if not layers:
            return self
        return Rules(tuple(sorted([*self.layers, *layers], key=lambda layer: layer.strength)))

    def leave_out(self, path: str) -> bool:
        """Whether a path (a folder with a closing slash) is left out, its parents being in."""
        said = None
        for layer in reversed(self.layers):
            said = layer.says(path)
            if said is not None:
                return said
        return path.endswith("/") and path[:-1].rsplit("/", 1)[-1] in NEVER_PRODUCT


def rules_for(project: Path, patterns: Iterable[str]) -> Rules:
    """The rules that hold before the project's own files are read: the settings' patterns, and the `.gitignore` files
    between the git root and the project. Rule files inside the project join by `Rules.within`."""
    layers = [*_layers_above(project)]
    patterns = tuple(patterns)
    if patterns:
        layers.append(Layer(_compiled(patterns), strength=len(RULE_FILES)))
    return Rules(tuple(layers))


def _layers_above(project: Path) -> list[Layer]:
    """Rule files of the repository above the project, unless they leave out the project itself: whoever asks for an
    ignored folder by name wants to see it."""
    if (project / ".git").exists():
        return []
    layers: list[Layer] = []
    for above in project.parents:
        prefix = project.relative_to(above).as_posix() + "/"
        layer = read_layer(above / ".gitignore", prefix=prefix)
        if layer is not None:
            layers.insert(0, layer)
        if (above / ".git").exists():
            return [] if any(layer.leaves_out_a_part_of(layer.prefix) for layer in layers) else layers
    return []


def read_layer(file: Path, *, cut: int = 0, prefix: str = "") -> Layer | None:
    """One rule file; None where it cannot be read or says nothing."""
    try:
        text = file.read_text("utf-8", "surrogateescape") if file.is_file() else ""
    except OSError:
        return None
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip() and not line.startswith("#")]
    return Layer(_compiled(lines), RULE_FILES.index(file.name), cut, prefix) if lines else None


def _compiled(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """Compiled patterns; one that means nothing (``!``, an unclosed range) is dropped, as git does."""
    from pathspec import GitIgnoreSpec
    from pathspec.pattern import RegexPattern
    from pathspec.patterns.gitignore import GitIgnorePatternError

    kept = []
    for line in lines:
        # pathspec reads "a/**/" as the folder a itself; git means the folders inside it
        is_inside = line.rstrip(" ").endswith("/**/")
        try:
            (pattern,) = GitIgnoreSpec.from_lines([line.rstrip(" ")[:-1] if is_inside else line]).patterns
        except GitIgnorePatternError:
            continue
        if isinstance(pattern, RegexPattern) and pattern.regex is not None and pattern.include is not None:
            kept.append(Pattern(pattern.regex, pattern.include, is_inside))
    return tuple(kept)
