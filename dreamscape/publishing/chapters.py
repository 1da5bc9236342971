"""Events go in, in the order they happened; what became of each failing test comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dreamscape.domain.events import Event, EventKind

ENDINGS = {
    EventKind.ITEM_LANDED: "repaired",
    EventKind.REVIEW_ACCEPTED: "repaired",
    EventKind.ITEM_FOR_REVIEW: "waiting",
    EventKind.ITEM_UNSOLVED: "in vain",
    EventKind.ITEM_SET_ASIDE: "set aside",
    EventKind.ITEM_ROLLED_BACK: "taken back",
    EventKind.REVIEW_REJECTED: "rejected",
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """What became of some failing tests: ``ending`` one of the values of `ENDINGS`, ``events`` oldest first."""

    tests: tuple[str, ...]
    ending: str
    events: tuple[Event, ...]

    @property
    def last(self) -> Event:
        """The event that settled it."""
        return self.events[-1]

    @property
    def commits(self) -> tuple[str, ...]:
        """Commits that its events name, the last first."""
        named = (event.data.get("commit") for event in reversed(self.events))
        return tuple(dict.fromkeys(commit for commit in named if isinstance(commit, str)))


def chapters(events: Iterable[Event]) -> list[Chapter]:
    """One chapter per repair, and one per set of tests that is not repaired yet, in the order they began.

    A repaired test that fails again later begins a new chapter; a landing that was undone changes its own.
    """
    told: list[Chapter] = []
    for event in events:
        if event.kind is EventKind.LANDING_UNDONE:
            told = [_undone(chapter, event) for chapter in told]
        elif event.kind in ENDINGS:
            at = _chapter_of(event, told)
            if at is None:
                told.append(Chapter(_tests(event), ENDINGS[event.kind], (event,)))
            else:
                goes_on = told[at]
                told[at] = replace(goes_on, ending=ENDINGS[event.kind], events=(*goes_on.events, event))
    return told


def _chapter_of(event: Event, told: Sequence[Chapter]) -> int | None:
    """Where an event's tale was begun; None for a new one."""
    for at in reversed(range(len(told))):
        same_item = told[at].last.item == event.item and told[at].last.run == event.run and event.item is not None
        same_tests = told[at].tests == _tests(event) and bool(_tests(event))
        if same_item or (same_tests and told[at].ending != "repaired"):
            return at
    return None


def _undone(chapter: Chapter, event: Event) -> Chapter:
    """The chapter after a run's landings (or the one item's that the event names) were taken back."""
    is_meant = chapter.last.run == event.run and event.item in (None, chapter.last.item)
    if chapter.ending != "repaired" or not is_meant:
        return chapter
    return replace(chapter, ending="taken back", events=(*chapter.events, event))


def _tests(event: Event) -> tuple[str, ...]:
    tests = event.data.get("tests")
    return tuple(map(str, tests)) if isinstance(tests, list | tuple) else ()
