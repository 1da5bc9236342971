"""What a project's own test tools left beside its sources: how much of each file tests ran, and how long each took.

Nothing here weighs in the ranking: no history tells how covered a file was at past commits, so no weight can be learned
from one, and none is made up.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

from dreamscape.domain.errors import DreamscapeError
from dreamscape.scanner import coverage
from dreamscape.scanner.coverage import Lines
from dreamscape.scanner.memory import make_place
from dreamscape.scanner.walk import Found
from dreamscape.tools.files import atomic_write

MEMORY = "scan-coverage.json"
FORMAT = "1"
DURATIONS = (".test_durations", "junit.xml")
"""What pytest-split keeps, and the usual name of pytest's report for other programs."""
_UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, ElementTree.ParseError)


@dataclass(frozen=True, slots=True)
class Left:
    """A file that a tool left, as it was when looked at."""

    file: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Tested:
    """What was left in a project, the latest file of each kind, about its files as they are ``seen``, with digests.

    ``memory`` is a file of ours that spares reading measurements twice.
    """

    project: Path
    seen: Mapping[Found, bytes]
    measured: Left | None
    timed: Left | None
    memory: Path | None

    @property
    def state(self) -> tuple[object, ...]:
        """Names all that these signals depend on besides the contents of the files."""
        left = [(one.file.name, one.size, one.mtime_ns) for one in (self.measured, self.timed) if one]
        return *left, sorted(self.stale)

    @cached_property
    def stale(self) -> frozenset[str]:
        """Files saved after their lines were measured: nobody knows what ran of them."""
        if self.measured is None:
            return frozenset()
        return frozenset(file.path for file in self.seen if file.mtime_ns > self.measured.mtime_ns)

    def coverage(self, paths: Collection[str]) -> tuple[Mapping[str, float] | None, str]:
        """The share of statements that tests ran, 0 to 1, of these files, and what is to be said where nothing is
        known. Files that no measurement tells of are missing.
        """
        if self.measured is None:
            return None, ""
        digests = {file.path: digest.hex() for file, digest in self.seen.items() if file.path in paths}
        digests = {path: digest for path, digest in digests.items() if path not in self.stale}
        known = self._remembered(digests)
        if known is None:
            try:
                lines = coverage.read_lines(self.measured.file, self.project)
            except ValueError as error:
                return None, f"{self.measured.file.name} cannot be read: coverage is unknown ({error})"
            known = {path: _share(self.project, path, lines.get(path)) for path in digests}
            self._remember(digests, known)
        return {path: share for path, share in known.items() if share is not None}, ""

    def lines(self, path: str) -> tuple[frozenset[int], frozenset[int]] | None:
        """First lines of one file's statements: those that tests ran, and the others; None where that is unknown."""
        if self.measured is None or path in self.stale:
            return None
        try:
            return _split(self.project, path, coverage.read_lines(self.measured.file, self.project).get(path))
        except ValueError:
            return None

    def seconds(self) -> Mapping[str, float] | None:
        """How long the tests of each file took together; None where nobody tells."""
        if self.timed is None:
            return None
        found = defaultdict[str, float](float)
        with contextlib.suppress(*_UNREADABLE):
            pairs = _durations(self.timed.file, {file.path for file in self.seen})
            for path, seconds in pairs:
                found[path] += min(max(seconds, 0.0), 1e9)
            return found
        return None

    def _remembered(self, digests: Mapping[str, str]) -> dict[str, float | None] | None:
        if self.memory is None or not self.memory.is_file():
            return None
        with contextlib.suppress(*_UNREADABLE):
            data = json.loads(self.memory.read_bytes())
            rows = data["files"]
            if data["key"] == self._key and all(rows[path][0] == digest for path, digest in digests.items()):
                return {path: _sound(rows[path][1]) for path in digests}
        return None

    def _remember(self, digests: Mapping[str, str], shares: Mapping[str, float | None]) -> None:
        if self.memory is None:
            return
        rows = {path: [digest, shares[path]] for path, digest in digests.items()}
        text = json.dumps({"key": self._key, "files": rows}, separators=(",", ":"))
        with contextlib.suppress(DreamscapeError, OSError):  # the scan's own memory says what is in the way
            make_place(self.memory)
            atomic_write(self.memory, text.encode("ascii"))

    @property
    def _key(self) -> str:
        left = self.measured
        return f"{FORMAT}:{left.file.name}:{left.size}:{left.mtime_ns}" if left else ""


def tested(project: Path, seen: Mapping[Found, bytes], memory: Path | None) -> Tested:
    """What test tools left in a project."""
    return Tested(project, seen, _latest(project, coverage.NAMES), _latest(project, DURATIONS), memory)


def _latest(project: Path, names: Iterable[str]) -> Left | None:
    """The one of these files that was written last."""
    found = []
    for name in names:
        file = project / name
        with contextlib.suppress(OSError):
            status = file.stat()
            if file.is_file():
                found.append(Left(file, status.st_size, status.st_mtime_ns))
    return max(found, key=lambda left: left.mtime_ns, default=None)


def _share(project: Path, path: str, lines: Lines | None) -> float | None:
    """Rounded as scores are; None where there is nothing to run, or nobody looked."""
    split = _split(project, path, lines)
    if split is None or not any(split):
        return None
    ran, missed = map(len, split)
    return round(ran / (ran + missed), 4)


def _split(project: Path, path: str, lines: Lines | None) -> tuple[frozenset[int], frozenset[int]] | None:
    if lines is None or lines.missed is not None:
        return None if lines is None or lines.missed is None else (lines.ran, lines.missed)
    from dreamscape.scanner.executable import statements
    from dreamscape.scanner.measure import quietly
    from dreamscape.scanner.source import read_source

    source = read_source(f"{project}/{path}")
    if not isinstance(source, bytes):
        return None
    try:
        with quietly():
            spans = statements(source)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None
    done = {first for first, last in spans if not lines.ran.isdisjoint(range(first, last + 1))}
    return frozenset(done), frozenset(first for first, _ in spans) - done


def _sound(share: object) -> float | None:
    return float(share) if isinstance(share, int | float) and 0 <= share <= 1 else None


def _durations(file: Path, paths: set[str]) -> Iterator[tuple[str, float]]:
    """Path of a test's file and its seconds, for each test."""
    if file.stat().st_size > coverage.LARGEST:
        raise ValueError("too large")
    if file.suffix != ".xml":
        for test, seconds in json.loads(file.read_bytes()).items():
            yield test.split("::")[0], float(seconds)
        return
    for _, element in ElementTree.iterparse(file):
        if element.tag == "testcase":
            path = element.get("file") or _path_of(element.get("classname", ""), paths)
            if path:
                yield path, float(element.get("time", 0))
            element.clear()


def _path_of(dotted: str, paths: set[str]) -> str | None:
    """The file in whose name a dotted name begins: what follows it are classes."""
    words = dotted.split(".")
    names = ("/".join(words[:end]) + ".py" for end in range(len(words), 0, -1))
    return next((name for name in names if name in paths), None)
