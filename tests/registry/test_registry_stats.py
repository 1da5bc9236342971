"""How models did, told from attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import AttemptRecord
from dreamscape.registry.stats import stats_of


def tried(
    model: str, solved: bool, usd: float, item: str = "f", chance: float | None = None, impact: float = 1.0
) -> AttemptRecord:
    features = {"numbers": {"impact": impact}, "chance": {} if chance is None else {model: chance}}
    return AttemptRecord(
        "r", item, item, FailureClass.IMPORT, model, 1, solved, "x", 1, usd, 2.0, content="c", features=features
    )


def test_a_solution_costs_all_that_was_spent_on_the_model() -> None:
    told = stats_of([tried("a", False, 0.3, "1"), tried("a", True, 0.1, "2"), tried("b", False, 0.2, "1")], 5.0)

    counted = [(record.model, record.asked, record.solved, record.usd_per_solved) for record in told.models]
    assert counted == [("a", 2, 1, 0.4), ("b", 1, 0, None)]
    assert [(r.model, r.failure_class) for r in told.classes] == [("a", "import"), ("b", "import")]


def test_chances_are_compared_with_what_came() -> None:
    told = stats_of([tried("a", n < 3, 0.0, str(n), 0.75) for n in range(4)], 5.0)

    (step,) = told.calibration
    assert (step.low, step.attempts, step.expected, step.solved) == (0.7, 4, 0.75, 0.75)
    assert told.brier == pytest.approx(3 / 16)


def test_hindsight_would_have_asked_only_whoever_solved_it_cheapest() -> None:
    regret = stats_of([tried("a", False, 1.0), tried("b", True, 2.0), tried("c", True, 0.5, "other")], 5.0).regret

    assert (regret.items, regret.gained_usd, regret.best_usd) == (2, 6.5, 7.5)


MODELS, ITEMS, SHARES = st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0, 1)


@given(st.lists(st.builds(tried, MODELS, st.booleans(), st.floats(0, 9), ITEMS, SHARES, SHARES)))
def test_nothing_gains_more_than_hindsight(attempts: list[AttemptRecord]) -> None:
    told = stats_of(attempts, 5.0)

    assert told.regret.regret_usd >= -1e-9
    assert sum(record.asked for record in told.models) == sum(record.asked for record in told.classes) == len(attempts)
    assert told.brier is None or 0 <= told.brier <= 1
