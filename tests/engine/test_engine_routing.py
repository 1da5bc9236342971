"""Heal asks models in the order, and as long, as the policy decides on what is stored; what is added changes it."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stations import FakeAgent, FakeClient, FakeLander, FakeProject, circumstances

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import Ask, RepairCase, Reply, Step
from dreamscape.domain.settings import HealSettings
from dreamscape.engine import AutomationEngine, Solver
from dreamscape.registry import ModelRegistry
from dreamscape.registry.cards import Catalog
from dreamscape.registry.items import facts_of, features_of, outcomes_of, worth_usd
from dreamscape.registry.policy import decide
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CARDS = tuple(
    ModelCard(name, "recorded", tier=tier, usd_per_million_in=usd, usd_per_million_out=4 * usd)
    for name, tier, usd in (("small", 1, 1.0), ("middle", 2, 20.0), ("large", 3, 90.0))
)
IMPACT = 0.5


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


class AsksOnce:
    """Asks its model one question; nothing comes of the answer."""

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        yield Ask(Prompt("?", case.fingerprint, 1))


def asked_by_heal(store: Store, run: str, usd_per_impact: float) -> list[str]:
    """The models that heal asks about the one failing test, in order."""
    asked: list[str] = []

    def proposer_of(card: ModelCard) -> AsksOnce:
        asked.append(card.name)
        return AsksOnce()

    project = FakeProject(files={"a.py": b"bad"}, tests={"t.py::a": lambda files: files["a.py"] == b"good"})
    catalog = Catalog(CARDS)
    around = circumstances(usd_per_impact)
    engine = AutomationEngine(
        FakeAgent(project),
        ModelRegistry(lambda: catalog, around),
        FakeLander(),
        store,
        Solver(proposer_of, FakeClient("no", "no", "no"), lambda candidate, item: False),
        lambda path, line: IMPACT,
        lambda: NOW,
        HealSettings(),
    )
    engine.heal(run, None, lambda plan: True)
    return asked


def decided(store: Store, usd_per_impact: float) -> list[str]:
    """What the policy says of the same item on the stored history."""
    from dreamscape.engine.queue import by_impact

    project = FakeProject(files={"a.py": b"bad"}, tests={"t.py::a": lambda files: False})
    agent = FakeAgent(project)
    (item,) = by_impact(agent.cases(agent.baseline(), agent.baseline().failures), lambda path, line: IMPACT)
    features = features_of(item, lambda path, line: {}, store.attempts())
    worth = worth_usd(IMPACT, usd_per_impact)
    route = decide(features, [facts_of(card) for card in CARDS], outcomes_of(store.attempts()), worth, math.inf)
    return [estimate.model for estimate in route.order]


def remember(store: Store, model: str, solved: bool, usd: float, items: range) -> None:
    store.start_run(f"{model}-{items}", "heal", None, NOW)
    for number in items:
        store.save_attempt(
            AttemptRecord(
                f"{model}-{items}", str(number), f"{number:016x}", FailureClass.WRONG_VALUE, model, 1, solved,
                "solved" if solved else "still_fails", 1, usd, 3.0, at=NOW, content="c", path="a.py",
                features={"numbers": {"tests": 0.69, "impact": IMPACT}, "words": {"class": "wrong_value"}},
            )
        )  # fmt: skip


@pytest.mark.parametrize("usd_per_impact", [0.001, 0.4, 4.0])
def test_order_and_stop_are_the_policys_on_the_stored_history(store: Store, usd_per_impact: float) -> None:
    remember(store, "small", False, 0.01, range(12))
    remember(store, "large", True, 0.9, range(12))
    expected = decided(store, usd_per_impact)

    assert asked_by_heal(store, "r", usd_per_impact) == expected


def test_outcomes_that_are_added_change_the_order_and_the_stop(store: Store) -> None:
    fresh = decided(store, 4.0)
    remember(store, "small", False, 0.01, range(30))
    remember(store, "middle", True, 0.1, range(30))
    learned = decided(store, 4.0)

    assert fresh[0] == "small"
    assert learned[0] == "middle"
    assert asked_by_heal(store, "r", 4.0) == learned


def test_an_item_that_is_worth_less_than_every_call_is_left_to_a_person_and_says_so(store: Store) -> None:
    assert asked_by_heal(store, "r", 0.001) == []
    assert "no further call is worth it" in store.reviews("open")[0].item.why


def test_after_those_who_are_worth_it_the_person_is_told_why_no_more_were_asked(store: Store) -> None:
    remember(store, "small", True, 0.01, range(12))

    assert asked_by_heal(store, "r", 0.4)[0] == "small"
    assert "; no further call is worth it" in store.reviews("open")[0].item.why


def test_what_was_expected_is_kept_beside_what_came_of_it(store: Store) -> None:
    asked = asked_by_heal(store, "r", 40.0)

    attempts = store.attempts()
    assert [attempt.model for attempt in attempts] == asked
    for attempt in attempts:
        chance = attempt.features["chance"]
        assert isinstance(chance, dict) and 0 < chance[attempt.model] < 1
        assert attempt.features["words"] == {"class": "wrong_value", "exception": "AssertionError"}
