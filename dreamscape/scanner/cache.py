"""Remembers what files say about themselves, by content, in a disposable sqlite3 file.

What comes out is data of a fixed shape (JSON), never code: a project may have put the file there itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from dreamscape import __version__
from dreamscape.domain.errors import DreamscapeError
from dreamscape.scanner.facts import FileFacts, FunctionFacts, Import, Reading, Unreadable
from dreamscape.scanner.measure import LARGEST_SOURCE
from dreamscape.scanner.walk import Found
from dreamscape.tools.files import STATE_FOLDER, state_folder

FORMAT = f"2:{__version__}:{sys.version_info[0]}.{sys.version_info[1]}"
"""Facts of another version, or read by another Python's grammar, are not ours."""
SETTLED_NS = 2_000_000_000
"""A file changed less than this before the scan may change again within the same time stamp; its content decides."""
KEPT_PER_FILE = 4
"""Contents kept for each file of the tree, so that switching branches and back parses nothing (chosen)."""
_TABLES = """
CREATE TABLE about (format TEXT NOT NULL);
CREATE TABLE places (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, digest BLOB) WITHOUT ROWID;
CREATE TABLE readings (digest BLOB PRIMARY KEY, data TEXT) WITHOUT ROWID;
"""
_MANY = 500


class Cache:
    """Readings by content, and where each content was last seen. Reads at once, writes once, at the end.

    ``problem`` says why nothing can be remembered, where that is so; the scan goes on without.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._places: dict[bytes, tuple[int, int, int, bytes]] = {}
        self._connection: sqlite3.Connection | None = None
        self.problem = ""
        if file is None:
            return
        try:
            if file.parent.name == STATE_FOLDER:
                state_folder(file.parent.parent)
            self._connection = _opened(file)
            self._places = {path: tuple(rest) for path, *rest in self._connection.execute("SELECT * FROM places")}
        except (sqlite3.Error, OSError, DreamscapeError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.close()
        self.problem = f"nothing is remembered for the next scan: {error}"

    def close(self) -> None:
        """Lets go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def known_digest(self, found: Found) -> bytes | None:
        """The digest of a file whose size and times are those of its last scan."""
        place = self._places.get(_name(found))
        return place[3] if place and place[:3] == (found.size, found.mtime_ns, found.ctime_ns) else None

    def readings(self, digests: Iterable[bytes]) -> dict[bytes, Reading]:
        """What is remembered of these contents; what cannot be understood counts as forgotten."""
        wanted = list(digests)
        remembered: dict[bytes, Reading] = {}
        for start in range(0, len(wanted), _MANY):
            part = wanted[start : start + _MANY]
            for digest, data in self._select(part):
                with contextlib.suppress(ValueError, TypeError, OverflowError, RecursionError):
                    remembered[digest] = _reading(json.loads(data))
        return remembered

    def _select(self, digests: list[bytes]) -> list[tuple[bytes, str]]:
        if self._connection is None:
            return []
        marks = ",".join("?" * len(digests))
        try:
            return self._connection.execute(
                f"SELECT digest, data FROM readings WHERE digest IN ({marks})", digests
            ).fetchall()
        except sqlite3.Error:
            self._start_over()
            return []

    def _start_over(self) -> None:
        """Throws a damaged file away; this scan writes a new one."""
        self.close()
        self._places = {}
        try:
            self._connection = _new(self._file) if self._file else None
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def remember(self, seen: Mapping[Found, bytes], new: Mapping[bytes, Reading], now_ns: int) -> None:
        """Notes what was seen where, and what was read anew; writes nothing if nothing changed."""
        settled = now_ns - SETTLED_NS
        places = {
            _name(file): (file.size, file.mtime_ns if file.mtime_ns < settled else -1, file.ctime_ns, digest)
            for file, digest in seen.items()
        }
        if self._connection is None or (places == self._places and not new):
            return
        try:
            with self._connection as connection:
                connection.execute("DELETE FROM places")
                rows = ((path, *place) for path, place in places.items())
                connection.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?)", rows)
                texts = ((digest, json.dumps(_plain(reading))) for digest, reading in new.items())
                connection.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?)", texts)
                (count,) = connection.execute("SELECT count(*) FROM readings").fetchone()
                if count > KEPT_PER_FILE * len(places) + _MANY:
                    connection.execute("DELETE FROM readings WHERE digest NOT IN (SELECT digest FROM places)")
        except sqlite3.OperationalError as error:
            self.problem = f"nothing is remembered for the next scan: {error}"
        except sqlite3.DatabaseError:
            self._start_over()


def digest_of(source: bytes) -> bytes:
    """Names a content; short, but no two contents of one project ever share it."""
    return hashlib.blake2b(source, digest_size=16).digest()


def _name(found: Found) -> bytes:
    return found.path.encode("utf-8", "surrogateescape")


def _opened(file: Path) -> sqlite3.Connection:
    """The cache as it was left, or a new one where there is none that we can read."""
    if not file.exists():
        return _new(file)
    connection = sqlite3.connect(file, timeout=2)
    try:
        _configure(connection)
        if connection.execute("SELECT format FROM about").fetchall() == [(FORMAT,)]:
            return connection
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            connection.close()
            raise
    connection.close()
    return _new(file)


def _new(file: Path) -> sqlite3.Connection:
    for name in (file.name, f"{file.name}-journal"):
        file.with_name(name).unlink(missing_ok=True)
    connection = sqlite3.connect(file, timeout=2)
    _configure(connection)
    with connection:
        connection.executescript(_TABLES)
        connection.execute("INSERT INTO about VALUES (?)", (FORMAT,))
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    # A crash may damage the file; then it is made anew, so nothing needs to wait for the disk.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")


def _plain(reading: Reading) -> list[object]:
    match reading:
        case Unreadable(reason):
            return [reason]
        case FileFacts(functions, imports, sloc, index):
            rows = [[f.name, f.line, f.end_line, f.complexity, list(f.calls)] for f in functions]
            return [rows, [[i.module, list(i.names), i.level] for i in imports], sloc, index]


def _reading(data: object) -> Reading:
    """The reading behind `_plain`'s lists. Raises ValueError or TypeError where they are not ours."""
    match data:
        case [str(reason)]:
            return Unreadable(reason)
        case [list(rows), list(imports), int(sloc), int() | float() as index] if (
            0 <= index <= 100 and 0 <= sloc <= LARGEST_SOURCE
        ):
            return FileFacts(
                tuple(_function(*row) for row in rows),
                tuple(Import(str(module), tuple(map(str, names)), int(level)) for module, names, level in imports),
                sloc,
                float(index),
            )
    raise ValueError("not a reading")


def _function(name: str, line: int, end_line: int, complexity: int, calls: list[str]) -> FunctionFacts:
    if not 1 <= complexity <= LARGEST_SOURCE:
        raise ValueError("no function is so complex")
    return FunctionFacts(str(name), int(line), int(end_line), int(complexity), tuple(map(str, calls)))
