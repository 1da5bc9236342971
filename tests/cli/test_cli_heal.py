"""How a heal run is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dreamscape import bootstrap
from dreamscape.bootstrap import healing
from dreamscape.cli.heal import heal_text
from dreamscape.domain.errors import DiskFull
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import HealReport, ItemReport
from dreamscape.domain.repair import ItemState
from dreamscape.domain.runs import Tally
from dreamscape.store import open_store

GREEN = Tally(3, 0, 0)
CUT = "the suite did not come to its end (timeout); what did not run is not seen"


def an_item(state: ItemState) -> ItemReport:
    return ItemReport(
        id="i",
        kind="test",
        tests=("t.py::a",),
        failure_class=FailureClass.WRONG_VALUE,
        impact=0.5,
        state=state,
        model="embedded",
        attempts=7,
        files=("shop.py",),
        commit=None,
        cost_usd=0.0,
        seconds=1.0,
        why="because",
    )


def test_what_was_left_alone_is_counted_beside_what_landed() -> None:
    items = tuple(map(an_item, (ItemState.REVIEW, ItemState.LANDED, ItemState.REVIEW, ItemState.AWAITING_MERGE)))

    text = heal_text(HealReport("r1", GREEN, GREEN, items, 0.0, 1.0, None, 1), Path.cwd())

    assert "4: 1 landed, 2 review, 1 awaiting merge" in text


def test_notes_are_told_where_there_was_nothing_to_do_too() -> None:
    text = heal_text(HealReport("r1", GREEN, GREEN, (), 0.0, 1.0, None, 0, (CUT,)), Path.cwd())

    assert text.startswith("nothing to do: 3 passed")
    assert CUT in text


@pytest.mark.parametrize(
    ("mode", "branch", "patches", "said"),
    [
        (
            "branch",
            "dreamscape/heal-r1",
            (),
            ("git diff HEAD...dreamscape/heal-r1", "git merge dreamscape/heal-r1", "undo r1"),
        ),
        (
            "commit",
            "main",
            (),
            ("branch         main", "look           git show 0123456789\n", "drop           dreamscape undo r1"),
        ),
        (
            "patch",
            None,
            (".dreamscape/patches/a b.patch", ".dreamscape/patches/r1-2.patch"),
            (
                "take           git apply '.dreamscape/patches/a b.patch'\n"
                "               git apply .dreamscape/patches/r1-2.patch\n",
                "undo r1",
            ),
        ),
    ],
)
def test_the_next_steps_fit_the_way_it_landed(
    mode: str, branch: str | None, patches: tuple[str, ...], said: tuple[str, ...]
) -> None:
    item = replace(an_item(ItemState.LANDED), commit=None if patches else "0123456789abcdef")

    text = heal_text(HealReport("r1", GREEN, GREEN, (item, item), 0.0, 1.0, branch, 0, (), mode, patches), Path.cwd())

    for words in said:
        assert words in text
    assert ("HEAD..." in text) == (mode == "branch")


def test_below_or_beside_the_project_the_next_steps_begin_with_the_way_there(tmp_path: Path) -> None:
    patch = (".dreamscape/patches/r1.patch",)
    report = HealReport("r1", GREEN, GREEN, (an_item(ItemState.LANDED),), 0.0, 1.0, None, 0, (), "patch", patch)

    assert f"first          cd {tmp_path}\npatch " in heal_text(report, tmp_path)
    assert "first" not in heal_text(report, Path.cwd())


def test_a_full_disk_at_the_end_keeps_no_run_from_telling_what_it_did(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(tmp_path / "memory.db") as store:
        (tmp_path / ".dreamscape").mkdir()

        def full(keep: int) -> int:
            raise DiskFull("no space left to write the memory")

        store.prune = full  # type: ignore[method-assign]
        healing.tidy_up(bootstrap.open_project(tmp_path, None), store)

    assert "no space left" in caplog.text
