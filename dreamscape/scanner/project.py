"""ProjectScanner: walks a project, reads what changed, and ranks its files and functions by impact."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.errors import UsageError
from dreamscape.domain.scan import CacheUse, ScanResult, SkippedFile
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner.cache import Cache, digest_of
from dreamscape.scanner.churn import read_churn
from dreamscape.scanner.facts import FileFacts, Reading, Unreadable
from dreamscape.scanner.ignore import rules_for
from dreamscape.scanner.measure import measure, read_source
from dreamscape.scanner.ranking import Signals, rank, shown
from dreamscape.scanner.walk import Found, walk


class ProjectScanner:
    """Scans one project.

    ``cache`` is the file of the scanner's memory (made if need be; None remembers nothing); ``failures`` maps a path
    to how often it failed in the past, ``runtime`` to seconds spent in it, where these are known.
    """

    def __init__(
        self,
        project: Path,
        settings: ScanSettings,
        *,
        cache: Path | None,
        failures: Mapping[str, int] | None = None,
        runtime: Mapping[str, float] | None = None,
    ) -> None:
        self.project = project
        self.settings = settings
        self.cache = cache
        self.failures = failures
        self.runtime = runtime

    def scan(self) -> ScanResult:
        """Everything found, ranked. Raises UsageError where there is no such folder; all else becomes a row or note."""
        start = time.perf_counter()
        if not self.project.is_dir():
            raise UsageError(f"there is no folder {self.project}", "--project takes the folder of a project")
        with _undisturbed():
            return self._scanned(self.project.resolve(), start)

    def _scanned(self, project: Path, start: float) -> ScanResult:
        found, unseen = walk(project, rules_for(project, self.settings.ignore))
        with closing(Cache(self.cache)) as cache:
            read = _read_all(project, found, cache)
            churn = read_churn(project, self.settings.churn_months)
            signals = Signals(churn.commits, self.failures, self.runtime, self.settings.churn_months)
            ranking = rank(read.facts, signals)
            return ScanResult(
                project=shown(str(project)),
                files=ranking.files,
                skipped=_in_order([*unseen, *read.skipped]),
                graph=ranking.graph,
                cache=read.use,
                seconds=round(time.perf_counter() - start, 3),
                notes=tuple(note for note in (churn.note, cache.problem) if note),
            )


def _in_order(skipped: list[SkippedFile]) -> tuple[SkippedFile, ...]:
    rows = (SkippedFile(shown(row.path), shown(row.reason)) for row in skipped)
    return tuple(sorted(rows, key=lambda row: row.path))


@dataclass(frozen=True, slots=True)
class _Read:
    facts: dict[str, FileFacts]
    skipped: list[SkippedFile]
    use: CacheUse


def _read_all(project: Path, found: Sequence[Found], cache: Cache) -> _Read:
    """Facts of every file: remembered by its time stamps, else by its content, else measured now."""
    now_ns = time.time_ns()
    seen = {file: digest for file in found if (digest := cache.known_digest(file)) is not None}
    readings = cache.readings(set(seen.values()))
    new: dict[bytes, Reading] = {}
    skipped: list[SkippedFile] = []
    for file in found:
        if seen.get(file) in readings:
            continue
        source = read_source(project / file.path)
        if isinstance(source, Unreadable):
            seen.pop(file, None)
            skipped.append(SkippedFile(file.path, source.reason))
            continue
        digest = seen[file] = digest_of(source)
        if digest not in readings:
            readings.update(cache.readings([digest]))
        if digest not in readings:
            readings[digest] = new[digest] = measure(source)
    cache.remember(seen, new, now_ns)
    facts: dict[str, FileFacts] = {}
    for file, digest in sorted(seen.items(), key=lambda entry: entry[0].path):
        match readings[digest]:
            case FileFacts() as known:
                facts[file.path] = known
            case Unreadable(reason):
                skipped.append(SkippedFile(file.path, reason))
    return _Read(facts, skipped, CacheUse(hits=len(seen) - len(new), misses=len(new)))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Working without the garbage collector: syntax trees and rows hold no circles, and looking for some costs a
    fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
