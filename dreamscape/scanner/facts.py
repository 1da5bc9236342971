"""The scanner's own values: what one file says about itself, before anything is compared or ranked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

LARGEST_SOURCE = 1024 * 1024
"""Bytes (chosen): the largest hand-written modules stay below; a parse may take up to a thousand times its size."""


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function as it stands in its file; ``name`` is dotted (``Class.method``, ``outer.inner``), lines are 1-based.

    ``calls`` names what it calls: ``name`` or ``base.name`` as written, where the base is a plain or dotted name;
    ``self.name`` for a method's own first parameter, whatever it is called; ``super().name``; ``.name`` for all other
    objects, local variables among them; ``@name`` for what pytest would call to fill a parameter of that name.
    """

    name: str
    line: int
    end_line: int
    complexity: int
    calls: tuple[str, ...]


class When(IntEnum):
    """When an import statement runs, the firmest first."""

    ALWAYS = 0
    """With its module."""
    MAYBE = 1
    """With its module, under a condition or where a failure is caught."""
    LATER = 2
    """When a function is called."""
    TYPING = 3
    """Never: it is meant for type checkers."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: ``from <level dots><module> import <names>``, or ``import <module>`` without names.

    ``bound`` says what the names are called here, where one is called otherwise: as many as ``names``, or one for a
    module.
    """

    module: str
    names: tuple[str, ...]
    level: int
    bound: tuple[str, ...] = ()
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One class; ``name`` is dotted like a function's, ``bases`` are dotted as written, "" for any other expression."""

    name: str
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything that a file's bytes alone decide.

    ``sloc`` counts lines with code (no blanks, comments or strings standing alone); ``maintainability`` is 0 to 100.
    ``names`` are those the module itself defines, ``exports`` its ``__all__``, None where that is absent or computed.
    """

    functions: tuple[FunctionFacts, ...]
    imports: tuple[Import, ...]
    sloc: int
    maintainability: float
    classes: tuple[ClassFacts, ...] = ()
    names: tuple[str, ...] = ()
    exports: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that has no facts, and why."""

    reason: str


Reading = FileFacts | Unreadable
