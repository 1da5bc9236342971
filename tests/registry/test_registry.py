"""Who may be asked about an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stations import circumstances

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import RepairCase, Suspect, WorkItem
from dreamscape.domain.settings import BudgetSettings
from dreamscape.registry import ModelRegistry
from dreamscape.registry.cards import Catalog
from dreamscape.registry.rules import RouteRule, is_at_work

EMBEDDED = ModelCard("embedded", "embedded")
REMEMBERED = ModelCard("remembered", "remembered")
RECORDED = ModelCard("tape", "recorded", tier=1)
PAID = ModelCard("dear", "api", tier=2, usd_per_million_out=1.0)
FREE = ModelCard("near", "api", tier=2)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def registry(
    *cards: ModelCard,
    budget: BudgetSettings | None = None,
    routes: Sequence[RouteRule] = (),
    only: str = "",
    known: Sequence[str] = (),
) -> ModelRegistry:
    catalog = Catalog(cards, tuple(routes))
    around = replace(circumstances(), budget=budget or BudgetSettings(usd_per_day=1), now=lambda: NOON)
    around = replace(around, is_repair_known=lambda fingerprint: fingerprint in known)
    return ModelRegistry(lambda: catalog, around, only)


def item(source: bytes = b"", path: str = "a.py", kind: FailureClass = FailureClass.UNKNOWN) -> WorkItem:
    case = RepairCase("1", (), kind, "f00d", (Suspect(path, 1, "", 1.0),), {path: source})
    return WorkItem("1", case, 0.5)


def tried(model: str, content: str = "", *, solved: bool = False) -> AttemptRecord:
    return AttemptRecord(
        "r", "1", "f00d", FailureClass.UNKNOWN, model, 1, solved, "still_fails", 3, 0.0, 1.0, content=content
    )


def test_tiers_are_asked_in_order_the_embedded_repairer_first() -> None:
    own = ModelCard("aaa", "recorded")

    assert registry(RECORDED, own, EMBEDDED).decide(item(), []).order == (EMBEDDED, own, RECORDED)


def test_no_outside_model_is_asked_without_a_budget_nor_a_priced_one_without_money() -> None:
    def order(budget: BudgetSettings) -> tuple[ModelCard, ...]:
        return registry(EMBEDDED, PAID, FREE, budget=budget).decide(item(), []).order

    assert order(BudgetSettings()) == (EMBEDDED,)
    assert order(BudgetSettings(calls_per_month=1)) == (EMBEDDED, FREE)
    assert order(BudgetSettings(usd_per_day=1)) == (EMBEDDED, FREE, PAID)


def test_a_model_of_which_one_answer_breaks_a_limit_is_not_decided_about() -> None:
    def why(**budget: float) -> str:
        return registry(EMBEDDED, PAID, budget=BudgetSettings(**budget)).refusals(item(), []).get("dear", "")  # type: ignore[arg-type]

    assert (
        why(usd_per_day=1, usd_per_call=0.004) == "one answer may take 0.004096 USD, and budget.usd_per_call is 0.004"
    )
    assert (
        why(usd_per_day=1, tokens_per_item=4000)
        == "one answer may take 4096 tokens, and budget.tokens_per_item is 4000"
    )
    assert why(usd_per_day=1, usd_per_call=0.005) == ""


def test_a_model_whose_hour_is_spent_is_not_decided_about_until_the_next() -> None:
    asked = {"near": 1, "dear": 9}
    rationed = replace(FREE, calls_per_hour=2)
    around = replace(circumstances(), budget=BudgetSettings(usd_per_day=1), asked_this_hour=lambda name: asked[name])
    models = ModelRegistry(lambda: Catalog((rationed, PAID)), around)

    before = models.decide(item(), []).order
    asked["near"] = 2

    assert (before, models.decide(item(), []).order) == ((rationed, PAID), (PAID,))
    assert models.refusals(item(), []) == {"near": "it was asked 2 times this hour, which is all its card allows"}


def test_the_same_question_is_put_to_a_model_once_but_the_repairer_may_try_again() -> None:
    now = item(b"new")
    both = registry(EMBEDDED, RECORDED)

    asked = both.decide(now, [tried("tape", now.case.content), tried("embedded", now.case.content)])
    of_other_code = both.decide(now, [tried("tape", item(b"old").case.content)])
    before_contents_were_kept = both.decide(now, [tried("tape")])

    assert asked.order == before_contents_were_kept.order == (EMBEDDED,)
    assert of_other_code.order == (EMBEDDED, RECORDED)


def test_a_known_repair_is_tried_before_anything_else() -> None:
    cards = (EMBEDDED, REMEMBERED, RECORDED)

    assert registry(*cards, known=["beef"]).decide(item(), []).order == (EMBEDDED, RECORDED)
    assert registry(*cards, known=["f00d"]).decide(item(), []).order == (REMEMBERED, EMBEDDED, RECORDED)


def test_nobody_left_is_said_and_why() -> None:
    off = replace(EMBEDDED, enabled=False)

    assert registry(off).decide(item(), []).why == "no model is enabled"
    late = replace(FREE, hours="22-6")
    assert "near: only in the hours 22-6" in registry(off, late).decide(item(), []).why


def test_a_card_is_asked_only_for_its_kinds_of_work_and_classes_of_failure() -> None:
    wrong = replace(RECORDED, name="wrong", failure_classes=("wrong_value",))
    asks = replace(RECORDED, name="asks", kinds=("ask",))

    assert registry(wrong, asks).decide(item(), []).order == ()
    assert registry(wrong, asks).decide(item(kind=FailureClass.WRONG_VALUE), []).order == (wrong,)


def test_a_card_may_be_kept_for_items_from_an_impact_on() -> None:
    dear = replace(RECORDED, name="dear", least_impact=0.6)
    models = registry(RECORDED, dear)

    assert models.decide(replace(item(), impact=0.6), []).order == (dear, RECORDED)
    assert models.decide(replace(item(), impact=0.59), []).order == (RECORDED,)
    assert models.refusals(item(), []) == {"dear": "only from impact 0.6 on, and this is 0.50"}


def test_a_route_leaves_what_lies_under_its_paths_to_its_models_and_to_the_repairer() -> None:
    routes = [RouteRule(("near",), ("legal/",)), RouteRule(("dear",), failure_classes=("timeout",))]
    models = registry(EMBEDDED, FREE, PAID, routes=routes)

    assert models.decide(item(path="legal/a.py"), []).order == (EMBEDDED, FREE)
    assert models.decide(item(kind=FailureClass.TIMEOUT), []).order == (EMBEDDED, PAID)
    assert models.decide(item(path="other.py"), []).order == (EMBEDDED, FREE, PAID)


def test_the_one_model_that_is_wanted_is_asked_alone() -> None:
    models = registry(EMBEDDED, FREE, PAID, routes=[RouteRule(("near",))], only="dear")

    assert models.decide(item(), []).order == (PAID,)
    assert models.decide(item(), []).why == "only dear is wanted"
    assert models.decide(item(), [tried("dear")]).why == (
        "no model may be asked (dear: it was asked about this before, of the same code)"
    )


def test_a_decision_rests_on_what_is_stored_alone_and_not_on_those_before_it() -> None:
    history = [replace(tried("near", "c", solved=n % 3 == 0), fingerprint=f"{n}", item=f"{n}") for n in range(30)]
    grown, fresh = registry(FREE, PAID), registry(FREE, PAID)
    for end in range(0, len(history), 5):
        grown.decide(item(), history[:end])

    assert grown.decide(item(), history).estimates == fresh.decide(item(), history).estimates


def test_a_disabled_card_that_was_never_asked_changes_nothing_that_is_expected_of_others() -> None:
    alone, beside = (
        registry(*cards).decide(item(), []).estimates for cards in ((PAID,), (PAID, replace(FREE, enabled=False)))
    )

    assert alone == beside != {}


@pytest.mark.parametrize(
    ("hours", "at", "said"), [("22-6", 23, True), ("22-6", 6, False), ("9-17", 9, True), ("9-17", 17, False)]
)
def test_hours_begin_at_the_first_and_end_before_the_last(hours: str, at: int, said: bool) -> None:
    assert is_at_work(replace(FREE, hours=hours), NOON.replace(hour=at)) is said


@given(st.integers(0, 24), st.integers(0, 24))
def test_hours_and_their_reverse_share_the_day(begin: int, end: int) -> None:
    one, other = replace(FREE, hours=f"{begin}-{end}"), replace(FREE, hours=f"{end}-{begin}")
    at_work = [(is_at_work(one, NOON.replace(hour=h)), is_at_work(other, NOON.replace(hour=h))) for h in range(24)]

    if begin % 24 != end % 24:
        assert all(mine != theirs for mine, theirs in at_work)


def test_a_file_that_changes_in_the_middle_of_a_decision_counts_from_the_next_one_on() -> None:
    before, after = Catalog((EMBEDDED, RECORDED)), Catalog((EMBEDDED, replace(PAID, enabled=False)))
    said = iter([before, before, *[after] * 9])  # when it is made, when it begins to decide, from then on
    registry = ModelRegistry(lambda: next(said), circumstances(usd_per_day=1))

    assert registry.decide(item(), []).order == (EMBEDDED, RECORDED)
    assert registry.decide(item(), []).order == (EMBEDDED,)
