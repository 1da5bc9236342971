"""What a person turned down: known again when it is found another night, and kept in case the person thinks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dreamscape.domain.events import EventKind
from dreamscape.domain.ports import History
from dreamscape.domain.records import ItemReport, LandingRecord
from dreamscape.domain.repair import Candidate, ItemState, WorkItem
from dreamscape.engine.branches import LandingFate, fate
from dreamscape.engine.diffs import change_id, diff_of
from dreamscape.tools.git import Git

TURNED_DOWN = frozenset({LandingFate.REJECTED, LandingFate.UNDONE})


def rejected_changes(history: History, git: Git | None, project: Path) -> Callable[[Candidate, WorkItem], bool]:
    """Tells a change whose landing was undone or thrown away with its branch, or whose review was answered by no.

    Read from events, which outlive the runs they tell of.
    """
    changes = _changes(history, git, project)
    return lambda candidate, item: change_id(diff_of(item.case, candidate)) in changes


def _changes(history: History, git: Git | None, project: Path) -> set[object]:
    """The last word on a change counts; what a run took back itself, no person has turned down."""
    events = history.events()
    by_itself = {(event.run, event.item) for event in events if event.kind is EventKind.ITEM_ROLLED_BACK}
    thrown_away = {
        (landing.run, landing.item) for landing in history.landings() if fate(git, project, landing) in TURNED_DOWN
    } - by_itself
    changes: set[object] = set()
    for event in events:
        is_gone = (event.run, event.item) in thrown_away
        if event.kind is EventKind.REVIEW_REJECTED or (event.kind is EventKind.ITEM_LANDED and is_gone):
            changes.add(event.data.get("change"))
        elif event.kind is EventKind.REVIEW_ACCEPTED and not is_gone:
            changes.discard(event.data.get("change"))
    return changes


def remember_undone(history: History, landing: LandingRecord, how: str, at: datetime) -> int | None:
    """What a landing brought counts as undone, and a rejected review keeps its change; the review's number.

    None where the run, or the change in words, is not remembered any more.
    """
    history.mark_undone(landing.id, at)
    run = history.run(landing.run)
    review = None
    for item in run.items if run else ():
        if item.state is ItemState.LANDED and _rests_on(item, landing):
            undone = replace(item, state=ItemState.UNDONE, why=f"{how} (it had landed: {item.why})")
            history.save_item(landing.run, undone)
            if item.id == landing.item:
                history.correct_attempt(landing.fingerprint, item.model, solved=False)
            if item.id == landing.item and item.diff:
                review = history.open_review(landing.run, undone, landing.before, at)
                history.close_review(review, "rejected")
    return review


def _rests_on(item: ItemReport, landing: LandingRecord) -> bool:
    """Its own landing, or that of another item where the change repaired it as well."""
    return item.id == landing.item or (not item.diff and (item.commit, item.files) == (landing.commit, landing.files))
