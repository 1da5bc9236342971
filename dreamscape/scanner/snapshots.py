"""A project as it stood at past commits, measured as a scan would have, with the fixes that followed.

Old trees are read from git's own store; what a file's content says is kept by its blob, so a further cut-off costs only
what changed since. Nothing after a cut-off reaches the measures taken there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, DreamscapeError
from dreamscape.scanner.centrality import centrality, importers
from dreamscape.scanner.churn import commits_behind, ignored_commits, names_a_commit
from dreamscape.scanner.facts import FileFacts, Import, Reading
from dreamscape.scanner.forms import import_of, plain_imports, texts
from dreamscape.scanner.history import MONTH_S, NO_PAST, YEARS, FilePast, Past, Timeline, file_pasts, fixes_after
from dreamscape.scanner.impact import Measures, is_test
from dreamscape.scanner.imports import at_run_time, import_graph
from dreamscape.scanner.looks import readings
from dreamscape.scanner.measure import quietly
from dreamscape.scanner.memory import opened
from dreamscape.scanner.processors import processes_for
from dreamscape.tools.git import Git
from dreamscape.tools.git_blobs import read_blobs

STEP_MONTHS = 6
WINDOWS = (6, 18)
"""Months after a cut-off in which fixes are counted."""

_OUTSIDE = re.compile(r"(^|/)(docs?|examples?|samples?|_?vendor(ed)?|third_party|extern(als?)?)/")
_FORMAT = "2"
_TABLES = "CREATE TABLE briefs (blob TEXT PRIMARY KEY, data TEXT) WITHOUT ROWID;"
_MANY = 500


@dataclass(frozen=True, slots=True)
class Brief:
    """What a blob says of itself, as far as ranking files needs it."""

    sloc: int
    complexity: int
    max_complexity: int
    imports: tuple[Import, ...]
    names: tuple[str, ...]
    exports: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The product's files at a cut-off; ``fixes`` maps a window in months to the fixes each file needed in it.

    ``at`` is the cut-off's time, ``left_out`` counts files that could not be read.
    """

    at: float
    commit: str
    files: tuple[Measures, ...]
    fixes: Mapping[int, Mapping[str, int]]
    left_out: int


def is_product(path: str) -> bool:
    """Whether a path is the product's own source: no test, documentation, example or somebody else's code."""
    return path.endswith((".py", ".pyw")) and not is_test(path) and _OUTSIDE.search(path) is None


class Snapshots:
    """Cut-offs every six months, counted back from a head's own date. Use as a context: it keeps a file open."""

    def __init__(self, git: Git, memory: Path | None, churn_months: int) -> None:
        """Reads the whole history. Raises CannotGoOn where there is none, or git refuses."""
        head = git.head()
        if head is None and names_a_commit(git):
            raise CannotGoOn("HEAD's commit cannot be read", "git fsck tells what is damaged")
        if head is None:
            raise CannotGoOn("this repository has no commit yet", "there is no past to look at before the first commit")
        if git.say("rev-parse", "--is-shallow-repository") == "true":
            raise CannotGoOn("a shallow clone has no past to look at", "run git fetch --unshallow first")
        commits, self.note = commits_behind(git, head)
        self.head = head
        self._git = git
        self._months = churn_months
        self._timeline = Timeline(commits)
        self._briefs = Briefs(git, memory)

    def __enter__(self) -> Snapshots:
        return self

    def __exit__(self, *_: object) -> None:
        self._briefs.close()

    @property
    def contents(self) -> int:
        """How many different contents were looked at so far."""
        return self._briefs.count

    def at(self, step: int) -> Snapshot | None:
        """The project ``step`` times six months before its head; None before its first commit."""
        commit = self._commit(step)
        if commit is None:
            return None
        tree = self._tree(commit)
        briefs = self._briefs.of(tree.values())
        files = {path: brief for path, blob in sorted(tree.items()) if (brief := briefs[blob]) is not None}
        at = self._time(step)
        return Snapshot(at, commit, self._measured(files, commit), self._fixes(step, commit), len(tree) - len(files))

    def _time(self, step: int) -> float:
        return self._timeline.head.at.timestamp() - step * STEP_MONTHS * MONTH_S

    def _commit(self, step: int) -> str | None:
        commit = self._timeline.at(self._time(step))
        return commit.id if commit else None

    def _tree(self, commit: str) -> dict[str, str]:
        tree = {}
        for entry in self._git.ask("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            about, _, name = entry.partition(b"\t")
            mode, _, blob = about.split()
            path = os.fsdecode(name)
            if mode.startswith(b"100") and is_product(path):
                tree[path] = blob.decode("ascii")
        return tree

    def _measured(self, files: Mapping[str, Brief], commit: str) -> tuple[Measures, ...]:
        graph = at_run_time(import_graph(files))
        central, reached = centrality(graph), importers(graph)
        pasts = self._pasts(commit)
        return tuple(
            Measures(
                path=path,
                sloc=brief.sloc,
                complexity=brief.complexity,
                max_complexity=brief.max_complexity,
                centrality=central[path],
                importers=reached[path],
                past=pasts.get(path, NO_PAST),
            )
            for path, brief in files.items()
        )

    def _pasts(self, commit: str) -> dict[str, FilePast]:
        known = self._timeline.ancestors(commit) - ignored_commits(self._git, commit)
        now = self._timeline.seconds(commit)
        oldest = now - max(YEARS * 12, self._months) * MONTH_S
        recent = [one for one in self._timeline.pasts(known) if one.at >= oldest]
        return file_pasts(recent, now, self._months)

    def _fixes(self, step: int, commit: str) -> dict[int, dict[str, int]]:
        before = self._timeline.ancestors(commit)
        found = {}
        for months in WINDOWS:
            end = self._commit(step - months // STEP_MONTHS) if step * STEP_MONTHS >= months else None
            if end is not None:
                after: list[Past] = self._timeline.pasts(self._timeline.ancestors(end) - before)
                found[months] = fixes_after(reversed(after))
        return found


class Briefs:
    """What blobs say of themselves, kept in a disposable sqlite3 file; None for a blob that cannot be read."""

    def __init__(self, git: Git, memory: Path | None) -> None:
        self._git = git
        self._known: dict[str, Brief | None] = {}
        self._file: sqlite3.Connection | None = None
        if memory is not None:
            with contextlib.suppress(sqlite3.Error, OSError, DreamscapeError):
                self._file = opened(memory, _TABLES, _FORMAT)

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def count(self) -> int:
        """How many blobs were asked for so far."""
        return len(self._known)

    def of(self, blobs: Iterable[str]) -> Mapping[str, Brief | None]:
        """What these blobs (and all asked for before) say."""
        wanted = sorted(set(blobs) - self._known.keys())
        for start in range(0, len(wanted), _MANY):
            part = wanted[start : start + _MANY]
            self._known.update(self._remembered(part))
            with quietly():
                sources = dict(read_blobs(self._git, [blob for blob in part if blob not in self._known]))
                there = {blob: source for blob, source in sources.items() if source is not None}
                told = readings(there, processes_for(map(len, there.values())))
                new = dict.fromkeys(sources) | {blob: brief(reading) for blob, reading in told}
            self._known.update(new)
            self._remember(new)
        return self._known

    def _remembered(self, blobs: Sequence[str]) -> dict[str, Brief | None]:
        if self._file is None:
            return {}
        marks = ",".join("?" * len(blobs))
        found = {}
        with contextlib.suppress(sqlite3.Error, ValueError, TypeError, RecursionError):
            for blob, data in self._file.execute(f"SELECT blob, data FROM briefs WHERE blob IN ({marks})", blobs):
                found[blob] = _brief(json.loads(data))
        return found

    def _remember(self, new: Mapping[str, Brief | None]) -> None:
        if self._file is None or not new:
            return
        rows = ((blob, json.dumps(_plain(one))) for blob, one in new.items())
        with contextlib.suppress(sqlite3.Error), self._file as file:
            file.executemany("INSERT OR REPLACE INTO briefs VALUES (?, ?)", rows)


def brief(facts: Reading) -> Brief | None:
    """What a source says of itself; None for one that this Python cannot read."""
    if not isinstance(facts, FileFacts):
        return None
    points = [function.complexity for function in facts.functions]
    return Brief(facts.sloc, sum(points), max(points, default=0), facts.imports, facts.names, facts.exports)


def _plain(one: Brief | None) -> object:
    if one is None:
        return None
    return [one.sloc, one.complexity, one.max_complexity, plain_imports(one.imports), one.names, one.exports]


def _brief(data: object) -> Brief | None:
    match data:
        case None:
            return None
        case [int(sloc), int(points), int(hardest), list(imports), list(names), exports] if (
            min(sloc, points, hardest) >= 0
        ):
            given = None if exports is None else texts(exports)
            return Brief(sloc, points, hardest, tuple(import_of(*row) for row in imports), texts(names), given)
    raise ValueError("not a brief")
