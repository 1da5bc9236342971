"""Which model an item goes to."""

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import RepairCase, WorkItem
from dreamscape.domain.settings import BudgetSettings
from dreamscape.registry import ModelRegistry

EMBEDDED = ModelCard("embedded", "embedded")
RECORDED = ModelCard("tape", "recorded", tier=1)
PAID = ModelCard("dear", "api", tier=2)


def item() -> WorkItem:
    return WorkItem("1", RepairCase("1", (), FailureClass.UNKNOWN, "f00d", (), {}), 0.5)


def tried(model: str) -> AttemptRecord:
    return AttemptRecord("r", "1", "f00d", FailureClass.UNKNOWN, model, 1, False, "still_fails", 3, 0.0, 1.0)


def test_tiers_are_asked_in_order_the_embedded_repairer_first() -> None:
    decision = ModelRegistry([RECORDED, EMBEDDED], BudgetSettings()).decide(item(), [])

    assert decision.order == (EMBEDDED, RECORDED)


def test_no_outside_model_is_asked_without_a_budget() -> None:
    cards = [EMBEDDED, PAID]

    assert ModelRegistry(cards, BudgetSettings()).decide(item(), []).order == (EMBEDDED,)
    assert ModelRegistry(cards, BudgetSettings(usd_per_day=1)).decide(item(), []).order == (EMBEDDED, PAID)


def test_the_same_question_is_put_to_a_model_once_but_the_repairer_may_try_again() -> None:
    decision = ModelRegistry([EMBEDDED, RECORDED], BudgetSettings()).decide(item(), [tried("tape"), tried("embedded")])

    assert decision.order == (EMBEDDED,)


def test_a_disabled_card_is_left_out_and_nobody_left_is_said() -> None:
    decision = ModelRegistry([ModelCard("embedded", "embedded", enabled=False)], BudgetSettings()).decide(item(), [])

    assert decision.order == ()
    assert decision.why


def test_the_embedded_repairer_comes_before_any_card_of_its_tier() -> None:
    own = ModelCard("aaa", "recorded")

    assert ModelRegistry([own, EMBEDDED], BudgetSettings()).decide(item(), []).order == (EMBEDDED, own)
