"""The rows of a scan, which may still be the JSON they were remembered as: whoever only hands them on need not build
tens of thousands of objects first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import SupportsIndex, overload

from dreamscape.domain.errors import CannotGoOn

_BETWEEN = b",\n  "
"""Rows stand in lines of their own; a line feed inside a JSON string is written otherwise."""
_FUNCTION_MARK = b'"end_line": '
"""Once in each function's text and nowhere else: quotes inside a JSON string bear a backslash."""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """One function or method; ``name`` is qualified within its file, lines are 1-based and inclusive."""

    name: str
    line: int
    end_line: int
    complexity: int
    centrality: float
    impact: float


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file: ``impact``, ``risk``, ``reach``, ``effort`` and ``centrality`` run from 0 to 1.

    ``complexity`` is the sum over its functions, ``maintainability`` 0 to 100, ``churn`` in commits (bulk ones left
    out), ``runtime`` in seconds, ``fixes`` in commits of the last five years, ``authors`` of the last two, ``age`` in
    months, five years at most. ``failures`` counts failing cases whose fault was found or suspected here, ``repairs``
    the changes that healed some. ``coverage`` is the share of its statements that tests ran, 0 to 1, ``test_seconds``
    how long its own tests took. A signal that is not there is None. ``why`` holds the reasons for the rank, the
    strongest first.
    """

    path: str
    rank: int
    impact: float
    risk: float
    reach: float
    effort: float
    sloc: int
    complexity: int
    max_complexity: int
    maintainability: float | None
    centrality: float
    churn: int | None
    failures: int | None
    repairs: int | None
    runtime: float | None
    coverage: float | None
    test_seconds: float | None
    fixes: int | None
    authors: int | None
    age: float | None
    why: tuple[str, ...]
    functions: tuple[FunctionRow, ...]

    @property
    def riskiest(self) -> FunctionRow | None:
        """The function with the most impact, the first of equals; None where there is none."""
        return max(self.functions, key=lambda function: (function.impact, -function.line), default=None)


class Rows(Sequence[FileRow]):
    """Rows by rank, each made from its part of ``json`` (UTF-8, without the brackets) when it is first asked for."""

    def __init__(self, json: bytes) -> None:
        self.json = json
        self._made: dict[int, FileRow] = {}

    @classmethod
    def of(cls, rows: Iterable[FileRow]) -> Rows:
        """The rows with their JSON."""
        made = dict(enumerate(rows))
        self = cls(_BETWEEN.join([row_text(row).encode("utf-8", "backslashreplace") for row in made.values()]))
        self._made = made
        return self

    @cached_property
    def functions(self) -> int:
        """How many functions all rows have."""
        return self.json.count(_FUNCTION_MARK)

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.json.split(_BETWEEN) if self.json else []

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: SupportsIndex) -> FileRow: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[FileRow, ...]: ...
    def __getitem__(self, at: SupportsIndex | slice) -> FileRow | tuple[FileRow, ...]:
        if isinstance(at, slice):
            return tuple(self._row(number) for number in range(*at.indices(len(self))))
        return self._row(range(len(self))[at])

    def __iter__(self) -> Iterator[FileRow]:
        return map(self._row, range(len(self)))

    def __eq__(self, other: object) -> bool:
        return self.json == other.json if isinstance(other, Rows) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.json)

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"

    def _row(self, at: int) -> FileRow:
        if at not in self._made:
            self._made[at] = _row_of(self._lines[at])
        return self._made[at]


def row_text(row: FileRow) -> str:
    """A row as one line of JSON, its keys in the order of its fields."""
    functions = ", ".join(map(_function_text, row.functions))
    return f"{_encode({**fields(row), 'functions': []})[:-2]}{functions}]}}"


def _function_text(function: FunctionRow) -> str:
    """By hand, since a project may have a hundred thousand; numbers look in JSON as they do in Python."""
    return (
        f'{{"name": {_quoted(function.name)}, "line": {function.line}, "end_line": {function.end_line}, '
        f'"complexity": {function.complexity}, "centrality": {function.centrality}, "impact": {function.impact}}}'
    )


def fields(value: object) -> dict[str, object]:
    """A flat dataclass with slots as a mapping, its fields in their order."""
    return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]  # they have slots


_encode = json.JSONEncoder(ensure_ascii=False).encode
_quoted = json.encoder.encode_basestring


def _row_of(text: bytes) -> FileRow:
    try:
        row = json.loads(text)
        functions = tuple(FunctionRow(**function) for function in row["functions"])
        return FileRow(**{**row, "why": tuple(row["why"]), "functions": functions})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CannotGoOn(
            "what is remembered of the last scan was not written by a scan", "delete .dreamscape/scan-cache.db"
        ) from error
