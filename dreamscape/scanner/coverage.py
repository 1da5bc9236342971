"""Reads which lines tests ran from what coverage.py left in a project, in any of its three forms, without importing it.

The files are data that a project may have written itself: whatever they hold, reading them ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

NAMES = (".coverage", "coverage.json", "coverage.xml")
"""Data file, `coverage json`, and `coverage xml` (Cobertura's form, which others write as well)."""
LARGEST = 64 * 1024 * 1024
"""Bytes (chosen): what projects of a million lines write stays below, and reading it fits in memory."""
_STEPS = 1_000
_MOST_STEPS = 200_000
"""sqlite's own steps, in thousands (chosen: a minute): reading a hundred thousand rows takes a thousandth of it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one file that tests ran, and the first lines of statements that none ran; None where only the source
    can tell which lines are statements."""

    ran: frozenset[int]
    missed: frozenset[int] | None


def read_lines(file: Path, project: Path) -> dict[str, Lines]:
    """What was measured in each file of the project, by its path. Raises ValueError for what makes no sense."""
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST // 1024**2} MiB")
        match file.suffix:
            case ".json":
                found = _json(file)
            case ".xml":
                found = _xml(file)
            case _:
                found = _data(file)
    except (OSError, sqlite3.Error, ElementTree.ParseError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return {path: lines for name, lines in found if (path := _within(project, name)) is not None}


def _within(project: Path, name: str) -> str | None:
    path = Path(os.path.normpath(project / name))
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else None


def _json(file: Path) -> list[tuple[str, Lines]]:
    data = json.loads(file.read_bytes())
    return [(name, _lines(one["executed_lines"], one["missing_lines"])) for name, one in data["files"].items()]


def _lines(ran: Iterable[int], missed: Iterable[int]) -> Lines:
    done = frozenset(map(int, ran))
    return Lines(done, frozenset(map(int, missed)) - done)


def _xml(file: Path) -> list[tuple[str, Lines]]:
    """One file may be several classes; names are relative to one of the sources."""
    sources: list[str] = []
    ran, missed = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for _, element in ElementTree.iterparse(file):
        if element.tag == "source":
            sources.append((element.text or "").strip())
        elif element.tag == "class":
            for line in element.iter("line"):
                (ran if int(line.attrib["hits"]) else missed)[element.attrib["filename"]].add(
                    int(line.attrib["number"])
                )
            element.clear()
    names = sorted(ran.keys() | missed.keys())
    return [
        (str(Path(source, name)), _lines(ran[name], missed[name]))
        for source in reversed(sources or [""])
        for name in names
    ]


def _data(file: Path) -> list[tuple[str, Lines]]:
    """coverage.py's own data file, schema 7: lines as bits, or with branches as jumps between lines."""
    found = defaultdict[str, set[int]](set)
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True)) as data:
        data.execute("PRAGMA trusted_schema = OFF")
        left = iter(range(_MOST_STEPS))
        data.set_progress_handler(lambda: next(left, -1) < 0, _STEPS)
        for name, bits in data.execute("SELECT path, numbits FROM line_bits JOIN file ON file.id = file_id"):
            found[str(name)].update(_numbers(bits))
        for name, *jump in data.execute("SELECT DISTINCT path, fromno, tono FROM arc JOIN file ON file.id = file_id"):
            found[str(name)].update(line for line in jump if int(line) > 0)
    return [(name, Lines(frozenset(lines), None)) for name, lines in found.items()]


def _numbers(bits: bytes) -> Iterator[int]:
    for at, byte in enumerate(bits):
        if byte:
            yield from (at * 8 + bit for bit in range(8) if byte >> bit & 1)
