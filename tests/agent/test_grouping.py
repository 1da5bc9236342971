from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.grouping import grouped

ENDS = st.sampled_from(
    [("returned", "a", "1"), ("returned", "b", "2"), ("raised", "c", "raises E"), ("unsteady", "", "")]
)


def returned(*digests: str) -> list[tuple[str, str, str]]:
    return [("returned", digest, digest.upper()) for digest in digests]


def test_who_does_the_same_on_all_inputs_is_one_group_and_the_largest_comes_first() -> None:
    told = {0: returned("x", "y"), 1: returned("x", "z"), 2: returned("x", "z")}

    assert grouped(3, told, ["f(1)", "f(2)"]) == ([[1, 2], [0]], 2, [("f(2)", ("Z", "Y"))])


def test_an_input_on_which_all_raise_or_one_is_unsteady_does_not_count() -> None:
    told = {
        0: [("raised", "E", "raises E"), ("returned", "x", "x"), ("returned", "x", "x")],
        1: [("raised", "F", "raises F"), ("unsteady", "", ""), ("raised", "F", "raises F")],
    }

    groups, inputs, examples = grouped(2, told, ["f(1)", "f(2)", "f(3)"])

    assert (groups, inputs, examples) == ([[0], [1]], 1, [("f(3)", ("x", "raises F"))])


def test_who_told_nothing_or_is_mostly_unsteady_is_alone() -> None:
    unsteady = [("unsteady", "", "")] * 2
    told = {0: returned("x", "y"), 1: unsteady, 3: returned("x", "y")}

    assert grouped(4, told, ["f(1)", "f(2)"]) == ([[0, 3], [1], [2]], 2, [])


def test_who_answers_alike_and_leaves_other_arguments_behind_is_told_apart() -> None:
    told = {0: [("returned", "one", "None")], 1: [("returned", "other", "None")]}

    _, _, examples = grouped(2, told, ["f([])"])

    assert examples == [("f([])", ("None", "None, and leaves its arguments otherwise"))]


def test_without_inputs_everybody_is_alone() -> None:
    assert grouped(2, {0: [], 1: []}, []) == ([[0], [1]], 0, [])


@given(st.integers(1, 5).flatmap(lambda inputs: st.lists(st.lists(ENDS, min_size=inputs, max_size=inputs), max_size=6)))
def test_groups_divide_the_candidates_and_more_inputs_never_join_groups(told: list[list[tuple[str, str, str]]]) -> None:
    inputs = len(told[0]) if told else 0
    numbered = dict(enumerate(told))

    groups, compared, _ = grouped(len(told), numbered, ["f()"] * inputs)

    assert sorted(number for group in groups for number in group) == list(range(len(told)))
    assert compared <= inputs
    assert [len(group) for group in groups] == sorted((len(group) for group in groups), reverse=True)
