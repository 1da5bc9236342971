"""What the engine writes into its book is what the devlog reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import ItemState
from dreamscape.engine.book import RunBook
from dreamscape.publishing import Devlog
from dreamscape.publishing.telling import TITLES
from dreamscape.store import open_store

TITLE_OF = {
    ItemState.LANDED: "repaired",
    ItemState.REVIEW: "waiting",
    ItemState.UNSOLVED: "in vain",
    ItemState.ROLLED_BACK: "taken back",
    ItemState.DEFERRED: "set aside",
    ItemState.SKIPPED: "set aside",
    ItemState.FLAKY: "set aside",
    ItemState.ENVIRONMENT: "set aside",
    ItemState.AWAITING_MERGE: "set aside",
}


def report(state: ItemState) -> ItemReport:
    return ItemReport(
        id=state.value,
        kind="test",
        tests=(f"tests/test_it.py::test_{state.value}",),
        failure_class=FailureClass.WRONG_VALUE,
        impact=0.5,
        state=state,
        model="embedded",
        attempts=1,
        files=("it.py",),
        commit=None,
        cost_usd=0.0,
        seconds=1.0,
        why=f"because of {state.value}",
        fingerprint=state.value,
    )


def test_every_state_a_run_can_end_an_item_in_is_told_under_its_title(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    minutes = count()

    def clock() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=next(minutes))

    with open_store(tmp_path / "memory.db") as store:
        book = RunBook("r1", None, "branch", store, clock)
        with book.open("namespaces"):
            for state in set(ItemState) - {ItemState.UNDONE}:
                book.record(report(state))
        book.close(book.report(None, 1))

        story = Devlog(project, store, clock).write().story

    told = {section.title: [line.text for line in section.lines] for section in story.sections}
    for state in set(ItemState) - {ItemState.UNDONE}:
        lines = told[TITLES[TITLE_OF[state]]]
        (line,) = [line for line in lines if f"test_{state.value}`" in line]
        assert "because of" in line
        assert "`it.py`" in line
