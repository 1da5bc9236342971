"""Candidates that do the same are one group; others are told apart by inputs made from the tests' own calls."""

from __future__ import annotations

import collections
import copy
import datetime
import decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_projects import FILE, calc, change, server

from dreamscape.domain.repair import Candidate
from dreamscape.guest.inputs import Variations, asks_for_none
from dreamscape.guest.shape import Shape, TooLarge

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def groups(project: Path, candidates: list[Candidate], tests: list[str]) -> tuple[list[list[int]], int]:
    with server(project) as trials:
        behaviour = trials.behaviours(candidates, tests, seconds=15.0)
    return [[candidates.index(each) for each in group] for group in behaviour.groups], behaviour.inputs


@pytest.mark.sandbox
def test_equal_behaviour_is_one_group_and_examples_show_where_others_differ(tmp_path: Path) -> None:
    project = calc(tmp_path)
    tests = [f"{FILE}::test_biggest", f"{FILE}::test_nothing_is_zero"]
    candidates = [
        change(project, "value < best", "value > best"),
        change(project, "value < best", "len(values) == 3"),
        change(project, "value < best", "not best >= value"),
        change(project, "best = 0", "return max(values, default=0)"),
    ]

    with server(project) as trials:
        behaviour = trials.behaviours(candidates, tests, seconds=15.0)

    assert behaviour.groups == ((candidates[0], candidates[2], candidates[3]), (candidates[1],))
    assert behaviour.inputs >= 200
    call, answers = behaviour.examples[0]
    assert call.startswith("biggest([")
    assert len(set(answers)) == 2


@pytest.mark.sandbox
def test_candidates_in_different_functions_are_compared_by_their_common_entry(tmp_path: Path) -> None:
    files = {
        "calc.py": """
            def total(prices):
                return shipped(sum(taxed(price) for price in prices))

            def taxed(price):
                return price * 2

            def shipped(sum):
                return sum
            """,
        FILE: """
            from calc import total

            def test_total():
                assert total([1, 2, 3]) == 13
            """,
    }
    project = calc(tmp_path, files)
    candidates = [
        change(project, "return sum\n", "return sum + 1\n"),
        change(project, "return shipped(", "return 1 + shipped("),
        change(project, "price * 2", "price * 2 + (price == 1)"),
    ]

    assert groups(project, candidates, [f"{FILE}::test_total"])[0] == [[0, 1], [2]]


@pytest.mark.sandbox
def test_changed_arguments_raised_types_and_generators_count(tmp_path: Path) -> None:
    files = {
        "calc.py": """
            def work(items, n):
                step = 0
                for item in items:
                    yield item
            """,
        FILE: """
            from calc import work

            def test_work():
                assert list(work([1, 2, 3], 1)) == [1, 2, 3]
            """,
    }
    project = calc(tmp_path, files)
    candidates = [
        change(project, "step = 0", text)
        for text in (
            "pass",
            "items.append(4) if n == 1 else None",
            "items = list(items); items.append(n) if n > 5 else None",
            "assert n < 9",
            "step = 1",
            "if n > 8: raise AssertionError('another text')",
        )
    ]

    assert groups(project, candidates, [f"{FILE}::test_work"])[0] == [[0, 4], [3, 5], [1], [2]]


@pytest.mark.sandbox
def test_candidates_outside_of_functions_are_compared_in_processes_of_their_own(tmp_path: Path) -> None:
    files = {
        "calc.py": """
            FACTOR = 2

            class Scale:
                def __init__(self, start):
                    self.start = start

                def of(self, n):
                    return self.start + n * FACTOR
            """,
        FILE: """
            from calc import Scale

            def test_scale():
                assert Scale(0).of(2) == 6
                assert Scale(1).of(0) == 1
            """,
    }
    project = calc(tmp_path, files)
    candidates = [
        change(project, "FACTOR = 2", "FACTOR = 3"),
        change(project, "n * FACTOR", "n * 3"),
        change(project, "n * FACTOR", "n * FACTOR + n"),
        change(project, "n * FACTOR", "n * FACTOR + (n == 2) * 2"),
        change(project, "FACTOR = 2", "FACTOR = 4"),
        change(project, "class Scale:", "FACTOR = 3\n\nclass Scale:"),
    ]

    found, inputs = groups(project, candidates, [f"{FILE}::test_scale"])

    assert found == [[0, 1, 2, 5], [3], [4]]
    assert inputs >= 200


@pytest.mark.sandbox
def test_what_cannot_be_compared_is_alone_and_no_input_is_claimed(tmp_path: Path) -> None:
    project = calc(tmp_path)
    candidates = [
        change(project, "return 3", "return 4"),
        change(project, "value < best", "value > best"),
        change(project, "best = 0", "import random\n    return random.random()"),
    ]

    found, _ = groups(project, candidates, [f"{FILE}::test_biggest", f"{FILE}::test_limit"])

    assert sorted(found) == [[0], [1], [2]]
    assert groups(project, candidates[:2], [f"{FILE}::test_unknown"]) == ([[0], [1]], 0)


@given(VALUES)
def test_a_copy_has_the_same_shape(value: object) -> None:
    assert Shape().of(value) == Shape().of(copy.deepcopy(value))


def test_shapes_tell_apart_what_does_not_compare_equal_but_not_orders_addresses_and_last_digits() -> None:
    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    def shape(value: object) -> str:
        return Shape().of(value)

    assert shape(1) == shape(True) == shape(1.0) != shape("1") != shape(b"1")
    assert shape([1]) != shape((1,))
    assert shape(Point(1)) == shape(Point(1)) != shape(Point(2))
    assert shape({3, 1, 2}) == shape({2, 3, 1})
    assert shape({"a": 1, "b": 2}) == shape({"b": 2, "a": 1})
    assert shape(0.1 + 0.2) == shape(0.3)
    assert shape(float("nan")) == shape(-float("nan"))
    assert shape(object()) == shape(object())
    assert shape(iter([1, 2])) != shape(iter([1, 3]))
    assert shape(ValueError("a")) != shape(KeyError("a"))
    assert shape(collections.deque([1])) != shape(collections.deque([2]))


def test_a_value_that_holds_itself_has_a_shape_and_an_endless_one_is_refused() -> None:
    loop: list[object] = [1]
    loop.append(loop)

    assert Shape().of(loop) == Shape().of(copy.deepcopy(loop))
    with pytest.raises(TooLarge):
        Shape().of([[n] for n in range(100000)])


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4), st.integers(0, 5))
def test_variations_keep_types_and_leave_recorded_calls_alone(pairs: list[tuple[object, object]], seed: int) -> None:
    recorded = [(0, pair, {}) for pair in pairs]
    before = Shape().of(recorded)
    variations = Variations(recorded, seed)

    made = [variations.next_call() for _ in range(20)]

    types = [{type(pair[place]) for pair in pairs} for place in (0, 1)]
    assert all(type(args[place]) in types[place] for _, args, _ in made for place in (0, 1))
    assert Shape().of(recorded) == before
    again = Variations(recorded, seed)
    assert [Shape().of(call) for call in made] == [Shape().of(again.next_call()) for _ in range(20)]


def test_variations_stay_near_what_was_seen() -> None:
    recorded = [(0, (n, "ab" * n, [n], datetime.date(2020, 1, n), decimal.Decimal(n)), {"flag": True}) for n in (2, 5)]
    variations = Variations(recorded, 1)

    calls = [variations.next_call() for _ in range(500)]

    numbers = {args[0] for _, args, _ in calls}
    assert numbers >= {0, 1, 2, 3, 4, 5, 6}
    assert min(numbers) >= 0
    assert all(set(args[1].lower()) <= {"a", "b"} for _, args, _ in calls)
    assert {named["flag"] for _, _, named in calls} == {True, False}
    assert any(args[2] == [] for _, args, _ in calls)


class Unready:
    def __repr__(self) -> str:
        return self.name  # type: ignore[attr-defined, no-any-return]


def test_what_cannot_tell_of_itself_hides_nothing_beside_it() -> None:
    half_made = Unready()

    assert Shape().of((half_made, 1)) == Shape().of((Unready(), 1))
    assert Shape().of((half_made, 1)) != Shape().of((half_made, 2))
    assert Shape().of([[half_made], 1]) != Shape().of([[half_made], 2])


def optional(first: int, second: object = None, *, third: int = 0) -> object:
    return third if second is None else first


def test_none_is_tried_where_the_code_asks_for_it_and_zones_come_and_go() -> None:
    assert asks_for_none(optional.__code__) == {1, "second"}
    noon = datetime.datetime(2020, 1, 2, 12, tzinfo=datetime.UTC)
    calls = [(0, (1, noon), {"third": 1}), (0, (2, noon), {"third": 2})]
    made = [Variations(calls, seed, [optional.__code__]).next_call() for seed in range(200)]

    assert {type(args[1]) for _, args, _ in made} == {datetime.datetime, type(None)}
    assert {args[1].tzinfo for _, args, _ in made if args[1]} == {None, datetime.UTC}
    assert all(args[0] is not None and named["third"] is not None for _, args, named in made)
