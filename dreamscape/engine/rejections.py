"""The memory and the repository go in, a judgement comes out: has a person turned this very change down before?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dreamscape.domain.ports import History
from dreamscape.domain.repair import Candidate, WorkItem
from dreamscape.engine.branches import LandingFate, fate
from dreamscape.engine.diffs import diff_of
from dreamscape.tools.git import Git

TURNED_DOWN = frozenset({LandingFate.REJECTED, LandingFate.UNDONE})


def rejected_changes(history: History, git: Git | None, project: Path) -> Callable[[Candidate, WorkItem], bool]:
    """Tells a change whose landing was undone or thrown away with its branch, or whose review was answered by no."""
    diffs = frozenset(_diffs(history, git, project))
    return lambda candidate, item: diff_of(item.case, candidate) in diffs


def _diffs(history: History, git: Git | None, project: Path) -> Iterator[str]:
    for review in history.reviews("rejected"):
        if review.item.diff:
            yield review.item.diff
    for landing in history.landings():
        if fate(git, project, landing) in TURNED_DOWN and (run := history.run(landing.run)) is not None:
            yield from (item.diff for item in run.items if item.id == landing.item and item.diff)
