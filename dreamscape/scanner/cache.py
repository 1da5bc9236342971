"""Remembers what files say about themselves, by content, in a disposable sqlite3 file.

What comes out is data of a fixed shape (JSON), never code: a project may have put the file there itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamscape import __version__
from dreamscape.domain.errors import DreamscapeError
from dreamscape.scanner.memory import made_anew, opened
from dreamscape.scanner.patterns import Translated
from dreamscape.scanner.walk import Found
from dreamscape.tools.text import is_surely_plain

if TYPE_CHECKING:
    from dreamscape.scanner.facts import Reading

FORMAT = f"5:{__version__}:{sys.version_info[0]}.{sys.version_info[1]}"
"""Facts of another version, or read by another Python's grammar, are not ours."""
SETTLED_NS = 2_000_000_000
"""A file changed less than this before the scan may change again within the same time stamp; its content decides."""
KEPT_PER_FILE = 4
"""Contents kept for each file of the tree, so that switching branches and back parses nothing (chosen)."""
_TABLES = """
CREATE TABLE places (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, digest BLOB) WITHOUT ROWID;
CREATE TABLE readings (digest BLOB PRIMARY KEY, data TEXT);
CREATE TABLE rules (digest BLOB PRIMARY KEY, data TEXT);
CREATE TABLE ranking (key BLOB PRIMARY KEY, data BLOB);
"""
_MANY = 500


class Cache:
    """Readings by content, where each content was last seen, rules by their text, and the last ranking.

    ``problem`` says why nothing can be remembered, where that is so; the scan goes on without.
    """

    def __init__(self, file: Path | None, grammar: str = "") -> None:
        """``grammar`` names what else than this Python reads sources, if anything."""
        self._file = file
        self._format = FORMAT + grammar
        self._places: dict[bytes, tuple[int, int, int, bytes]] = {}
        self._connection: sqlite3.Connection | None = None
        self._digests: frozenset[bytes] | None = None
        self.problem = ""
        if file is None:
            return
        try:
            self._connection = opened(file, _TABLES, self._format)
        except (sqlite3.Error, OSError, DreamscapeError) as error:
            self._give_up(error)
        self._places = {path: tuple(rest) for path, *rest in self._select("SELECT * FROM places")}

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

    def knows(self, digest: bytes) -> bool:
        """Whether a content was read by some earlier scan."""
        if self._digests is None:
            self._digests = frozenset(row[0] for row in self._select("SELECT digest FROM readings"))
        return digest in self._digests

    def forget(self, digests: Iterable[bytes]) -> None:
        """Takes contents for unknown whose reading makes no sense any more."""
        self.knows(b"")
        self._digests = (self._digests or frozenset()).difference(digests)

    def readings(self, digests: Iterable[bytes]) -> dict[bytes, Reading]:
        """What is remembered of these contents; what cannot be understood counts as forgotten."""
        from dreamscape.scanner.forms import reading_in

        wanted = list(digests)
        remembered: dict[bytes, Reading] = {}
        for start in range(0, len(wanted), _MANY):
            part = wanted[start : start + _MANY]
            marks = ",".join("?" * len(part))
            for digest, data in self._select(f"SELECT digest, data FROM readings WHERE digest IN ({marks})", *part):
                with contextlib.suppress(ValueError, TypeError, OverflowError, RecursionError):
                    remembered[digest] = reading_in(data)
        return remembered

    def rules(self) -> dict[bytes, list[Translated]]:
        """Rule files translated by earlier scans, by the digest of their text."""
        known: dict[bytes, list[Translated]] = {}
        for digest, data in self._select("SELECT digest, data FROM rules"):
            with contextlib.suppress(ValueError, TypeError, RecursionError):
                known[digest] = [
                    (str(regex), bool(out), bool(folders), int(line), str(text))
                    for regex, out, folders, line, text in json.loads(data)
                ]
        return known

    def ranking(self, key: bytes) -> bytes | None:
        """The last ranking if it was made under this key and is whole. What a terminal could take for a
        command is not taken: a project may have written the file itself."""
        for (packed,) in self._select("SELECT data FROM ranking WHERE key = ?", key):
            with contextlib.suppress(zlib.error, TypeError):
                data = zlib.decompress(packed)
                if is_surely_plain(data):
                    return data
        return None

    def _select(self, question: str, *values: bytes) -> list[tuple[Any, ...]]:
        """All rows that answer; none where the file is damaged."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(question, values).fetchall()
        except (sqlite3.Error, UnicodeError):
            self._start_over()
            return []

    def _start_over(self) -> None:
        """Throws a damaged file away; this scan writes a new one."""
        self.close()
        self._places, self._digests = {}, frozenset()
        try:
            self._connection = made_anew(self._file, _TABLES, self._format) if self._file else None
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def remember(
        self,
        seen: Mapping[Found, bytes],
        new: Mapping[bytes, Reading],
        now_ns: int,
        texts: Mapping[bytes, str] | None = None,
    ) -> None:
        """Notes what was seen where, and what was read anew; writes nothing if nothing changed.

        ``texts`` holds readings whose text is known already.
        """
        settled = now_ns - SETTLED_NS
        places = {
            _name(file): (file.size, file.mtime_ns if file.mtime_ns < settled else -1, file.ctime_ns, digest)
            for file, digest in seen.items()
        }
        if places != self._places or new:
            self._write(lambda connection: _save(connection, places, new, texts or {}))

    def remember_rules(self, translated: Mapping[bytes, list[Translated]]) -> None:
        """Notes translations made now; when there are many, those made before are dropped."""
        if translated:
            self._write(lambda connection: _save_rules(connection, translated))

    def remember_ranking(self, key: bytes, ranking: bytes) -> None:
        """Notes a ranking in place of the last."""
        row = (key, zlib.compress(ranking, 1))
        self._write(lambda connection: _save_ranking(connection, row))

    def _write(self, save: Callable[[sqlite3.Connection], None]) -> None:
        """All of it, or nothing."""
        if self._connection is None:
            return
        try:
            with self._connection as connection:
                save(connection)
        except sqlite3.OperationalError as error:
            self.problem = f"nothing is remembered for the next scan: {error}"
        except (sqlite3.DatabaseError, UnicodeError):
            self._start_over()


def _save(
    connection: sqlite3.Connection,
    places: Mapping[bytes, tuple[int, int, int, bytes]],
    new: Mapping[bytes, Reading],
    known: Mapping[bytes, str],
) -> None:
    from dreamscape.scanner.forms import text_of

    connection.execute("DELETE FROM places")
    rows = ((path, *place) for path, place in places.items())
    connection.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?)", rows)
    texts = ((digest, known.get(digest) or text_of(reading)) for digest, reading in new.items())
    connection.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?)", texts)
    (count,) = connection.execute("SELECT count(*) FROM readings").fetchone()
    if count > KEPT_PER_FILE * len(places) + _MANY:
        connection.execute("DELETE FROM readings WHERE digest NOT IN (SELECT digest FROM places)")


def _save_rules(connection: sqlite3.Connection, translated: Mapping[bytes, list[Translated]]) -> None:
    (count,) = connection.execute("SELECT count(*) FROM rules").fetchone()
    if count > _MANY:
        connection.execute("DELETE FROM rules")
    rows = ((digest, json.dumps(lines)) for digest, lines in translated.items())
    connection.executemany("INSERT OR REPLACE INTO rules VALUES (?, ?)", rows)


def _save_ranking(connection: sqlite3.Connection, row: tuple[bytes, bytes]) -> None:
    connection.execute("DELETE FROM ranking")
    connection.execute("INSERT INTO ranking VALUES (?, ?)", row)


def digest_of(source: bytes) -> bytes:
    """Names a content; short, but no two contents of one project ever share it."""
    return hashlib.blake2b(source, digest_size=16).digest()


def _name(found: Found) -> bytes:
    return found.path.encode("utf-8", "surrogateescape")
