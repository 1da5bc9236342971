"""What a scan finds: files and functions with their measures, ranked by impact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from dreamscape.domain.rows import FileRow, FunctionRow, Rows

SIMPLE_ENOUGH = 10
"""Cyclomatic complexity up to which a function needs no simplifying (McCabe 1976)."""


class Order(Enum):
    """Who counts files to look at ranks by impact, who counts lines to read by risk per line."""

    IMPACT = "impact"
    EFFORT = "effort"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that could not be measured, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Whether a path (or ``path``, the folder above it that decides) is left out, by which line of which rule file
    where a rule says so, and why in words. What does not ``exist`` is judged by its name, as a file."""

    path: str
    is_left_out: bool
    file: str | None
    line: int | None
    why: str
    exists: bool = True


@dataclass(frozen=True, slots=True)
class GraphSize:
    """How large the import graph is: its ``circles`` are groups of modules that import each other while they are
    imported, the largest first, ``layers`` its height. ``calls`` counts what functions call by how well it is known
    ("resolved", "guessed", "outside" the project, "unknown")."""

    modules: int
    edges: int
    circles: tuple[tuple[str, ...], ...] = ()
    layers: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How many files were taken from the cache, and how many had to be read."""

    hits: int
    misses: int


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A whole project, files sorted by rank (1 first) and complete.

    ``notes`` are sentences for the person at the terminal (no git, no cache ...); they are not part of the JSON.
    """

    project: str
    files: Rows
    skipped: tuple[SkippedFile, ...]
    graph: GraphSize
    cache: CacheUse
    seconds: float
    notes: tuple[str, ...] = ()

    def impact_of(self, path: str, line: int | None = None) -> float:
        """Impact of the innermost function around a line, else of the file; 0.0 for what was not scanned."""
        row = next((row for row in self.files if row.path == path), None)
        if row is None:
            return 0.0
        around = _around(row, line)
        return around.impact if around else row.impact

    def expected_drop(self, path: str) -> float:
        """Share of a file's complexity, 0 to 1, that a refactoring is expected to take away: what its functions have
        beyond ten each, the bound of McCabe (1976)."""
        row = next((row for row in self.files if row.path == path), None)
        beyond = sum(max(0, function.complexity - SIMPLE_ENOUGH) for function in row.functions) if row else 0
        return beyond / row.complexity if row and beyond else 0.0

    def measures_at(self, path: str, line: int) -> dict[str, float]:
        """Complexity, centrality and lines of the innermost function around a line, else of the file; nothing of what
        was not scanned."""
        row = next((row for row in self.files if row.path == path), None)
        if row is None:
            return {}
        function = _around(row, line)
        if function is None:
            return {"complexity": row.complexity, "centrality": row.centrality, "lines": row.sloc}
        lines = function.end_line - function.line + 1
        return {"complexity": function.complexity, "centrality": function.centrality, "lines": lines}


def _around(row: FileRow, line: int | None) -> FunctionRow | None:
    """The innermost function around a line."""
    around = [f for f in row.functions if line is not None and f.line <= line <= f.end_line]
    return max(around, key=lambda function: function.line, default=None)
