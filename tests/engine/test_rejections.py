"""What a person turned down is not found again, unless the person thinks again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stations import FakeAgent, FakeProject, whole

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.records import AttemptRecord, HealReport, ItemReport, LandingRecord
from dreamscape.domain.repair import ItemState, WorkItem
from dreamscape.engine.diffs import change_id, diff_of
from dreamscape.engine.rejections import rejected_changes, remember_undone
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CHANGE = whole("app.py", b"bad", b"good")
(CASE,) = FakeAgent(FakeProject({"app.py": b"bad"}, {})).cases(None, [Failure("t.py::a", "call", "E", "")])  # type: ignore[arg-type]
DIFF = diff_of(CASE, CHANGE)
ITEM = ItemReport(
    "i", "test", ("t.py::a",), FailureClass.WRONG_VALUE, 0.5, ItemState.LANDED, "embedded", 9, ("app.py",), "c" * 40,
    0.0, 1.0, "bad becomes good", "f", DIFF,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        opened.start_run("r", "heal", None, NOW)
        yield opened


def tell(store: Store, kind: EventKind) -> None:
    store.add_event(Event(kind, NOW, "r", "i", {"change": change_id(DIFF)}))


def is_turned_down(store: Store, tmp_path: Path) -> bool:
    return rejected_changes(store, None, tmp_path)(CHANGE, WorkItem("i", CASE, 0.5))


def landed(store: Store, *, commit: str | None = "c" * 40) -> LandingRecord:
    """A landing whose patch file nobody finds any more, as after an undo."""
    tell(store, EventKind.ITEM_LANDED)
    store.save_landing(LandingRecord(0, "r", "i", "f", "branch", "heal-r", commit, None, ("app.py",), NOW))
    return store.landings()[-1]


def test_a_no_holds_until_the_person_thinks_again(store: Store, tmp_path: Path) -> None:
    tell(store, EventKind.REVIEW_REJECTED)
    assert is_turned_down(store, tmp_path)

    tell(store, EventKind.REVIEW_ACCEPTED)
    assert not is_turned_down(store, tmp_path)

    tell(store, EventKind.REVIEW_REJECTED)
    assert is_turned_down(store, tmp_path)


def test_what_a_run_took_back_itself_no_person_has_turned_down(store: Store, tmp_path: Path) -> None:
    landing = landed(store)
    assert is_turned_down(store, tmp_path)

    tell(store, EventKind.ITEM_ROLLED_BACK)
    store.mark_undone(landing.id, NOW)

    assert not is_turned_down(store, tmp_path)


@pytest.mark.parametrize("commit", ["c" * 40, None], ids=["a commit", "a patch"])
def test_an_undone_change_is_kept_in_a_rejected_review_and_its_items_are_undone(
    store: Store, commit: str | None
) -> None:
    beside = replace(ITEM, id="beside", tests=("t.py::b",), diff="")
    items = tuple(replace(item, commit=commit) for item in (ITEM, beside))
    store.end_run(HealReport("r", None, None, items, 0.0, 1.0, None, 0), NOW)
    kind, model = ITEM.failure_class, str(ITEM.model)
    store.save_attempt(AttemptRecord("r", "i", "f", kind, model, 1, True, "solved", 9, 0.0, 1.0))

    number = remember_undone(store, landed(store, commit=commit), "the branch is deleted", NOW)

    (kept,) = store.reviews("rejected")
    assert (kept.id, kept.item.diff) == (number, DIFF)
    run = store.run("r")
    assert run is not None
    assert {item.state for item in run.items} == {ItemState.UNDONE}
    assert "the branch is deleted" in run.items[0].why
    assert store.landings()[0].undone == NOW
    assert [(attempt.solved, attempt.outcome) for attempt in store.attempts()] == [(False, "undone")]


def test_a_review_that_may_still_be_accepted_outlives_its_run(store: Store) -> None:
    store.end_run(HealReport("r", None, None, (ITEM,), 0.0, 1.0, None, 0), NOW)
    number = remember_undone(store, landed(store), "the branch is deleted", NOW)
    store.start_run("r2", "heal", None, NOW)

    assert store.prune(1) == 1

    assert [case.id for case in store.reviews("rejected")] == [number]
