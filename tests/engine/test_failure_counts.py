"""How often files were to blame."""

from datetime import UTC, datetime

from dreamscape.domain.events import Event, EventKind
from dreamscape.engine.failure_counts import failure_counts


def event(kind: EventKind, tests: list[str], files: list[str] | None = None) -> Event:
    data: dict[str, object] = {"tests": tests} if files is None else {"tests": tests, "files": files}
    return Event(kind, datetime(2026, 1, 1, tzinfo=UTC), data=data)


def test_what_fails_night_after_night_counts_once_and_where_it_was_repaired() -> None:
    events = [
        event(EventKind.ITEM_FOUND, ["t::a"], ["suspected.py"]),
        event(EventKind.ITEM_UNSOLVED, ["t::a"], []),
        event(EventKind.ITEM_FOUND, ["t::a"], ["suspected.py"]),
        event(EventKind.ITEM_FOUND, ["t::b"], ["suspected.py"]),
        event(EventKind.ITEM_LANDED, ["t::b"], ["cause.py"]),
        event(EventKind.ITEM_FOUND, ["t::c"], ["cause.py"]),
        event(EventKind.ITEM_FOUND, ["t::old"]),
        event(EventKind.RUN_ENDED, ["t::x"], ["x.py"]),
    ]

    assert failure_counts(events) == {"suspected.py": 1, "cause.py": 2}
