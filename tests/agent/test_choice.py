"""Which plausible candidate is chosen, and when it may land by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.choice import DOUBTFUL, INPUTS_NEEDED, RIVALS_SHARE, choose
from dreamscape.domain.repair import Behaviour, Candidate, Edit

SOURCES = {"a.py": b" " * 200}


def candidate(place: int, weight: float = 0.5, origin: str = "repairer:comparison", text: bytes = b"<=") -> Candidate:
    return Candidate((Edit("a.py", place, place + 2, text),), origin, weight, f"change {place}")


def test_the_only_plausible_candidate_lands() -> None:
    only = candidate(1)

    choice = choose([only], Behaviour(((only,),), 0), SOURCES)

    assert (choice.best, choice.may_land, choice.rivals) == (only, True, ())


def test_candidates_that_behave_alike_on_enough_inputs_land() -> None:
    one, other = candidate(1, 0.4), candidate(5, 0.6)

    choice = choose([one, other], Behaviour(((one, other),), INPUTS_NEEDED), SOURCES)

    assert choice.best == other
    assert choice.may_land
    assert "200 inputs" in choice.why


def test_agreement_on_too_few_inputs_waits_for_review() -> None:
    one, other = candidate(1), candidate(5)

    choice = choose([one, other], Behaviour(((one, other),), INPUTS_NEEDED - 1), SOURCES)

    assert not choice.may_land


def test_two_behaviours_wait_for_review_and_show_where_they_differ() -> None:
    one, other, third = candidate(1), candidate(5), candidate(9)

    choice = choose([one, other, third], Behaviour(((one, other), (third,)), 300, (("f(0)", ("1", "2")),)), SOURCES)

    assert not choice.may_land
    assert choice.best in (one, other)
    assert choice.rivals == (third,)
    assert choice.examples == ("f(0) -> proposed: 1 | rival 1: 2",)


def test_a_very_likely_change_outweighs_two_unlikely_ones() -> None:
    likely, one, other = candidate(1, 0.9), candidate(5, 0.1), candidate(9, 0.1)

    assert choose([likely, one, other], Behaviour(((one, other), (likely,)), 300), SOURCES).best == likely


@pytest.mark.parametrize("kind", sorted(DOUBTFUL))
def test_a_change_that_silences_waits_for_review(kind: str) -> None:
    only = candidate(1, origin=f"repairer:{kind}")

    choice = choose([only], Behaviour(((only,),), 300), SOURCES)

    assert not choice.may_land
    assert DOUBTFUL[kind] in choice.why


def test_a_change_that_repairs_vouches_for_its_group() -> None:
    drop, repair = candidate(1, 0.9, "repairer:drop-statement"), candidate(5, 0.3)

    choice = choose([drop, repair], Behaviour(((drop, repair),), 250), SOURCES)

    assert choice.best == repair
    assert choice.may_land


@pytest.mark.parametrize("origin", ["chat-model", "repairer:move", "recorded:small"])
def test_taking_code_away_is_doubtful_whoever_proposes_it(origin: str) -> None:
    only = candidate(1, origin=origin, text=b" \n")

    assert not choose([only], Behaviour(((only,),), 300), SOURCES).may_land


@pytest.mark.parametrize(("text", "lands"), [(b"[]", False), (b"-1", False), (b"depth == 0", True), (b"[n]", True)])
def test_returning_a_literal_is_doubtful_returning_a_computation_is_not(text: bytes, lands: bool) -> None:
    only = candidate(1, origin="repairer:returned-value", text=text)

    assert choose([only], Behaviour(((only,),), 300), SOURCES).may_land is lands


@pytest.mark.parametrize(("text", "lands"), [(b"(KeyError, Exception)", False), (b"(KeyError, ExceptionGroup)", True)])
def test_to_catch_whatever_comes_is_doubtful(text: bytes, lands: bool) -> None:
    only = candidate(1, origin="repairer:caught", text=text)

    assert choose([only], Behaviour(((only,),), 300), SOURCES).may_land is lands


def test_two_changes_at_once_wait_for_review() -> None:
    only = candidate(1, origin="repairer:comparison+number")

    assert not choose([only], Behaviour(((only,),), 300), SOURCES).may_land


def test_a_far_less_likely_behaviour_does_not_keep_the_best_from_landing() -> None:
    best, rival, unlikely = candidate(1, 0.9), candidate(5, 0.9 * RIVALS_SHARE), candidate(9, 0.89 * RIVALS_SHARE)

    assert not choose([best, rival], Behaviour(((best,), (rival,)), 300), SOURCES).may_land
    choice = choose([best, unlikely], Behaviour(((best,), (unlikely,)), 300), SOURCES)
    assert (choice.best, choice.may_land, choice.rivals) == (best, True, ())
    assert "far likelier" in choice.why


def test_a_doubtful_change_is_no_rival_of_one_that_repairs() -> None:
    repair, drop = candidate(1, 0.5), candidate(5, 0.9, "repairer:drop-statement")

    choice = choose([drop, repair], Behaviour(((drop,), (repair,)), 300), SOURCES)

    assert (choice.best, choice.may_land) == (repair, True)


def test_what_the_proposed_change_does_is_told_first() -> None:
    small, likely = candidate(1, 0.7), candidate(5, 0.6)
    other = candidate(9, 0.5)
    behaviour = Behaviour(((likely, other), (small,)), 300, (("f(0)", ("1", "2")), ("f(1)", ("3", "3"))))

    choice = choose([small, likely, other], behaviour, SOURCES)

    assert choice.best == likely
    assert choice.examples == ("f(0) -> proposed: 1 | rival 1: 2",)
    assert choose([small, likely], Behaviour(((likely,), (small,)), 300, behaviour.examples), SOURCES).examples == (
        "f(0) -> proposed: 2 | rival 1: 1",
    )


def test_nothing_plausible_is_an_error() -> None:
    with pytest.raises(ValueError, match="no plausible"):
        choose([], Behaviour((), 0), SOURCES)


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(0.01, 1)), min_size=1, max_size=8, unique_by=lambda t: t[0]))
def test_the_order_in_which_candidates_come_does_not_matter(made: list[tuple[int, float]]) -> None:
    plausible = [candidate(place, weight) for place, weight in made]

    there = choose(plausible, Behaviour((tuple(plausible),), 200), SOURCES)
    back = choose(plausible[::-1], Behaviour((tuple(reversed(plausible)),), 200), SOURCES)

    assert there == back


def test_where_no_input_could_be_compared_even_an_unlikely_other_change_is_a_rival() -> None:
    one, other = candidate(1, 0.9), candidate(5, 0.1)

    choice = choose([one, other], Behaviour(((one,), (other,)), 0), SOURCES)

    assert not choice.may_land
    assert choice.rivals == (other,)
