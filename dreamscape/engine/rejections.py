"""The memory and the repository go in, a judgement comes out: has a person turned this very change down before?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dreamscape.domain.events import EventKind
from dreamscape.domain.ports import History
from dreamscape.domain.repair import Candidate, WorkItem
from dreamscape.engine.branches import LandingFate, fate
from dreamscape.engine.diffs import change_id, diff_of
from dreamscape.tools.git import Git

TURNED_DOWN = frozenset({LandingFate.REJECTED, LandingFate.UNDONE})


def rejected_changes(history: History, git: Git | None, project: Path) -> Callable[[Candidate, WorkItem], bool]:
    """Tells a change whose landing was undone or thrown away with its branch, or whose review was answered by no.

    Read from events, which outlive the runs they tell of.
    """
    changes = frozenset(_changes(history, git, project))
    return lambda candidate, item: change_id(diff_of(item.case, candidate)) in changes


def _changes(history: History, git: Git | None, project: Path) -> Iterator[object]:
    thrown_away = {
        (landing.run, landing.item) for landing in history.landings() if fate(git, project, landing) in TURNED_DOWN
    }
    for event in history.events():
        landed = event.kind is EventKind.ITEM_LANDED and (event.run, event.item) in thrown_away
        if landed or event.kind is EventKind.REVIEW_REJECTED:
            yield event.data.get("change")
