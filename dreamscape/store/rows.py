"""Records into rows and back; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import (
    AttemptRecord,
    ItemReport,
    LandingRecord,
    ReviewCase,
    RunRecord,
    VerdictCount,
)
from dreamscape.domain.repair import ItemState, VerdictState
from dreamscape.domain.runs import Tally
from dreamscape.store.tables import AttemptRow, EventRow, ItemRow, LandingRow, OutcomeRow, ReviewRow, RunRow

_LISTS = ("tests", "files", "rivals", "examples", "tried", "signals")
_ADDED = {"summary": "", "tried": (), "signals": ()}
"""What items lack that were kept before it was, and what stands for it."""


def item_words(item: ItemReport) -> dict[str, Any]:
    """An item as JSON values."""
    words = asdict(item)
    words |= {"failure_class": item.failure_class.value, "state": item.state.value}
    return words | {name: list(words[name]) for name in _LISTS}


def item_from(words: Mapping[str, Any]) -> ItemReport:
    """The item back; keys that are no longer known are passed over."""
    known = {field.name: words[field.name] for field in fields(ItemReport) if field.name in words}
    known |= {name: tuple(known[name]) for name in _LISTS if name in known}
    known |= {"failure_class": FailureClass(known["failure_class"]), "state": ItemState(known["state"])}
    return ItemReport(**known)


def item_row(run: str, position: int, item: ItemReport) -> ItemRow:
    """The row of an item."""
    return ItemRow(run=run, position=position, **item_words(item))


def item_of(row: ItemRow) -> ItemReport:
    """The item of a row."""
    words = {field.name: getattr(row, field.name) for field in fields(ItemReport)}
    return item_from(words | {name: words[name] or absent for name, absent in _ADDED.items()})


def run_of(row: RunRow, *, interrupted: bool) -> RunRecord:
    """The run of a row, with its items."""
    return RunRecord(
        id=row.id,
        command=row.command,
        base=row.base,
        branch=row.branch,
        started=row.started,
        ended=row.ended,
        exit_code=row.exit_code,
        baseline=Tally(**row.baseline) if row.baseline else None,
        final=Tally(**row.final) if row.final else None,
        items=tuple(item_of(item) for item in row.items),
        sandbox=row.sandbox,
        cost_usd=row.cost_usd,
        seconds=row.seconds,
        notes=tuple(row.notes),
        interrupted=interrupted,
    )


def attempt_row(attempt: AttemptRecord) -> AttemptRow:
    """The row of an attempt."""
    words = asdict(attempt) | {"failure_class": attempt.failure_class.value, "questions": list(attempt.questions)}
    return AttemptRow(**words | {"features": dict(attempt.features)})


def attempt_of(row: AttemptRow) -> AttemptRecord:
    """The attempt of a row; what was not kept when it was made is empty."""
    words = {field.name: getattr(row, field.name) for field in fields(AttemptRecord)}
    known = {name: value for name, value in words.items() if value is not None}
    known |= {"failure_class": FailureClass(row.failure_class), "questions": tuple(row.questions or ())}
    return AttemptRecord(**known)


def landing_row(landing: LandingRecord) -> LandingRow:
    """The row of a landing; its number is the store's to give."""
    words = asdict(landing) | {"files": list(landing.files)}
    del words["id"]
    return LandingRow(**words)


def landing_of(row: LandingRow) -> LandingRecord:
    """The landing of a row."""
    words = {field.name: getattr(row, field.name) for field in fields(LandingRecord)}
    return LandingRecord(**words | {"files": tuple(row.files), "diff": row.diff or ""})


def review_of(row: ReviewRow) -> ReviewCase:
    """The review of a row."""
    return ReviewCase(row.id, row.run, item_from(row.item), row.base, row.state, row.opened)


def event_row(event: Event) -> EventRow:
    """The row of an event; its number is the store's to give."""
    return EventRow(kind=event.kind.value, at=event.at, run=event.run, item=event.item, data=dict(event.data))


def event_of(row: EventRow) -> Event:
    """The event of a row."""
    return Event(EventKind(row.kind), row.at, row.run, row.item, row.data, row.id)


def verdict_of(row: OutcomeRow) -> VerdictCount:
    """The verdict count of a row."""
    return VerdictCount(row.model, row.origin, FailureClass(row.failure_class), VerdictState(row.state), row.count)
