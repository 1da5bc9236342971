"""From coverage to suspects, and from suspects to clusters."""

from math import isclose, sqrt

from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.cluster import clusters, group_fingerprint, split
from dreamscape.agent.localize import ochiai, suspects, touching_tests
from dreamscape.domain.failures import Failure, Frame
from dreamscape.domain.repair import Suspect

COVERAGE = {
    "t::fails": {"m.py": frozenset({1, 2, 3})},
    "t::passes": {"m.py": frozenset({1, 2})},
    "t::other": {"m.py": frozenset({1})},
}


def test_a_line_only_the_failing_test_runs_scores_highest() -> None:
    scores = ochiai(["t::fails"], ["t::passes", "t::other"], COVERAGE)

    assert scores[("m.py", 3)] == 1.0
    assert isclose(scores[("m.py", 2)], 1 / sqrt(2))
    assert isclose(scores[("m.py", 1)], 1 / sqrt(3))


def test_the_line_that_raised_is_lifted() -> None:
    failure = Failure("t::fails", "call", "KeyError", "", (Frame("t.py", 9, "t", True), Frame("m.py", 2, "f", True)))

    found = suspects(
        [failure],
        ["t::passes", "t::other"],
        COVERAGE,
        editable=lambda path: path == "m.py",
        function_at=lambda path, line: "f",
    )

    assert found[0].line == 2
    assert found[0].suspiciousness == 1.0
    assert all(suspect.path == "m.py" for suspect in found)


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]),
        st.frozensets(st.integers(1, 9)).map(lambda lines: {"m.py": lines}),
    )
)
def test_scores_stay_between_zero_and_one(coverage: dict[str, dict[str, frozenset[int]]]) -> None:
    assert all(0 <= score <= 1 for score in ochiai(["a", "b"], ["c", "d"], coverage).values())


def test_tests_that_touch_a_line_are_found() -> None:
    assert touching_tests([("m.py", 2)], ["t::fails", "t::passes", "t::other"], COVERAGE) == ("t::fails", "t::passes")


def failing(test: str, exception: str = "AssertionError") -> Failure:
    return Failure(test, "call", exception, "assert 1 == 2")


def test_tests_that_point_to_the_same_function_are_one_case() -> None:
    failures = [failing("t::a"), failing("t::b", "KeyError"), failing("t::c")]
    by_test = {
        "t::a": [Suspect("m.py", 3, "f", 1.0)],
        "t::b": [Suspect("m.py", 4, "f", 1.0)],
        "t::c": [Suspect("m.py", 9, "g", 1.0)],
    }

    groups = clusters(failures, by_test)

    assert [[failure.test for failure in group] for group in groups] == [["t::a", "t::b"], ["t::c"]]
    assert [len(group) for group in split(groups[0])] == [1, 1]


def test_a_group_is_named_by_its_causes_in_any_order() -> None:
    one, two = failing("t::a"), failing("t::b", "KeyError")

    assert group_fingerprint([one, two]) == group_fingerprint([two, one]) != group_fingerprint([one])
