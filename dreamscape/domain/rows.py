"""The rows of a scan, which may still be the JSON they were remembered as: whoever only hands them on need not build
tens of thousands of objects first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, SupportsIndex, overload

from dreamscape.domain.errors import CannotGoOn

if TYPE_CHECKING:
    from dreamscape.domain.scan import FileRow, FunctionRow

_BETWEEN = b",\n  "
"""Rows stand in lines of their own; a line feed inside a JSON string is written otherwise."""
_FUNCTION_MARK = b'"end_line": '
"""Once in each function's text and nowhere else: quotes inside a JSON string bear a backslash."""


class Rows(Sequence["FileRow"]):
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
    from dreamscape.domain.scan import FileRow, FunctionRow

    try:
        row = json.loads(text)
        functions = tuple(FunctionRow(**function) for function in row["functions"])
        return FileRow(**{**row, "why": tuple(row["why"]), "functions": functions})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CannotGoOn(
            "what is remembered of the last scan was not written by a scan", "delete .dreamscape/scan-cache.db"
        ) from error
