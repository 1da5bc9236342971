"""What runs found out about files."""

from datetime import UTC, datetime

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun
from dreamscape.engine.file_signals import file_signals, seconds_by_file


def event(
    kind: EventKind, tests: list[str], files: list[str] | None = None, item: str = "1", commit: str | None = None
) -> Event:
    data: dict[str, object] = {"tests": tests, "commit": commit} | ({} if files is None else {"files": files})
    return Event(kind, datetime(2026, 1, 1, tzinfo=UTC), run="r", item=item, data=data)


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

    assert file_signals(events)["failures"] == {"suspected.py": 1, "cause.py": 2}
    assert file_signals(events)["repairs"] == {"cause.py": 1}


def test_one_landing_is_one_repair_whatever_it_healed_and_none_once_it_is_taken_back() -> None:
    events = [
        event(EventKind.ITEM_FOUND, ["t::a"], ["suspected.py"]),
        event(EventKind.ITEM_FOUND, ["t::b"], ["other.py"], "2"),
        event(EventKind.ITEM_LANDED, ["t::a"], ["cause.py"], commit="c1"),
        event(EventKind.ITEM_LANDED, ["t::b"], ["cause.py"], "2", commit="c1"),
        event(EventKind.ITEM_FOR_REVIEW, ["t::c"], ["cause.py"], "3"),
    ]
    undone = Event(EventKind.LANDING_UNDONE, datetime(2026, 1, 2, tzinfo=UTC), "r", "1", {"commit": "c1"})

    assert file_signals(events)["repairs"] == {"cause.py": 1}
    after = file_signals([*events, undone])
    assert (after["failures"], after["repairs"]) == ({"suspected.py": 1, "other.py": 1, "cause.py": 1}, {})


def test_the_last_run_of_the_whole_suite_tells_how_long_each_file_took() -> None:
    results = tuple(TestResult(test, Outcome.PASSED, 0.25) for test in ("t/a.py::x", "t/a.py::y", "t/b.py::x"))
    took = seconds_by_file(TestRun(results, (), RunEnd.EXITED, 0, 1.0))
    told = [
        Event(EventKind.BASELINE_TESTED, datetime(2026, 1, 1, tzinfo=UTC), data={"test_seconds": seconds})
        for seconds in ({"t/a.py": 9.0}, took)
    ]

    assert took == {"t/a.py": 0.5, "t/b.py": 0.25}
    assert file_signals(told)["test_seconds"] == took
    assert file_signals([])["test_seconds"] == {}
