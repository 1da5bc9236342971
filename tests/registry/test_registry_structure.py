"""Functions of one shape share words, near shapes share some, and what was learned of them informs the chances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import RepairCase, Suspect, WorkItem
from dreamscape.domain.routing import ModelFacts
from dreamscape.registry.items import as_words, features_of, outcomes_of
from dreamscape.registry.policy import decide
from dreamscape.registry.structure import structure_words

SUM = b"""\
def total(prices, rate):
    result = 0
    for price in prices:
        if price > 10:
            result += price * rate
    return result
"""
RENAMED = b'''\
class Basket:
    def weigh(things: list, factor: float = 2) -> float:
        """How heavy it is."""
        mass = 5
        for thing in things:
            if thing > 7:
                mass += thing * factor
        return mass
'''
LONGER = SUM.replace(b"    return result", b"    result = round(result, 2)\n    return result")
OTHER = b"""\
def fetch(self, key):
    try:
        return self.rows[key].value
    except KeyError as error:
        raise LookupError(f"no {key}") from error
"""


def near(one: bytes, other: bytes) -> int:
    first, second = structure_words(one, 2), structure_words(other, 2)
    return sum(first[key] == second[key] for key in first)


def test_names_constants_annotations_and_docstrings_are_no_part_of_a_shape() -> None:
    plain = b"def f(a, b=1):\n    return a + b\n"
    dressed = b'def add(left: int, right: int = 7) -> int:\n    """The sum."""\n    return left + right\n'

    assert structure_words(plain, 2) == structure_words(dressed, 3)
    assert structure_words(plain, 2) != structure_words(plain.replace(b"+", b"-"), 2)


def test_near_shapes_share_words_and_far_ones_none() -> None:
    assert near(SUM, SUM) == 3
    assert near(SUM, LONGER) >= 2
    assert near(SUM, OTHER) == near(LONGER, OTHER) == 0


def test_the_innermost_function_around_the_line_counts_with_its_decorators() -> None:
    nested = b"def outer():\n    x = 1\n    @cache\n    def inner(y):\n        return y\n    return inner\n"

    assert structure_words(nested, 3) == structure_words(nested, 5)
    assert structure_words(nested, 2) == structure_words(nested, 6) != structure_words(nested, 5)


@pytest.mark.parametrize("source", [b"x = 1\n", b"def (", b"\0", b"class A:\n    x = 1\n", b""])
def test_where_no_function_is_nothing_is_told(source: bytes) -> None:
    assert structure_words(source, 1) == {}


def test_a_function_nested_deeper_than_python_recurses_is_passed_over() -> None:
    source = b"def f(x):\n    return " + b"x + " * 5000 + b"x\n"

    assert structure_words(source, 1) in ({}, structure_words(source, 2))


def item(source: bytes, name: str, rest: int = 500) -> WorkItem:
    """``rest`` is how much else stands in the file, in bytes."""
    source += b"#" * rest
    case = RepairCase(name, (), FailureClass.WRONG_VALUE, name, (Suspect("a.py", 2, "", 1.0),), {"a.py": source})
    return WorkItem(name, case, 0.5)


def attempt(source: bytes, number: int, *, solved: bool) -> AttemptRecord:
    name = f"{number}-{solved}"
    asked = item(source, name, rest=100 * number)
    words = as_words(features_of(asked, lambda path, line: {}, ()), {})
    came = "solved" if solved else "still_fails"
    record = AttemptRecord("r", name, name, FailureClass.WRONG_VALUE, "small", 1, solved, came, 1, 0.1, 1.0)
    return replace(record, content=asked.case.content, features=words)


def test_outcomes_on_near_shapes_inform_the_chances_of_an_item_never_seen() -> None:
    history = [attempt(SUM, number, solved=True) for number in range(10)]
    history += [attempt(OTHER, number, solved=False) for number in range(10)]
    longer_other = OTHER.replace(b"    try:", b"    key = key.strip()\n    try:")

    def chance(source: bytes) -> float:
        features = features_of(item(source, "new"), lambda path, line: {}, history)
        route = decide(features, [ModelFacts("small", 0.1)], outcomes_of(history), 100.0, 100.0)
        return route.order[0].chance

    assert 0 < near(OTHER, longer_other) < 3
    assert chance(RENAMED) > chance(longer_other) + 0.25
    assert chance(LONGER) > chance(longer_other) + 0.25
