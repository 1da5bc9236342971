"""Models outside are asked about several items at once; what comes of it is as if they had been asked in turn."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slow_client import PATIENCE_S, PRICE_USD, WEB, Asks, SlowClient, asked_about, bugs, impact_by_name
from stations import EMBEDDED, FakeAgent, FakeLander, FakeModels, FakeProject, FakeProposer, circumstances

from dreamscape.domain.errors import BudgetSpent, CannotGoOn, DiskFull
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.ports import Proposer
from dreamscape.domain.records import HealReport
from dreamscape.domain.repair import ItemState, RepairCase
from dreamscape.domain.runs import TestRun
from dreamscape.domain.settings import HealSettings
from dreamscape.engine import AutomationEngine, Solver
from dreamscape.registry import ModelRegistry
from dreamscape.registry.cards import Catalog
from dreamscape.store import Store, open_store

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


def registry(*cards: ModelCard, only: str = "") -> ModelRegistry:
    catalog = Catalog(cards)
    return ModelRegistry(lambda: catalog, circumstances(calls_per_day=99), only)


def heal(
    store: Store,
    agent: FakeAgent,
    client: SlowClient,
    *,
    asks: Proposer | None = None,
    lander: FakeLander | None = None,
    settings: HealSettings | None = None,
    look_closer: Callable[[str], tuple[str, ...]] = lambda path: (),
    only: str = "",
) -> HealReport:
    def proposer_of(card: ModelCard) -> Proposer:
        return (asks or Asks()) if card.is_outside else FakeProposer(())

    engine = AutomationEngine(
        agent,
        registry(EMBEDDED, WEB, only=only),
        lander or FakeLander(),
        store,
        Solver(proposer_of, client, lambda candidate, item: False),
        impact_by_name(NAMES),
        lambda: datetime(2026, 1, 2, tzinfo=UTC),
        settings or HealSettings(),
        look_closer,
    )
    return engine.heal("r", "b" * 40, lambda plan: True)


def meeting(number: int) -> Callable[[Prompt], str]:
    """Says "good" once so many prompts are under way together; nobody waits who is asked a second time."""
    barrier = threading.Barrier(number)

    def say(prompt: Prompt) -> str:
        barrier.wait(PATIENCE_S)
        return "good"

    return say


def landed_files(lander: FakeLander) -> list[str]:
    return [path for commit in lander.commits for path in commit]


def states(report: HealReport) -> dict[str, ItemState]:
    return {test.removeprefix("t.py::"): item.state for item in report.items for test in item.tests}


def why(report: HealReport, name: str) -> str:
    return next(item.why for item in report.items if f"t.py::{name}" in item.tests)


def test_four_items_are_asked_about_at_once_and_land_in_the_order_of_impact(store: Store) -> None:
    client, lander, agent = SlowClient(meeting(4)), FakeLander(), FakeAgent(bugs(*NAMES))

    report = heal(store, agent, client, lander=lander)

    assert report.exit_code == 0
    assert client.most_under_way == 4
    assert landed_files(lander) == ["a.py", "b.py", "c.py", "d.py"]
    assert [item.tests for item in report.items] == [(f"t.py::{name}",) for name in NAMES]
    assert agent.benches[:4] == [f"t.py::{name}" for name in NAMES], "models here come first"
    assert [item.cost_usd for item in report.items] == [PRICE_USD] * 4
    assert report.cost_usd == 4 * PRICE_USD
    assert not client.is_closed.is_set(), "who made the client ends it"


def test_no_more_are_asked_about_at_once_than_the_client_serves(store: Store) -> None:
    client = SlowClient(meeting(2), at_once=2)

    report = heal(store, FakeAgent(bugs(*NAMES)), client)

    assert set(states(report).values()) == {ItemState.LANDED}
    assert (client.most_under_way, len(client.prompts)) == (2, 4)
    assert [asked_about(prompt) for prompt in client.prompts[2:]] in (["c", "d"], ["d", "c"])


def test_who_answers_last_lands_first_where_it_weighs_most(store: Store) -> None:
    others = threading.Barrier(4)

    def say(prompt: Prompt) -> str:
        others.wait(PATIENCE_S)
        while asked_about(prompt) == "a" and client.answered < 3:
            time.sleep(0.001)
        return "good"

    client, lander = SlowClient(say), FakeLander()

    heal(store, FakeAgent(bugs(*NAMES)), client, lander=lander)

    assert landed_files(lander) == ["a.py", "b.py", "c.py", "d.py"]


def test_a_free_place_is_taken_while_the_first_is_still_waited_for(store: Store) -> None:
    def say(prompt: Prompt) -> str:
        while asked_about(prompt) == "a" and client.answered < 3:
            time.sleep(0.001)
        return "good"

    client = SlowClient(say, at_once=2)

    report = heal(store, FakeAgent(bugs(*NAMES)), client)

    assert set(states(report).values()) == {ItemState.LANDED}


def two_places() -> FakeProject:
    """Two bugs in one file, in different lines."""
    return FakeProject(
        files={"a.py": b"one = bad\n\n\ntwo = bad\n"},
        tests={"t.py::a": lambda files: b"one = ok" in files["a.py"], "t.py::b": lambda f: b"two = ok" in f["a.py"]},
        suspects={"t.py::a": ("a.py", 1), "t.py::b": ("a.py", 4)},
    )


def test_two_repairs_of_one_file_in_different_places_both_land(store: Store) -> None:
    meet = meeting(2)

    def say(prompt: Prompt) -> str:
        meet(prompt)
        name = "one" if "t.py::a" in prompt.text else "two"
        return two_places().files["a.py"].decode().replace(f"{name} = bad", f"{name} = ok, now")

    client, agent = SlowClient(say), FakeAgent(two_places())

    report = heal(store, agent, client)

    assert set(states(report).values()) == {ItemState.LANDED}
    assert agent.base["a.py"] == b"one = ok, now\n\n\ntwo = ok, now\n"
    assert len(client.prompts) == 2
    assert len(agent.benches) == 5, "two here, two outside, and the later one is proven anew"


@pytest.mark.parametrize("shows_the_file", [True, False])
def test_what_no_longer_fits_is_asked_about_again_only_where_the_question_is_another(
    store: Store, shows_the_file: bool
) -> None:
    project = two_places()
    project.files["a.py"] = b"bad"
    project.tests = {"t.py::a": lambda files: b"1" in files["a.py"], "t.py::b": lambda files: b"2" in files["a.py"]}
    meet = meeting(2)

    def say(prompt: Prompt) -> str:
        if prompt.text.endswith(("bad", "1 ")):
            meet(prompt)
        return "1" if "t.py::a" in prompt.text else "12" if prompt.text.endswith("1 1") else "2"

    client, agent, lander = SlowClient(say), FakeAgent(project), FakeLander()

    report = heal(store, agent, client, lander=lander, asks=Asks(shows_the_file=shows_the_file))

    assert landed_files(lander) == ["a.py"] * (2 if shows_the_file else 1)
    assert len(client.prompts) == len({prompt.text for prompt in client.prompts}) == (3 if shows_the_file else 2)
    assert report.cost_usd == sum(item.cost_usd for item in report.items) == PRICE_USD * len(client.prompts)
    if not shows_the_file:
        last = report.items[-1]
        assert last.state is ItemState.UNSOLVED
        assert "same question" in last.why


def test_what_breaks_what_has_landed_meanwhile_does_not_land(store: Store) -> None:
    project = bugs("a", "b")
    project.tests["t.py::a"] = lambda files: files["a.py"] == b"good" and files["b.py"] != b"good for b alone"
    project.tests["t.py::b"] = lambda files: files["b.py"].startswith(b"good")
    meet, lander = meeting(2), FakeLander()

    def say(prompt: Prompt) -> str:
        meet(prompt)
        return "good for b alone" if asked_about(prompt) == "b" else "good"

    client = SlowClient(say)

    report = heal(store, FakeAgent(project), client, lander=lander)

    assert states(report) == {"a": ItemState.LANDED, "b": ItemState.UNSOLVED}
    assert landed_files(lander) == ["a.py"]
    assert len(client.prompts) == 2, "the same question is not asked again"
    assert report.exit_code == 1


def test_what_another_landing_repairs_is_asked_about_no_further_and_its_cost_is_told_once(store: Store) -> None:
    project = bugs("a", "b")
    project.tests["t.py::b"] = lambda files: files["a.py"] == b"good"
    meet, looked = meeting(2), threading.Event()

    class Agent(FakeAgent):
        def failing(self, tests: Sequence[str], changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
            looked.set()
            return super().failing(tests, changes)

        def cases(self, *how: Any) -> Any:
            assert not looked.is_set(), "nothing is left to make a case of"
            return super().cases(*how)

        def final(self) -> TestRun:
            assert client.under_way == 0
            return super().final()

    def say(prompt: Prompt) -> str:
        meet(prompt)
        if asked_about(prompt) == "b":
            looked.wait(PATIENCE_S)
            time.sleep(0.1)  # that it is told can only be seen by the question that does not follow
        return "good"

    client = SlowClient(say)
    report = heal(store, Agent(project), client, asks=Asks(attempts=3))

    assert states(report) == {"a": ItemState.LANDED, "b": ItemState.LANDED}
    assert "repaired it, too" in why(report, "b")
    assert len(client.prompts) == 2
    assert [item.cost_usd for item in report.items] == [PRICE_USD, PRICE_USD]


def test_what_still_waits_is_seen_on_the_new_base(store: Store) -> None:
    project = bugs(*NAMES)
    project.tests["t.py::d"] = lambda files: files["a.py"] == b"good"
    client, lander = SlowClient(lambda prompt: "good", at_once=1), FakeLander()

    report = heal(store, FakeAgent(project), client, lander=lander)

    assert set(states(report).values()) == {ItemState.LANDED}
    assert [asked_about(prompt) for prompt in client.prompts] == ["a", "b", "c"], "d was repaired with a"


def test_a_spent_budget_ends_all_asking_and_says_so(store: Store) -> None:
    def say(prompt: Prompt) -> str:
        if asked_about(prompt) == "b":
            spent = BudgetSpent("calls made today: 1, allowed: 1")
            spent.is_for_all = True
            raise spent
        return "good"

    client = SlowClient(say, at_once=1)

    report = heal(store, FakeAgent(bugs(*NAMES)), client, asks=Asks(attempts=3))

    assert states(report) == {"a": ItemState.LANDED} | dict.fromkeys("bcd", ItemState.UNSOLVED)
    assert [asked_about(prompt) for prompt in client.prompts] == ["a", "b"]
    for name in "bcd":
        assert "calls made today: 1" in why(report, name)
    assert "no model outside is asked any more" in why(report, "c")
    assert report.exit_code == 4


def test_one_items_trouble_is_not_the_others(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    class Agent(FakeAgent):
        def bench(self, case: RepairCase) -> Any:
            if case.tests == ("t.py::c",) and client.prompts:
                raise CannotGoOn("the candidate server did not start")
            return super().bench(case)

    def say(prompt: Prompt) -> str:
        if asked_about(prompt) != "d":
            return "good"
        raise KeyError("nobody thought of it")

    client = SlowClient(say, at_once=1)
    report = heal(store, Agent(bugs(*NAMES)), client)

    assert states(report) == {
        "a": ItemState.LANDED,
        "b": ItemState.LANDED,
        "c": ItemState.UNSOLVED,
        "d": ItemState.UNSOLVED,
    }
    assert "the candidate server did not start" in why(report, "c")
    assert "a bug in dreamscape: KeyError" in why(report, "d")
    assert "nobody thought of it" in caplog.text


def test_a_full_disk_ends_the_run_though_it_was_met_beside(store: Store) -> None:
    class Agent(FakeAgent):
        def bench(self, case: RepairCase) -> Any:
            if self.benches[3:] and case.tests == ("t.py::a",):
                while client.under_way < 3:
                    time.sleep(0.001)
                raise DiskFull("no space is left for the sandbox")
            return super().bench(case)

    client = SlowClient(lambda prompt: client.stream_for_ever())

    with pytest.raises(DiskFull):
        heal(store, Agent(bugs(*NAMES)), client)

    assert client.is_closed.is_set()


def threads_left() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def test_an_interrupt_while_four_answers_stream_ends_them_and_saves_what_was_answered(store: Store) -> None:
    barrier = threading.Barrier(4)

    def say(prompt: Prompt) -> str:
        if asked_about(prompt) == "a":
            return "wrong" if prompt.attempt == 1 else interrupt()
        barrier.wait(PATIENCE_S)
        return client.stream_for_ever()

    def interrupt() -> str:
        barrier.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGINT)
        return client.stream_for_ever()

    client, before, began = SlowClient(say), threads_left(), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        heal(store, FakeAgent(bugs(*NAMES)), client, asks=Asks(attempts=3))
    assert time.monotonic() - began < PATIENCE_S / 2

    run = store.run("r")
    assert run is not None
    assert run.exit_code == 130
    assert threads_left() == before
    answered = [attempt for attempt in store.attempts() if attempt.model == "web"]
    assert [(attempt.solved, attempt.cost_usd) for attempt in answered] == [(False, PRICE_USD)]
    assert run.cost_usd == PRICE_USD


def test_what_landed_before_an_interrupt_stays(store: Store) -> None:
    lander = FakeLander()

    def say(prompt: Prompt) -> str:
        if asked_about(prompt) in "ab":
            return "good"
        if asked_about(prompt) == "d":
            while len(lander.commits) < 2:
                time.sleep(0.001)
            os.kill(os.getpid(), signal.SIGINT)
        return client.stream_for_ever()

    client = SlowClient(say)
    with pytest.raises(KeyboardInterrupt):
        heal(store, FakeAgent(bugs(*NAMES)), client, lander=lander)

    run = store.run("r")
    assert run is not None
    assert [item.tests for item in run.items] == [("t.py::a",), ("t.py::b",)]
    assert len(store.landings("r")) == 2
    assert run.cost_usd == 2 * PRICE_USD


def test_when_the_runs_time_is_over_answers_that_still_stream_are_ended(store: Store) -> None:
    client, before = SlowClient(lambda prompt: client.stream_for_ever(), at_once=2), threads_left()

    report = heal(store, FakeAgent(bugs(*NAMES)), client, settings=HealSettings(max_minutes=1.5 / 60))

    assert [(item.state, item.why) for item in report.items] == [(ItemState.DEFERRED, "the run's time was over")] * 4
    assert report.exit_code == 4
    assert threads_left() == before
    assert store.reviews() == ()


def test_what_was_asked_about_in_vain_is_unsolved_however_short_the_run_may_be(store: Store) -> None:
    client = SlowClient(lambda prompt: "wrong")

    report = heal(store, FakeAgent(bugs(*NAMES)), client, settings=HealSettings(max_minutes=5.0, item_minutes=60.0))

    assert set(states(report).values()) == {ItemState.UNSOLVED}
    assert len(client.prompts) == 4
    assert report.cost_usd == 4 * PRICE_USD


def test_where_landing_changes_the_tree_nothing_runs_meanwhile(store: Store) -> None:
    class Lander(FakeLander):
        def land(self, *how: Any) -> Any:
            assert client.under_way == 0
            assert not [name for name in threads_left() if name not in before]
            return super().land(*how)

    client, lander, before = SlowClient(meeting(2), at_once=2), Lander("commit"), threads_left()
    report = heal(store, FakeAgent(bugs(*NAMES)), client, lander=lander)

    assert set(states(report).values()) == {ItemState.LANDED}
    assert landed_files(lander) == ["a.py", "b.py", "c.py", "d.py"]


def test_an_item_nobody_could_repair_is_taken_apart_and_its_parts_are_asked_about(store: Store) -> None:
    project = bugs("a", "b")
    project.together = (("t.py::a", "t.py::b"),)
    client = SlowClient(lambda prompt: "good")

    report = heal(store, FakeAgent(project), client)

    assert states(report) == {"a": ItemState.LANDED, "b": ItemState.LANDED}
    assert sum(item.cost_usd for item in report.items) == report.cost_usd == PRICE_USD * len(client.prompts)


def test_what_was_asked_about_an_item_before_it_was_taken_apart_is_told_and_counted(store: Store) -> None:
    project = bugs("a", "b")
    project.together = (("t.py::a", "t.py::b"),)
    client = SlowClient(lambda prompt: f"wrong {len(prompt.text)}")

    report = heal(store, FakeAgent(project), client, asks=Asks(attempts=2))

    first, second = report.items
    assert report.answers == len(client.prompts) == 6
    assert (first.attempts, second.attempts) == (4, 2)
    assert first.why.count("asked 2 times") == 2
    assert "for 2 tests together" in first.why
    assert (first.cost_usd, second.cost_usd) == (4 * PRICE_USD, 2 * PRICE_USD)
    assert report.cost_usd == 6 * PRICE_USD
    run = store.run("r")
    assert run is not None
    assert [item.attempts for item in run.items] == [4, 2]


def test_a_doubtful_repair_waits_for_a_person_as_a_change_of_what_has_landed(store: Store) -> None:
    meet = meeting(2)

    class Agent(FakeAgent):
        def bench(self, case: RepairCase) -> Any:
            self.may_land = case.tests == ("t.py::a",)
            return super().bench(case)

    def say(prompt: Prompt) -> str:
        meet(prompt)
        name = "one" if "t.py::a" in prompt.text else "two"
        return two_places().files["a.py"].decode().replace(f"{name} = bad", f"{name} = ok")

    report = heal(store, Agent(two_places()), SlowClient(say))

    waiting = report.items[-1]
    assert waiting.state is ItemState.REVIEW
    assert "-two = bad" in waiting.diff
    assert " one = ok" in waiting.diff


def test_a_module_that_models_here_failed_at_twice_is_looked_at_closer_before_money_is_spent(store: Store) -> None:
    seen: list[tuple[str, ...]] = []

    class Sees(Asks):
        def steps(self, case: RepairCase) -> Any:
            seen.append(case.signals)
            return super().steps(case)

    def closer(path: str) -> tuple[str, ...]:
        return (f"{path} is deep",)

    report = heal(store, FakeAgent(two_places()), SlowClient(lambda prompt: "bad"), asks=Sees(), look_closer=closer)

    assert seen == [("a.py is deep",)] * 2
    assert [item.signals for item in report.items] == [("a.py is deep",)] * 2


def test_modules_that_failed_once_are_not_looked_at_closer(store: Store) -> None:
    looked: list[str] = []

    def closer(path: str) -> tuple[str, ...]:
        looked.append(path)
        return ()

    heal(store, FakeAgent(bugs("a", "b")), SlowClient(lambda prompt: "bad"), look_closer=closer)

    assert looked == []


def test_each_line_of_progress_names_its_item(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    client = SlowClient(meeting(4))
    with caplog.at_level("INFO", "dreamscape"):
        heal(store, FakeAgent(bugs(*NAMES)), client)

    assert "asking models outside about 4 cases, up to 4 at once" in caplog.messages
    assert sorted(prompt.about for prompt in client.prompts) == [f"  {name}.py, t.py::{name}: " for name in NAMES]
    for name in NAMES:
        assert f"  {name}.py, t.py::{name}: proving what passes: the whole suite, twice" in caplog.messages


def test_each_question_that_costs_something_has_its_reason_also_where_one_model_alone_is_wanted(
    store: Store,
) -> None:
    client = SlowClient(lambda prompt: "bad")
    heal(store, FakeAgent(bugs("a", "b")), client, asks=Asks(2), only="web")

    told = [(asked_about(prompt), prompt.why) for prompt in client.prompts]
    assert sorted(told) == [(name, "only web is wanted") for name in "aabb"]


def test_models_here_are_never_asked_beside_each_other(store: Store) -> None:
    client = SlowClient(lambda prompt: "good")
    engine = AutomationEngine(
        FakeAgent(bugs(*NAMES)),
        FakeModels(EMBEDDED, ModelCard("kept", "recorded", tier=1)),
        FakeLander(),
        store,
        Solver(lambda card: FakeProposer(()) if card.name == "embedded" else Asks(), client, lambda c, i: False),
        impact_by_name(NAMES),
        lambda: datetime(2026, 1, 2, tzinfo=UTC),
        HealSettings(),
    )

    report = engine.heal("r", "b" * 40, lambda plan: True)

    assert set(states(report).values()) == {ItemState.LANDED}
    assert client.most_under_way == 1
