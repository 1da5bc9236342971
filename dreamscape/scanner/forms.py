"""Readings as the lists that a memory holds: data of a fixed shape, never code."""

from __future__ import annotations

from collections.abc import Iterable

from dreamscape.scanner.facts import LARGEST_SOURCE, FileFacts, FunctionFacts, Import, Reading, Unreadable


def plain(reading: Reading) -> list[object]:
    """A reading in lists, for JSON."""
    match reading:
        case Unreadable(reason):
            return [reason]
        case FileFacts(functions, imports, sloc, index):
            rows = [[f.name, f.line, f.end_line, f.complexity, list(f.calls)] for f in functions]
            return [rows, plain_imports(imports), sloc, index]


def reading_of(data: object) -> Reading:
    """The reading behind `plain`'s lists. Raises ValueError or TypeError where they are not ours."""
    match data:
        case [str(reason)]:
            return Unreadable(reason)
        case [list(rows), list(imports), int(sloc), int() | float() as index] if (
            0 <= index <= 100 and 0 <= sloc <= LARGEST_SOURCE
        ):
            return FileFacts(
                tuple(_function(*row) for row in rows),
                tuple(import_of(*row) for row in imports),
                sloc,
                float(index),
            )
    raise ValueError("not a reading")


def plain_imports(imports: Iterable[Import]) -> list[list[object]]:
    """Imports in lists."""
    return [[each.module, list(each.names), each.level] for each in imports]


def import_of(module: str, names: Iterable[str], level: int) -> Import:
    """The import behind one of `plain_imports`' lists. Raises ValueError or TypeError where it is not ours."""
    return Import(str(module), tuple(map(str, names)), int(level))


def _function(name: str, line: int, end_line: int, complexity: int, calls: list[str]) -> FunctionFacts:
    if not 1 <= complexity <= LARGEST_SOURCE:
        raise ValueError("no function is so complex")
    return FunctionFacts(str(name), int(line), int(end_line), int(complexity), tuple(map(str, calls)))
