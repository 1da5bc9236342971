"""Values become text or JSON, and nothing of a project's harms the terminal."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.cli import render
from dreamscape.cli.context import Options, moved_behind_command
from dreamscape.domain.repair import ItemState


@dataclass(frozen=True, slots=True)
class Told:
    state: ItemState
    at: datetime
    path: Path
    names: frozenset[str]
    parts: tuple[int | None, ...]


def test_a_frozen_value_becomes_json_by_its_fields_with_the_schema_first() -> None:
    value = Told(ItemState.LANDED, datetime(2026, 1, 2, tzinfo=UTC), Path("a/b"), frozenset({"y", "x"}), (1, None))

    text = render.json_text("told", value)

    assert list(json.loads(text)) == ["schema", "state", "at", "path", "names", "parts"]
    assert json.loads(text) == {
        "schema": "dreamscape.told/1",
        "state": "landed",
        "at": "2026-01-02T00:00:00+00:00",
        "path": "a/b",
        "names": ["x", "y"],
        "parts": [1, None],
    }


@pytest.mark.parametrize("value", [{"bytes": b"x"}, {"object": object()}, [1, 2], "text"])
def test_what_is_no_object_or_json_cannot_hold_is_a_bug_of_ours(value: object) -> None:
    with pytest.raises(TypeError):
        render.json_text("told", value)


def test_a_table_sets_its_columns_under_their_heads() -> None:
    text = render.table(("name", "n"), [("a", 5), ("longer", None), ("x", 0.5)], right=(1,))

    assert text == "name       n\na          5\nlonger     -\nx       0.50"


@given(st.text())
def test_no_control_character_but_newline_and_tab_is_ever_written(text: str) -> None:
    with pytest.MonkeyPatch.context() as changed:
        written: list[str] = []
        changed.setattr("sys.stdout", type("Out", (), {"write": lambda self, said: written.append(said)})())
        render.write(Options(), text)

    assert all(char.isprintable() or char in "\n\t" or ord(char) > 159 for char in "".join(written))
    assert "".join(written).endswith("\n")


def test_output_through_a_link_changes_the_file_it_leads_to(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)

    render.write(Options(output=link), "new")

    assert link.is_symlink()
    assert real.read_text() == "new\n"


def test_output_to_a_named_pipe_goes_through_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=render.write, args=(Options(output=pipe), "through"))
    writer.start()

    said = pipe.read_text()
    writer.join()

    assert said == "through\n"
    assert pipe.is_fifo()


@given(st.lists(st.sampled_from(["--json", "-q", "-vv", "--project", "--config=x", "scan", "--top", "--", "x"])))
def test_moving_options_loses_and_adds_nothing(args: list[str]) -> None:
    assert sorted(moved_behind_command(list(args))) == sorted(args)
