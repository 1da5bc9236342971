"""The policy decides by value, cost and chance, and learns from every outcome."""

import math
import subprocess
import sys
from collections.abc import Mapping

import pytest

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.routing import Failed, Features, ModelFacts, Outcome
from dreamscape.registry import policy_priors
from dreamscape.registry.policy import decide

CHEAP, STRONG = ModelFacts("cheap", 0.1), ModelFacts("strong", 1.0)


def history(*rows: tuple[str, str, bool]) -> list[Outcome]:
    costs = {model.name: model.cost_usd for model in (CHEAP, STRONG)}
    return [Outcome(Features(item), model, solved, costs[model]) for item, model, solved in rows]


def test_a_cheap_model_comes_before_a_strong_one_while_nothing_is_known() -> None:
    route = decide(Features("new"), (STRONG, CHEAP), [], value=10.0, left=math.inf)

    assert [estimate.model for estimate in route.order] == ["cheap", "strong"]


def test_an_item_worth_less_than_every_call_is_declined_with_the_price_of_a_solution() -> None:
    route = decide(Features("new"), (STRONG, CHEAP), [], value=0.01, left=math.inf)

    assert not route.order
    assert "no further call is worth it: cheap would cost" in route.stop


def test_a_failure_on_an_item_lowers_the_chance_of_every_other_model_there() -> None:
    fresh = decide(Features("new"), (STRONG, CHEAP), [], value=10.0, left=math.inf).order[0]
    after = decide(Features("new", failed=(Failed("strong"),)), (STRONG, CHEAP), [], value=10.0, left=math.inf).order

    assert [estimate.model for estimate in after] == ["cheap"]
    assert after[0].chance < fresh.chance


def test_a_model_that_always_fails_is_left_out() -> None:
    past = history(*((str(n), "cheap", False) for n in range(40)), *((str(n), "strong", True) for n in range(40)))

    route = decide(Features("new"), (STRONG, CHEAP), past, value=1.5, left=math.inf)

    assert route.order[0].model == "strong"


def test_the_planned_calls_fit_what_is_left() -> None:
    route = decide(Features("new"), (STRONG, CHEAP), [], value=10.0, left=0.5)

    assert [estimate.model for estimate in route.order] == ["cheap"]
    assert "left" in route.stop


def test_a_number_far_outside_what_was_seen_makes_nothing_sure() -> None:
    past = [
        Outcome(Features(str(n), {"prompt": 8.7 + 0.001 * (n % 2)}), "cheap", solved=n % 2 == 0, cost_usd=0.1)
        for n in range(16)
    ]

    route = decide(Features("new", {"prompt": 9.7}), (CHEAP,), past, value=10.0, left=math.inf)

    assert (*route.order, *route.declined)[0].chance > 0.0001


def test_what_is_planned_first_is_no_longer_left_for_what_comes_after() -> None:
    both = decide(Features("new"), (STRONG, CHEAP), [], value=10.0, left=1.11)
    one = decide(Features("new"), (STRONG, CHEAP), [], value=10.0, left=1.09)

    assert [len(route.order) for route in (both, one)] == [2, 1]


def of_class(item: str, kind: FailureClass) -> Features:
    return Features(item, words={"class": kind.value})


def first_chance(kind: FailureClass, past: list[Outcome]) -> float:
    return decide(of_class("new", kind), (CHEAP,), past, value=10.0, left=math.inf).order[0].chance


def test_before_any_outcome_code_that_cannot_be_read_is_thought_easier_to_repair_than_a_wrong_value() -> None:
    unread, mean, wrong = (
        first_chance(kind, []) for kind in (FailureClass.COLLECTION, FailureClass.RECURSION, FailureClass.WRONG_VALUE)
    )

    assert unread > mean + 0.05 > wrong + 0.1


def test_what_a_class_is_thought_to_be_gives_way_to_outcomes() -> None:
    past = [
        Outcome(of_class(f"{kind.value}{n}", kind), "cheap", kind is FailureClass.WRONG_VALUE, 0.1)
        for n in range(12)
        for kind in (FailureClass.WRONG_VALUE, FailureClass.COLLECTION)
    ]

    assert first_chance(FailureClass.WRONG_VALUE, past) > first_chance(FailureClass.COLLECTION, past) + 0.2


def test_each_class_that_has_a_prior_exists() -> None:
    assert set(policy_priors.CLASS_EASE) <= {kind.value for kind in FailureClass}


def test_who_imports_the_policy_alone_does_not_load_what_reads_cards() -> None:
    code = "import sys, dreamscape.registry.policy; print('dreamscape.registry.cards' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_unknown(unknown: float) -> None:
    past = [Outcome(Features(str(n), {"size": 1.0 + n % 3}), "cheap", n % 3 == 0, 0.1) for n in range(12)]

    def chance(numbers: Mapping[str, float], *more: Outcome) -> float:
        route = decide(Features("new", numbers), (CHEAP,), [*past, *more], value=10.0, left=math.inf)
        return (*route.order, *route.declined)[0].chance

    assert chance({"size": unknown}) == chance({})
    odd, none = (Outcome(Features("odd", numbers), "cheap", True, 0.1) for numbers in ({"size": unknown}, {}))
    assert chance({"size": 2.0}, odd) == chance({"size": 2.0}, none)
