"""A change found on an older base is the same change on the new one, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.failures import Failure, FailureClass, Frame
from dreamscape.domain.repair import Candidate, Edit, RepairCase, Suspect, smallest_edit
from dreamscape.engine.fitting import fitted, is_same_search

SOURCE = b"def one():\n    return 1\n\n\ndef two():\n    return 2\n"


def edit(old: bytes, new: bytes) -> Edit:
    start = SOURCE.index(old)
    return Edit("a.py", start, start + len(old), new)


def candidate(*edits: Edit) -> Candidate:
    return Candidate(edits, "web", 1.0, "a change")


def after(*edits: Edit, source: bytes = SOURCE) -> bytes:
    return candidate(*edits).applied_to({"a.py": source})["a.py"]


def test_a_change_of_another_file_fits_as_it_is() -> None:
    change = candidate(edit(b"1", b"one"))

    assert fitted(change, {"a.py": SOURCE, "b.py": b""}, {"a.py": SOURCE, "b.py": b"new"}) == change


def test_a_change_before_and_one_behind_what_landed_fit() -> None:
    one, two = edit(b"return 1", b"return 'one'"), edit(b"return 2", b"return [2]")

    for landed, change in ((one, two), (two, one)):
        moved = fitted(candidate(change), {"a.py": SOURCE}, {"a.py": after(landed)})
        assert moved is not None
        assert moved.applied_to({"a.py": after(landed)})["a.py"] == after(one, two)


def test_a_change_of_the_same_place_does_not_fit() -> None:
    assert fitted(candidate(edit(b"1", b"one")), {"a.py": SOURCE}, {"a.py": after(edit(b"1", b"uno"))}) is None


def test_a_whole_file_fits_where_it_only_repeats_what_landed_beside() -> None:
    whole = Edit("a.py", 0, len(SOURCE), SOURCE.replace(b"2", b"two"))
    landed = after(edit(b"1", b"one"))

    moved = fitted(candidate(whole), {"a.py": SOURCE}, {"a.py": landed})

    assert moved is not None
    assert moved.applied_to({"a.py": landed})["a.py"] == landed.replace(b"2", b"two")


texts = st.text("ab\n", max_size=12).map(str.encode)


@given(texts, texts)
def test_the_smallest_edit_makes_the_one_of_the_other(old: bytes, new: bytes) -> None:
    assert candidate(smallest_edit("a.py", old, new)).applied_to({"a.py": old})["a.py"] == new


@given(texts, texts, texts, texts, texts, texts, texts)
def test_what_fits_makes_both_changes_and_nothing_else(
    first: bytes, one: bytes, one_new: bytes, between: bytes, two: bytes, two_new: bytes, last: bytes
) -> None:
    source = first + one + between + two + last
    landed = first + one_new + between + two + last
    change = Edit("a.py", len(first + one + between), len(first + one + between + two), two_new)

    moved = fitted(candidate(change), {"a.py": source}, {"a.py": landed})

    if moved is not None:
        assert after(*moved.edits, source=landed) == first + one_new + between + two_new + last


FAILURE = Failure(
    "t.py::a", "call", "ValueError", "lib/c.py is bad", (Frame("b.py", 3, "f", in_project=True),), duration_s=0.1
)
CASE = RepairCase(
    "id",
    (FAILURE,),
    FailureClass.WRONG_EXCEPTION,
    "print",
    (Suspect("a.py", 2, "one", 1.0),),
    dict.fromkeys(("a.py", "b.py", "lib/c.py", "d.py"), SOURCE),
)


def test_a_search_goes_on_while_nothing_it_may_edit_has_changed() -> None:
    slower = replace(CASE, failures=(replace(FAILURE, duration_s=0.2),), suspects=(Suspect("a.py", 2, "one", 0.9),))

    assert is_same_search(CASE, replace(slower, sources={**CASE.sources, "d.py": b"landed", "new.py": b""}))


@pytest.mark.parametrize("path", ["a.py", "b.py", "lib/c.py"])
def test_a_search_begins_anew_where_a_file_it_may_edit_has_changed(path: str) -> None:
    assert not is_same_search(CASE, replace(CASE, sources={**CASE.sources, path: b"landed"}))


@pytest.mark.parametrize("change", [{"fingerprint": "other"}, {"suspects": (Suspect("a.py", 3, "one", 1.0),)}])
def test_a_search_begins_anew_where_it_fails_otherwise(change: dict[str, Any]) -> None:
    assert not is_same_search(CASE, replace(CASE, **change))
