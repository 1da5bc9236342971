"""What waits for a person waits once, whatever its tests are called in this run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import ItemState
from dreamscape.engine import RunBook
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


def book(store: Store, run: str) -> RunBook:
    store.start_run(run, "heal", None, NOW)
    return RunBook(run, None, "branch", store, lambda: NOW)


def report(test: str, diff: str, fingerprint: str = "f") -> ItemReport:
    return ItemReport(
        test, "test", (test,), FailureClass.WRONG_VALUE, 0.5, ItemState.REVIEW, "embedded", 9, ("app.py",), None, 0.0,
        1.0, "two behaviours pass", fingerprint, diff,
    )  # fmt: skip


def waiting(store: Store) -> list[tuple[str, ...]]:
    return [case.item.tests for case in store.reviews("open")]


def test_a_parametrized_test_with_another_name_in_each_run_is_one_case(store: Store) -> None:
    book(store, "r1").record(report("t.py::a[at 0x1]", "one"))
    book(store, "r2").record(report("t.py::a[at 0x2]", "two"))

    assert waiting(store) == [("t.py::a[at 0x2]",)]


def test_tests_that_fail_alike_are_still_cases_of_their_own(store: Store) -> None:
    for run in ("r1", "r2"):
        kept = book(store, run)
        for test in ("t.py::a", "t.py::b[1]", "t.py::b[2]"):
            kept.record(report(test, f"{run} {test}" if test == "t.py::a" else test))

    assert sorted(waiting(store)) == [("t.py::a",), ("t.py::b[1]",), ("t.py::b[2]",)]
    assert [case.item.diff for case in store.reviews("superseded")] == ["r1 t.py::a"]


def test_what_only_an_accepted_review_holds_is_kept_again_once_it_is_thrown_away(store: Store) -> None:
    book(store, "r1").record(report("t.py::a", "one"))
    store.close_review(1, "accepted")

    later = book(store, "r2")
    later.keep_turned_down(report("t.py::a", "one"))
    later.keep_turned_down(report("t.py::a", "one"))

    assert [case.run for case in store.reviews("rejected")] == ["r2"]
