"""Signs that a change which passes its tests is only a part of what is needed."""

from __future__ import annotations

import pytest

from dreamscape.agent.half_done import half_done
from dreamscape.domain.failures import Comparison, Failure, FailureClass
from dreamscape.domain.repair import Candidate, Edit, RepairCase

SOURCE = b"""\
def pattern(kind):
    if kind == "f":
        s = r"\\d+\\.\\d+"
    elif kind == "F":
        s = r"\\d+\\.\\d+"
    else:
        s = r"\\w*x"
    return s + "Helo, you"
"""
TEST = b'def test_it():\n    assert pattern("f") == "Hello, you"\n'


def doubt(old: bytes, new: bytes, comparison: Comparison | None = None, *, nth: int = 0) -> str:
    at = SOURCE.index(old)
    for _ in range(nth):
        at = SOURCE.index(old, at + 1)
    failure = Failure("test_m.py::test_it", "call", "AssertionError", "", comparison=comparison)
    case = RepairCase(
        "1", (failure,), FailureClass.WRONG_VALUE, "f", (), {"m.py": SOURCE}, test_sources={"test_m.py": TEST}
    )
    return half_done(Candidate((Edit("m.py", at, at + len(old), new),), "repairer:text", 1.0, "a change"), case)


@pytest.mark.parametrize("nth", [0, 1])
def test_a_line_that_stands_elsewhere_too_may_need_the_same_change_there(nth: int) -> None:
    assert "stands elsewhere" in doubt(rb'r"\d+\.\d+"', rb'r"\d*\.\d+"', nth=nth)


def test_a_line_changed_wherever_it_stands_is_whole() -> None:
    old, new = rb'r"\d+\.\d+"', rb'r"\d*\.\d+"'
    first = SOURCE.index(old)
    edits = tuple(Edit("m.py", at, at + len(old), new) for at in (first, SOURCE.index(old, first + 1)))
    case = RepairCase("1", (), FailureClass.WRONG_VALUE, "f", (), {"m.py": SOURCE}, test_sources={"t.py": SOURCE})

    assert "stands elsewhere" not in half_done(Candidate(edits, "repairer:text", 1.0, "both"), case)


SERIES = b"""\
def date(groups, ymd, mdy, dmy):
    if ymd is not None:
        year, month, day = split(groups[ymd])
    elif mdy is not None:
        month, day, year = split(groups[mdy])
    else:
        day, month, year = split(groups[dmy])
    return year, month, day
"""


@pytest.mark.parametrize(
    ("old", "new", "is_doubted"),
    [(b"[mdy]", b"[mdy + 1]", True), (b"[mdy]", b"[dmy]", False), (b"year, month, day\n", b"day\n", False)],
)
def test_one_of_a_series_of_like_lines_is_seldom_to_be_unlike_the_others(
    old: bytes, new: bytes, is_doubted: bool
) -> None:
    at = SERIES.rindex(old)
    case = RepairCase("1", (), FailureClass.WRONG_VALUE, "f", (), {"m.py": SERIES})
    candidate = Candidate((Edit("m.py", at, at + len(old), new),), "repairer:number", 1.0, "a change")

    assert ("lines like" in half_done(candidate, case)) is is_doubted


def test_a_short_line_may_stand_anywhere() -> None:
    assert doubt(b"return s", b"return kind") == ""


def test_a_text_that_no_test_speaks_of_waits_for_a_person() -> None:
    assert "no test speaks of" in doubt(rb'r"\w*x"', rb'r"\w+x"')


def test_a_text_as_the_test_or_the_failure_has_it_is_no_matter_of_doubt() -> None:
    assert doubt(b"Helo", b"Hello") == ""
    assert doubt(b"Helo, you", b"Good bye", Comparison("==", "'Helo, you'", "'Good bye'")) == ""


def test_words_the_file_had_before_are_nothing_new() -> None:
    assert doubt(b'"Helo, you"', b'"you"') == ""


def test_what_a_new_line_says_is_its_own() -> None:
    assert doubt(b"    return s", b'    if not kind:\n        raise ValueError("a kind is needed")\n    return s') == ""


def test_new_code_may_say_what_it_likes() -> None:
    assert doubt(rb'r"\w*x"', rb'pattern("x").join(["XIV", "IX"])') == ""
