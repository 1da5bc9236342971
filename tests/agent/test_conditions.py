"""Changes of conditions that tests let pass and people would not write."""

from __future__ import annotations

import pytest

from dreamscape.agent.conditions import ANOTHER_CONDITION, SAME_FOR_ALL, doubtful_condition
from dreamscape.domain.repair import Candidate, Edit

SOURCE = b"""\
def century(label, value, seen):
    if value > 100 and seen:
        return True
    while True:
        label = next(label) if label else None
        if seen:
            return [each for each in seen if each.isalpha() and each != label]
"""


def doubt(old: bytes, new: bytes) -> str:
    start = SOURCE.index(old)
    candidate = Candidate((Edit("a.py", start, start + len(old), new),), "repairer:expression", 1.0, "a change")
    return doubtful_condition(candidate, {"a.py": SOURCE})


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"value > 100 and seen", b"label == 'D'"), (b"if seen:", b"if label == 'D':"),
     (b"if label else", b"if not seen else")],
    ids=["of a comparison", "of a name", "within an expression"],
)  # fmt: skip
def test_a_condition_that_asks_of_other_things_in_another_way_is_doubtful(old: bytes, new: bytes) -> None:
    assert doubt(old, new) == ANOTHER_CONDITION


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"value > 100 and seen", b"value >= 100 and seen"),
        (b"value > 100 and seen", b"value > 100 or label"),
        (b"if seen:", b"if label:"),
        (b"while True", b"while label"),
        (b"return True", b"return label == 'D'"),
        (b"each.isalpha() and each", b"not each.isalpha() or each"),
    ],
    ids=["a bound", "one part", "another name", "a condition where there was none", "no condition", "of each element"],
)
def test_other_changes_are_not(old: bytes, new: bytes) -> None:
    assert doubt(old, new) == ""


def test_a_filter_that_asks_the_same_of_every_element_is_doubtful() -> None:
    assert doubt(b"each.isalpha() and each", b"seen.isalpha() and seen") == SAME_FOR_ALL


def test_a_filter_that_did_so_before_is_not() -> None:
    source = b"def f(xs, all):\n    return [x for x in xs if all] * 2\n"
    start = source.index(b"2")
    candidate = Candidate((Edit("a.py", start, start + 1, b"3"),), "repairer:number", 1.0, "a change")

    assert doubtful_condition(candidate, {"a.py": source}) == ""
