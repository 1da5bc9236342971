"""What holds of the policy whatever the outcomes were."""

from __future__ import annotations

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.domain.routing import Failed, Features, ModelFacts, Outcome
from dreamscape.registry.outcomes import Beliefs, learn, prepare
from dreamscape.registry.policy import decide

MODELS = (ModelFacts("free", 0.0), ModelFacts("small", 0.01), ModelFacts("middle", 0.1), ModelFacts("large", 1.0))
PAID = MODELS[1:]
COSTS = {model.name: model.cost_usd for model in MODELS}

names = st.sampled_from([model.name for model in MODELS])
features = st.builds(
    Features,
    st.integers(0, 9).map(str),
    st.dictionaries(st.sampled_from(["size", "tests"]), st.floats(-1e6, 1e6), max_size=2),
    st.dictionaries(st.sampled_from(["class", "group"]), st.sampled_from(["a", "b"]), max_size=2),
)
outcomes = st.builds(Outcome, features, names, st.booleans(), st.floats(0, 10))
histories = st.lists(outcomes, max_size=25)
amounts = st.floats(0, 100)
laws = settings(max_examples=40, deadline=None, derandomize=True)


def asked(item: str, model: str, solved: bool) -> Outcome:
    return Outcome(Features(item), model, solved, COSTS[model])


def first(beliefs: Beliefs, value: float) -> str | None:
    order = decide(Features("new"), PAID, beliefs, value, math.inf).order
    return order[0].model if order else None


@laws
@given(features, histories, amounts, amounts)
def test_chances_are_never_sure_and_lie_within_their_interval(
    item: Features, past: list[Outcome], value: float, left: float
) -> None:
    route = decide(item, MODELS, past, value, left)

    for each in (*route.order, *route.declined):
        assert 0 < each.low <= each.chance <= each.high < 1
        assert 0 <= each.cost_usd < math.inf


@laws
@given(features, histories, amounts, amounts)
def test_each_candidate_is_named_once(item: Features, past: list[Outcome], value: float, left: float) -> None:
    route = decide(item, MODELS, past, value, left)

    assert sorted(each.model for each in (*route.order, *route.declined)) == sorted(COSTS)


@laws
@given(features, histories, amounts, st.floats(0.01, 1))
def test_an_order_costs_no_more_than_is_left(item: Features, past: list[Outcome], value: float, share: float) -> None:
    wanted = [each.cost_usd for each in decide(item, PAID, past, value, math.inf).order]
    # Each call alone still fits, all together do not.
    left = sum(wanted) - share * min(wanted, default=0.0)
    route = decide(item, PAID, past, value, left)

    assert sum(each.cost_usd for each in route.order) <= left * (1 + 1e-9)


@laws
@given(features, histories, st.floats(0, 0.999))
def test_all_is_declined_where_the_value_is_below_every_cost(item: Features, past: list[Outcome], share: float) -> None:
    cheapest = min(each.cost_usd for each in decide(item, PAID, past, 0.0, math.inf).declined)
    route = decide(item, PAID, past, share * cheapest, math.inf)

    assert not route.order
    assert "worth it" in route.stop


@laws
@given(features, histories, st.lists(names, unique=True, max_size=3), amounts)
def test_nobody_who_failed_on_an_item_is_asked_again(
    item: Features, past: list[Outcome], failed: list[str], value: float
) -> None:
    again = Features(item.item, item.numbers, item.words, tuple(Failed(name) for name in failed))
    route = decide(again, MODELS, past, value, math.inf)

    assert not {each.model for each in route.order} & set(failed)


@laws
@given(features, histories, names)
def test_a_failure_on_an_item_lowers_every_other_models_chance_there(
    item: Features, past: list[Outcome], failed: str
) -> None:
    beliefs = prepare(MODELS, past)
    before = decide(item, MODELS, beliefs, 1.0, math.inf)
    again = Features(item.item, item.numbers, item.words, (Failed(failed),))
    after = decide(again, MODELS, beliefs, 0.0, math.inf)

    # With the value 0 nothing is planned, so that all stand as they are before any call.
    fresh = {each.model: each.chance for each in decide(item, MODELS, beliefs, 0.0, math.inf).declined}
    assert before.order or before.declined
    assert all(each.chance < fresh[each.model] for each in after.declined)


@laws
@given(histories, names)
def test_a_success_raises_a_models_chance_above_what_a_failure_leaves(past: list[Outcome], model: str) -> None:
    def chance(solved: bool) -> float:
        told = [*past, Outcome(Features("one more"), model, solved, COSTS[model])]
        route = decide(Features("new"), MODELS, told, 0.0, math.inf)
        return next(each.chance for each in (*route.order, *route.declined) if each.model == model)

    assert chance(True) > chance(False)


@laws
@given(histories, st.floats(0.001, 100), st.floats(0.001, 100))
def test_what_is_worth_more_is_given_no_fewer_calls_by_the_plan(past: list[Outcome], one: float, other: float) -> None:
    item = Features("new", failed=(Failed("small"),))
    few, many = (decide(item, MODELS, past, value, math.inf).order for value in sorted((one, other)))

    assert [each.model for each in many[: len(few)]] == [each.model for each in few]


@laws
@given(features, histories, amounts)
def test_the_same_history_gives_the_same_route(item: Features, past: list[Outcome], value: float) -> None:
    assert decide(item, MODELS, past, value, 5.0) == decide(item, MODELS, list(past), value, 5.0)


def test_a_model_that_always_fails_is_soon_left_and_found_again_when_it_recovers() -> None:
    beliefs = prepare(PAID, ())
    counts = []
    for solves in (False, True):
        small = 0
        for number in range(60 if not solves else 900):
            model = first(beliefs, 0.5)
            if model is None:
                continue
            rng = random.Random(number)
            works = solves if model == "small" else rng.random() < 0.5
            beliefs = learn(beliefs, [asked(f"{solves}{number}", model, works)])
            small += model == "small"
            if solves and small > 20:
                break
        counts.append(small)

    assert counts[0] < 20, "it went on asking a model that solves nothing"
    assert counts[1] > 20, "it never came back to a model that solves all"


def test_what_a_model_did_lately_counts_more_than_what_it_did_long_ago() -> None:
    def chance(*solves: bool) -> float:
        past = [asked(f"{part}{n}", "small", each) for part, each in enumerate(solves) for n in range(250)]
        return decide(Features("new"), PAID[:1], past, 0.0, math.inf).declined[0].chance

    assert chance(False, True) > chance(True, False) + 0.05


def test_a_tree_of_words_seen_once_does_not_slow_the_fit() -> None:
    past = [Outcome(Features(str(n), words={"name": f"word{n}"}), "small", n % 2 == 0, 0.01) for n in range(500)]

    assert not prepare(MODELS, past).columns.keys


def test_items_that_share_a_word_teach_about_each_other() -> None:
    past = [
        Outcome(Features(f"{word}{n}", words={"structure": word}), model, word == "loop", COSTS[model])
        for n in range(12)
        for word in ("loop", "parser")
        for model in ("small", "large")
    ]
    beliefs = prepare(MODELS, past)
    loop, parser = (
        decide(Features("new", words={"structure": word}), MODELS, beliefs, 10.0, math.inf).order[0].chance
        for word in ("loop", "parser")
    )

    assert loop > parser + 0.3
