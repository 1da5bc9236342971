"""Which paths the scan leaves out: defaults, `.gitignore`, `.scannerignore`, and patterns of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from pathlib import Path

from dreamscape.scanner.patterns import Pattern, PatternBook, Patterns

NEVER_PRODUCT = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"),
        *(".dreamscape", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cache"),
        *(".tox", ".nox", ".eggs", ".ipynb_checkpoints", ".pytype", ".pyre"),
        *("node_modules", "bower_components", "site-packages", "dist-packages", ".venv"),
        "_vendor",
    }
)
"""Version control, our own state, caches, test environments, installed code, copies of other people's."""
UNLESS_PACKAGE = frozenset(("build", "dist", "_build", "htmlcov", "vendor", "third_party"))
"""Build output and vendored trees, left out unless they are packages: projects called ``build`` exist."""
ENVIRONMENT_MARKS = frozenset(("pyvenv.cfg", "conda-meta"))
"""A folder that holds one of these is an environment, whatever its name."""
GITIGNORE, SCANNERIGNORE = ".gitignore", ".scannerignore"
STRENGTHS = {GITIGNORE: 0, SCANNERIGNORE: 1, "": 2}
"""Of rule files, and of the patterns of settings and command line, which have the last word."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The patterns of one rule file; ``cut`` characters of a path lie above it, ``prefix`` what lies between it and
    the project where it stands above the project. ``file`` is its path as people read it, ``strength`` orders kinds
    of rules, the strongest last."""

    patterns: Patterns
    strength: int
    file: str
    cut: int = 0
    prefix: str = ""

    def deciding(self, path: str) -> Pattern | None:
        """The pattern with the last word about a path, None where no pattern fits; folders end in a slash."""
        return self.patterns.last_fitting(self.prefix + path[self.cut :])

    def leaves_out_a_part_of(self, folders: str) -> bool:
        """Whether a path of folders, or any folder above its end, is left out."""
        ends = (at + 1 for at, letter in enumerate(folders) if letter == "/")
        fitting = (self.patterns.last_fitting(folders[:end]) for end in ends)
        return any(pattern is not None and pattern.leaves_out for pattern in fitting)


@dataclass(frozen=True, slots=True)
class Rules:
    """All layers that hold in one folder, weakest first; git's own order: the last fitting pattern decides.

    ``files`` are the names of the rule files that count, later ones having the last word.
    """

    book: PatternBook
    files: tuple[str, ...]
    layers: tuple[Layer, ...] = ()

    def within(self, folder: str, relative: str, names: Set[str]) -> Rules:
        """The rules inside a folder; ``relative`` is its path with a closing slash ("" at the root), ``names`` what
        it holds. Rule files that cannot be read are as good as absent."""
        if names.isdisjoint(self.files):
            return self
        found = [name for name in self.files if name in names]
        read = (self.read(Path(folder, name), shown=relative + name, cut=len(relative)) for name in found)
        layers = [layer for layer in read if layer is not None]
        if not layers:
            return self
        return replace(self, layers=tuple(sorted([*self.layers, *layers], key=lambda layer: layer.strength)))

    def read(self, file: Path, *, shown: str, cut: int = 0, prefix: str = "") -> Layer | None:
        """One rule file; None where it cannot be read, is no file or says nothing."""
        try:
            text = file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else ""
        except OSError:
            return None
        patterns = self.book.compiled(text)
        return Layer(patterns, STRENGTHS[file.name], shown, cut, prefix) if patterns else None

    def deciding(self, path: str) -> tuple[Layer, Pattern] | None:
        """The pattern that decides about a path, and where it stands; None where only the defaults speak."""
        for layer in reversed(self.layers):
            pattern = layer.deciding(path)
            if pattern is not None:
                return layer, pattern
        return None

    def leave_out(self, path: str) -> bool:
        """Whether a path (a folder with a closing slash) is left out, its parents being in."""
        decided = self.deciding(path) if self.layers else None
        if decided is not None:
            return decided[1].leaves_out
        return path.endswith("/") and path[:-1].rsplit("/", 1)[-1] in NEVER_PRODUCT


def rules_for(
    project: Path, patterns: Iterable[str], *, with_gitignore: bool = True, book: PatternBook | None = None
) -> Rules:
    """The rules that hold before the project's own files are read: the settings' patterns, and the `.gitignore` files
    between the git root and the project. Rule files inside the project join by `Rules.within`."""
    rules = Rules(book or PatternBook(), (GITIGNORE, SCANNERIGNORE) if with_gitignore else (SCANNERIGNORE,))
    layers = _layers_above(project, rules) if with_gitignore else []
    own = rules.book.compiled("\n".join(patterns))
    if own is not None:
        layers.append(Layer(own, STRENGTHS[""], ""))
    return replace(rules, layers=tuple(layers))


def _layers_above(project: Path, rules: Rules) -> list[Layer]:
    """Rule files of the repository above the project, unless they leave out the project itself: whoever asks for an
    ignored folder by name wants to see it."""
    if (project / ".git").exists():
        return []
    layers: list[Layer] = []
    for steps, above in enumerate(project.parents, 1):
        prefix = project.relative_to(above).as_posix() + "/"
        layer = rules.read(above / GITIGNORE, shown="../" * steps + GITIGNORE, prefix=prefix)
        if layer is not None:
            layers.insert(0, layer)
        if (above / ".git").exists():
            return [] if any(layer.leaves_out_a_part_of(layer.prefix) for layer in layers) else layers
    return []
