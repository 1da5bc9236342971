"""The scanner's own values: what one file says about itself, before anything is compared or ranked."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_SOURCE = 1024 * 1024
"""Bytes (chosen): the largest hand-written modules stay below; a parse may take up to a thousand times its size."""


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function as it stands in its file; ``name`` is dotted (``Class.method``, ``outer.inner``), lines are 1-based.

    ``calls`` names what it calls, as written: ``name``, ``base.name`` where the base is a plain name, else ``.name``.
    """

    name: str
    line: int
    end_line: int
    complexity: int
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: ``from <level dots><module> import <names>``, or ``import <module>`` without names."""

    module: str
    names: tuple[str, ...]
    level: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything that a file's bytes alone decide.

    ``sloc`` counts lines with code (no blanks, comments or strings standing alone); ``maintainability`` is 0 to 100.
    """

    functions: tuple[FunctionFacts, ...]
    imports: tuple[Import, ...]
    sloc: int
    maintainability: float


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that has no facts, and why."""

    reason: str


Reading = FileFacts | Unreadable
