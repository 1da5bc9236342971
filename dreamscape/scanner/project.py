"""ProjectScanner: walks a project, reads what changed, and ranks its files and functions by impact."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import UsageError
from dreamscape.domain.rows import Rows
from dreamscape.domain.scan import CacheUse, Exclusion, Order, ScanResult, SkippedFile
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner.cache import FORMAT, Cache, digest_of
from dreamscape.scanner.contents import Contents, read_contents
from dreamscape.scanner.ignore import Rules, rules_for
from dreamscape.scanner.patterns import PatternBook
from dreamscape.scanner.remembered import Ranked, history_state, remembered
from dreamscape.scanner.tested import MEMORY, Tested, tested
from dreamscape.scanner.walk import Found, shown, walk
from dreamscape.scanner.weights import PRIOR, Weights, stored

if TYPE_CHECKING:
    from dreamscape.domain.evidence import Explanation
    from dreamscape.domain.ports import NewerParser
    from dreamscape.domain.scan_diff import ScanDiff
    from dreamscape.scanner.facts import FileFacts
    from dreamscape.scanner.ranking import Signals


class ProjectScanner:
    """Scans one project.

    ``cache`` is the file of the scanner's memory (made if need be; None remembers nothing); ``failures`` maps a path
    to how often it failed in the past, ``repairs`` to how often it was healed, ``test_seconds`` to what its tests took,
    ``runtime`` to seconds spent in it, where these are known; ``newer`` is asked for what this Python cannot parse.
    """

    def __init__(
        self,
        project: Path,
        settings: ScanSettings,
        *,
        cache: Path | None,
        failures: Mapping[str, int] | None = None,
        repairs: Mapping[str, int] | None = None,
        test_seconds: Mapping[str, float] | None = None,
        runtime: Mapping[str, float] | None = None,
        newer: NewerParser | None = None,
    ) -> None:
        self.project = project
        self.settings = settings
        self.cache = cache
        self.failures = failures
        self.repairs = repairs
        self.test_seconds = test_seconds
        self.runtime = runtime
        self.newer = newer

    def scan(self, order: Order = Order.IMPACT) -> ScanResult:
        """Everything found, ranked. Raises UsageError where there is no such folder; all else becomes a row or note."""
        start = time.perf_counter()
        project = self._folder()
        with closing(self._memory()) as cache, _undisturbed():
            contents, unseen = self._contents(project, cache)
            return self._scanned(contents, unseen, cache, start, order)

    def scan_with_imports(self, order: Order = Order.IMPACT) -> tuple[ScanResult, tuple[tuple[str, str], ...]]:
        """As `scan`, and which file imports which: pairs of paths, the importer first."""
        from dreamscape.scanner.imports import import_graph

        start = time.perf_counter()
        project = self._folder()
        with closing(self._memory()) as cache, _undisturbed():
            contents, unseen = self._contents(project, cache)
            result = self._scanned(contents, unseen, cache, start, order)
            graph = import_graph(_told(contents, cache)[0])
        pairs = ((shown(importer), shown(target)) for importer, targets in graph.items() for target in targets)
        return result, tuple(pairs)

    def watch(self, order: Order = Order.IMPACT) -> Iterator[ScanResult]:
        """The ranking, and again whenever a save changes it; it does not end by itself. Raises as `scan` does, and
        CannotGoOn where the system cannot watch the folders."""
        from dreamscape.scanner.watch import saves

        book, project = PatternBook(), self._folder()
        last: object = None
        for _ in saves(project, lambda: self._rules(project, book)):
            result = self.scan(order)
            if last != (last := (result.files, result.skipped)):
                yield result

    def diff(self, revision: str, order: Order = Order.IMPACT, limit: float | None = None) -> ScanDiff:
        """What differs from where this branch left ``revision``, and became worse or is over the limit.

        Raises UsageError for what names no commit, CannotGoOn where git does not hold what is asked.
        """
        from dreamscape.domain.scan_diff import ScanDiff
        from dreamscape.scanner.base import base_of
        from dreamscape.scanner.ranking import rank
        from dreamscape.scanner.worse import changes, line_of

        start = time.perf_counter()
        project = self._folder()
        base = base_of(project, revision)
        with closing(self._memory()) as cache, _undisturbed():
            contents, unseen = self._contents(project, cache)
            facts, bad = _told(contents, cache)
            before = base.facts(facts, contents, cache, self._is_scanned(project, cache))
            signals, note = self._signals(facts, contents, self._weights())
            then, now = rank(before, base.signals(signals), order).files, rank(facts, signals, order).files
            line = line_of(then) if limit is None else limit
            found = changes(now, then, base.moved, line)
        return ScanDiff(
            project=shown(str(project)),
            revision=shown(revision),
            base=base.commit,
            limit=limit,
            line=line,
            changed=len(found),
            files=tuple(one for one in found if one.is_worse or (limit is not None and one.impact > limit)),
            skipped=_in_order([row for row in (*unseen, *contents.skipped, *bad) if row.path in base.moved]),
            notes=tuple(text for text in (note, cache.problem) if text),
            seconds=round(time.perf_counter() - start, 3),
        )

    def _is_scanned(self, project: Path, cache: Cache) -> Callable[[str], bool]:
        """Whether today's rules keep a path, which need not be there any more."""
        from dreamscape.scanner.why import rule_about

        rules = self._rules(project, PatternBook(cache.rules()))
        return lambda path: not rule_about(project, rules, path).is_left_out

    def _folder(self) -> Path:
        if not self.project.is_dir():
            raise UsageError(f"there is no folder {self.project}", "--project takes the folder of a project")
        return self.project.resolve()

    def explain(self, path: str) -> Explanation:
        """Why one file stands where it stands. Raises UsageError for what is not among the files scanned."""
        from dreamscape.scanner.ranking import explain

        project = self.project.resolve()
        wanted = Path(os.path.normpath(project / path))
        name = wanted.relative_to(project).as_posix() if wanted.is_relative_to(project) else path
        with closing(self._memory()) as cache, _undisturbed():
            contents, unseen = self._contents(project, cache)
            facts, bad = _told(contents, cache)
            signals, note = self._signals(facts, contents, self._weights())
        for row in (*unseen, *contents.skipped, *bad):
            if row.path == name:
                raise UsageError(f"{shown(name)} could not be measured: {row.reason}")
        if name not in facts:
            raise UsageError(
                f"{shown(path)} is not among the files that were scanned",
                "--explain takes the path of a Python file; --why-ignored tells what leaves one out",
            )
        lines = self._tested(contents).lines(name)
        return explain(facts, signals, name, (note,) if note else (), lines)

    def why_ignored(self, path: Path) -> Exclusion:
        """Which rule decides about a path. Raises UsageError where it is not in the project."""
        from dreamscape.scanner.why import why_ignored

        project = self.project.resolve()
        return why_ignored(project, self._rules(project, PatternBook()), path)

    def _scanned(
        self, contents: Contents, unseen: list[SkippedFile], cache: Cache, start: float, order: Order
    ) -> ScanResult:
        history, weights = history_state(contents.project), self._weights()
        state = self._tested(contents).state
        key = self._key(contents.seen, [*unseen, *contents.skipped], history, weights, order, state)
        ranked = remembered(cache.ranking(key))
        if ranked is None:
            ranked = self._ranked(contents, unseen, cache, weights, order)
            # Why a signal is missing may change without a trace in the history, unless there is no history at all.
            if not (ranked.note and history):
                cache.remember_ranking(key, ranked.packed())
        return ScanResult(
            project=shown(str(contents.project)),
            files=ranked.files,
            skipped=ranked.skipped,
            graph=ranked.graph,
            cache=CacheUse(hits=len(contents.seen) - len(contents.new), misses=len(contents.new)),
            seconds=round(time.perf_counter() - start, 3),
            notes=tuple(note for note in (ranked.note, cache.problem) if note),
        )

    def _contents(self, project: Path, cache: Cache) -> tuple[Contents, list[SkippedFile]]:
        """What every file that the rules keep holds, and what could not be looked at."""
        book = PatternBook(cache.rules())
        found, unseen = walk(project, self._rules(project, book))
        cache.remember_rules(book.new)
        return read_contents(project, found, cache, self.newer), unseen

    def _memory(self) -> Cache:
        return Cache(self.cache, f":{self.newer.version}" if self.newer else "")

    def _rules(self, project: Path, book: PatternBook) -> Rules:
        return rules_for(project, self.settings.ignore, with_gitignore=self.settings.gitignore, book=book)

    def _weights(self) -> Weights:
        return stored(self.cache.parent if self.cache else None) or PRIOR

    def _key(self, seen: Mapping[Found, bytes], unseen: Iterable[SkippedFile], *others: object) -> bytes:
        """Names everything a ranking is made of; whatever else comes to decide one belongs in here, too."""
        settings = replace(self.settings, top=0)  # how many are shown decides nothing
        known = (self.failures, self.repairs, self.test_seconds, self.runtime)
        signals = [None if one is None else sorted(one.items()) for one in known]
        said = (FORMAT, others, settings, signals, sorted(map(repr, unseen)))
        names = (file.path.encode("utf-8", "surrogateescape") + b"\0" + digest for file, digest in seen.items())
        return digest_of(b"\0".join([repr(said).encode("utf-8", "backslashreplace"), *sorted(names)]))

    def _ranked(
        self, contents: Contents, unseen: list[SkippedFile], cache: Cache, weights: Weights, order: Order
    ) -> Ranked:
        from dreamscape.scanner.ranking import rank

        facts, bad = _told(contents, cache)
        signals, note = self._signals(facts, contents, weights)
        ranking = rank(facts, signals, order)
        return Ranked(Rows.of(ranking.files), ranking.graph, _in_order([*unseen, *contents.skipped, *bad]), note)

    def _tested(self, contents: Contents) -> Tested:
        return tested(contents.project, contents.seen, self.cache.with_name(MEMORY) if self.cache else None)

    def _signals(self, facts: Mapping[str, FileFacts], contents: Contents, weights: Weights) -> tuple[Signals, str]:
        """What is known of files besides their contents, and what could not be known."""
        from dreamscape.scanner.churn import HISTORY_FILE, read_history
        from dreamscape.scanner.ranking import Signals

        months = self.settings.churn_months
        history = read_history(contents.project, months, self.cache.with_name(HISTORY_FILE) if self.cache else None)
        left = self._tested(contents)
        coverage, unknown = left.coverage(facts.keys())
        seconds, known = left.seconds(), self.test_seconds
        signals = Signals(
            past=history.files,
            failures=self.failures,
            runtime=self.runtime,
            churn_months=months,
            weights=weights,
            repairs=self.repairs,
            coverage=coverage,
            test_seconds=None if seconds is None and known is None else {**(seconds or {}), **(known or {})},
        )
        return signals, "; ".join(filter(None, [history.note, unknown]))


def _told(contents: Contents, cache: Cache) -> tuple[dict[str, FileFacts], list[SkippedFile]]:
    """What each file says about itself, and those that say nothing."""
    from dreamscape.scanner.facts import FileFacts, Unreadable

    readings = contents.readings(cache)
    facts = {file.path: reading for file, reading in readings if isinstance(reading, FileFacts)}
    return facts, [SkippedFile(file.path, bad.reason) for file, bad in readings if isinstance(bad, Unreadable)]


def _in_order(skipped: list[SkippedFile]) -> tuple[SkippedFile, ...]:
    rows = (SkippedFile(shown(row.path), shown(row.reason)) for row in skipped)
    return tuple(sorted(rows, key=lambda row: row.path))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Working without the garbage collector: syntax trees and rows hold no circles, and looking for some costs a
    fifth of the time. What is left behind is not looked through either, not even when the interpreter ends."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
