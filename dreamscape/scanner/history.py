"""A project's past as the scanner uses it: its commits, and what each file lived through.

Everything is counted as of one commit: its ancestors and its own date, so the same commit gives the same numbers.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from dreamscape.tools.git import Commit

MONTH_S = 365.2425 / 12 * 24 * 3600
YEARS = 5
"""How far back a scan looks (chosen): what is older weighs next to nothing, and reading it costs as much."""
FIX_FILES = 10
"""A fix that touches more Python files than this is no fix of one thing (tangled: Herzig and Zeller 2013)."""
BULK_FILES = 50
"""A commit that touches more (a reformat, a vendored drop, a move) is no change of any one file (chosen)."""
LATELY_MONTHS, CHURN_MONTHS, FIXES_MONTHS = 3, 12, 48
"""Half-lives: after so long a commit counts half. Chosen on the projects of `scripts/bench/impact prior`."""
TOGETHER_MONTHS = 24

_FIX = re.compile(r"\b(?:fix(?:es|ed|ing)?|bug(?:s|fix|fixes)?|defects?|regressions?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Past:
    """One commit that is no merge; ``changes`` are (status, path, path before) of its Python files."""

    at: float
    author: str
    is_fix: bool
    changes: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class FilePast:
    """What a file lived through. ``lately``, ``churn`` and ``fixes`` are commits that fade with time and count less
    the more files they touch; ``age`` is in months; ``neighbours`` is how often the files that change together with
    this one were fixed; ``commits`` (in the window asked for) and ``fixed`` are plain counts."""

    commits: int = 0
    fixed: int = 0
    lately: float = 0.0
    churn: float = 0.0
    fixes: float = 0.0
    authors: int = 0
    age: float = 0.0
    neighbours: float = 0.0


NO_PAST = FilePast()
"""That of a file that no commit knows yet."""


def past(commit: Commit) -> Past:
    """What a commit did to Python files, and whether it says that it mends something."""
    changes = tuple(
        (change.status, change.path, change.old_path)
        for change in commit.files
        if change.path.endswith((".py", ".pyw"))
    )
    mends = 0 < len(changes) <= FIX_FILES and _FIX.search(f"{commit.subject}\n{commit.body}") is not None
    return Past(commit.at.timestamp(), commit.author, mends, changes)


def file_pasts(commits: Iterable[Past], now: float, months: int) -> dict[str, FilePast]:
    """What each file lived through, by its name at the newest commit; commits come newest first.

    ``now`` is the newest commit's time, ``months`` the window of the plain count.
    """
    touched = _touches(commits)
    lived = {path: _lived(path, pasts, now, months) for path, pasts in touched.items()}
    fixes = {path: _faded((c for c in pasts if c.is_fix), now, CHURN_MONTHS) for path, pasts in touched.items()}
    together = _together(touched, now)
    return {
        path: FilePast(*one, neighbours=round(_fixed_beside(together.get(path, {}), fixes), 6))
        for path, one in lived.items()
    }


def _touches(commits: Iterable[Past]) -> dict[str, list[Past]]:
    found: defaultdict[str, list[Past]] = defaultdict(list)
    name_now: dict[str, str] = {}
    for commit in commits:
        touched = set()
        for status, path, old in commit.changes:
            now = name_now.get(path, path)
            if status == "R" and old is not None:
                name_now[old] = now
            touched.add(now)
        for path in touched:
            found[path].append(commit)
    return dict(found)


def _lived(
    path: str, pasts: Sequence[Past], now: float, months: int
) -> tuple[int, int, float, float, float, int, float]:
    own = [commit for commit in pasts if len(commit.changes) <= BULK_FILES]
    recent = {commit.author for commit in own if now - commit.at <= TOGETHER_MONTHS * MONTH_S}
    fixed = [commit for commit in own if commit.is_fix]
    return (
        sum(1 for commit in own if now - commit.at <= months * MONTH_S),
        len(fixed),
        round(_faded(own, now, LATELY_MONTHS), 6),
        round(_faded(own, now, CHURN_MONTHS), 6),
        round(_faded(fixed, now, FIXES_MONTHS), 6),
        len(recent),
        round(max(0.0, now - min(commit.at for commit in pasts)) / MONTH_S, 6),
    )


def _faded(commits: Iterable[Past], now: float, half_life_months: int) -> float:
    """Commits, each counting half after the half-life, and less where it touches more files than a fix may."""
    life = half_life_months * MONTH_S
    return sum(
        math.exp2(-max(0.0, now - commit.at) / life) * min(1.0, FIX_FILES / len(commit.changes)) for commit in commits
    )


def _together(touched: Mapping[str, Sequence[Past]], now: float) -> dict[str, Counter[str]]:
    """How often two files changed in the same small commit lately: co-change coupling."""
    members: defaultdict[int, list[str]] = defaultdict(list)
    for path, pasts in touched.items():
        for commit in pasts:
            if len(commit.changes) <= FIX_FILES and now - commit.at <= TOGETHER_MONTHS * MONTH_S:
                members[id(commit)].append(path)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for paths in members.values():
        for path in paths:
            found[path].update(other for other in paths if other != path)
    return dict(found)


def _fixed_beside(beside: Mapping[str, int], fixes: Mapping[str, float]) -> float:
    """The mean of the fixes of the files beside one, the closer the more it counts; drawn to 0 where few are."""
    return sum(count * fixes[path] for path, count in sorted(beside.items())) / (1 + sum(beside.values()))


class Timeline:
    """All commits behind a head, newest first, and their ancestry."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self.head = commits[0]
        self._order = {commit.id: at for at, commit in enumerate(commits)}
        self._commits = {commit.id: commit for commit in commits}
        self._pasts = {commit.id: past(commit) for commit in commits if len(commit.parents) < 2}

    def at(self, seconds: float) -> Commit | None:
        """The last first-parent commit at or before a time."""
        commit: Commit | None = self.head
        while commit is not None and commit.at.timestamp() > seconds:
            commit = self._commits.get(commit.parents[0]) if commit.parents else None
        return commit

    def seconds(self, commit: str) -> float:
        """A commit's own time."""
        return self._commits[commit].at.timestamp()

    def ancestors(self, commit: str) -> set[str]:
        """A commit and everything it contains."""
        seen: set[str] = set()
        pending = [commit]
        while pending:
            name = pending.pop()
            if name not in seen and name in self._commits:
                seen.add(name)
                pending.extend(self._commits[name].parents)
        return seen

    def pasts(self, commits: Set[str]) -> list[Past]:
        """What those of these commits that are no merges did, newest first."""
        names = sorted(commits, key=self._order.__getitem__)
        return [self._pasts[name] for name in names if name in self._pasts]


def fixes_after(commits: Iterable[Past]) -> dict[str, int]:
    """How many fixes touched each file afterwards, by the name it had before; commits come oldest first.

    A file born on the way has no name before and is left out.
    """
    counts: Counter[str] = Counter()
    name_then: dict[str, str | None] = {}
    for commit in commits:
        touched = set()
        for status, path, old in commit.changes:
            if status == "R" and old is not None:
                name_then[path] = name_then.get(old, old)
            elif status in ("A", "C"):
                name_then[path] = None
            then = name_then.get(path, path)
            if then is not None:
                touched.add(then)
        if commit.is_fix:
            counts.update(touched)
    return dict(counts)
