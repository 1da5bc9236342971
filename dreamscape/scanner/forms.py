"""Readings as the lists that a memory holds: data of a fixed shape, never code."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dreamscape.scanner.facts import (
    LARGEST_SOURCE,
    ClassFacts,
    FileFacts,
    FunctionFacts,
    Import,
    Reading,
    Unreadable,
    When,
)


def text_of(reading: Reading) -> str:
    """A reading as one line of JSON."""
    return json.dumps(plain(reading))


def reading_in(text: str | bytes) -> Reading:
    """The reading behind `text_of`'s line. Raises ValueError or TypeError where it is not ours."""
    return reading_of(json.loads(text))


def plain(reading: Reading) -> list[object]:
    """A reading in lists, for JSON."""
    match reading:
        case Unreadable(reason):
            return [reason]
        case FileFacts(functions, imports, sloc, index, classes, names, exports):
            rows = [[f.name, f.line, f.end_line, f.complexity, f.calls] for f in functions]
            bases = [[one.name, one.bases] for one in classes]
            return [rows, plain_imports(imports), sloc, index, bases, names, exports]


def reading_of(data: object) -> Reading:
    """The reading behind `plain`'s lists. Raises ValueError or TypeError where they are not ours."""
    match data:
        case [str(reason)]:
            return Unreadable(reason)
        case [list(rows), list(imports), int(sloc), int() | float() as index, list(bases), list(names), exports] if (
            0 <= index <= 100 and 0 <= sloc <= LARGEST_SOURCE
        ):
            return FileFacts(
                tuple(_function(*row) for row in rows),
                tuple(import_of(*row) for row in imports),
                sloc,
                float(index),
                tuple(ClassFacts(str(name), texts(above)) for name, above in bases),
                texts(names),
                None if exports is None else texts(exports),
            )
    raise ValueError("not a reading")


def plain_imports(imports: Iterable[Import]) -> list[list[object]]:
    """Imports in lists."""
    return [[each.module, each.names, each.level, each.bound, each.when] for each in imports]


def import_of(module: str, names: object, level: int, bound: object, when: int) -> Import:
    """The import behind one of `plain_imports`' lists. Raises ValueError or TypeError where it is not ours."""
    return Import(str(module), texts(names), int(level), texts(bound), When(when))


def texts(words: object) -> tuple[str, ...]:
    """Strings, whatever they were. Raises TypeError where these are not many."""
    if not isinstance(words, Iterable):
        raise TypeError("not words")
    return tuple(map(str, words))


def _function(name: str, line: int, end_line: int, complexity: int, calls: list[str]) -> FunctionFacts:
    if not 1 <= complexity <= LARGEST_SOURCE:
        raise ValueError("no function is so complex")
    return FunctionFacts(str(name), int(line), int(end_line), int(complexity), texts(calls))
