"""What a branch made worse: files and functions as they are now, beside what they were where the branch began."""

from __future__ import annotations

from dataclasses import dataclass

from dreamscape.domain.rows import FunctionRow
from dreamscape.domain.scan import SkippedFile


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """A function that became more complex; ``complexity_before`` and ``impact_before`` are None for a new one.

    ``is_worse`` is False for a new one that is simple: it is named as a part of its file's rise, and no finding.
    """

    name: str
    line: int
    end_line: int
    complexity: int
    complexity_before: int | None
    impact: float
    impact_before: float | None
    is_worse: bool


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs from the base, and what of it rose.

    ``path_before`` is None for a new file; what was measured before is None for it, and for a file that could not be
    read then. ``is_worse`` tells whether something rose, or a new file came in over the line. ``riskiest`` is the
    function with the most impact, ``functions`` are those that became more complex or are new (in a new file: new and
    not simple), the steepest rise first.
    """

    path: str
    path_before: str | None
    is_worse: bool
    rank: int
    rank_before: int | None
    impact: float
    impact_before: float | None
    risk: float
    risk_before: float | None
    reach: float
    reach_before: float | None
    complexity: int
    complexity_before: int | None
    riskiest: FunctionRow | None
    functions: tuple[FunctionChange, ...]


@dataclass(frozen=True, slots=True)
class ScanDiff:
    """What differs between the working tree and ``base``, the merge base of ``revision`` (as given) and HEAD.

    ``files`` are those that became worse, the steepest rise of impact or risk first, then changed ones that are over
    the ``limit`` all the same; ``changed`` counts all Python files that differ and are there. New files count as worse
    above ``line``. ``skipped`` are changed files that could not be measured. Git history counts alike on both sides,
    so what rises is the code's doing.
    """

    project: str
    revision: str
    base: str
    limit: float | None
    line: float
    changed: int
    files: tuple[FileChange, ...]
    skipped: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    seconds: float
