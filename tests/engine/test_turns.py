"""A search that finds nothing makes way for the others once, and goes on from where it stopped."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stations import EMBEDDED, FakeAgent, FakeClient, FakeLander, FakeModels, FakeProject, whole

from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.records import HealReport
from dreamscape.domain.repair import Ask, Candidate, ItemState, Judge, RepairCase, Reply, Step
from dreamscape.domain.settings import HealSettings
from dreamscape.engine import AutomationEngine, Solver, deadlines
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HARD = [whole("hard.py", b"bad", b"worse %d" % n) for n in range(10)] + [whole("hard.py", b"bad", b"good")]
EASY = [whole("easy.py", b"bad", b"good")]
OUTSIDE = ModelCard("outside", "api", tier=1)
IMPACT = {"hard.py": 0.9, "other.py": 0.5, "easy.py": 0.1}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "FIRST_TURN_S", 0.1)


class OneByOne:
    """Has candidates for the file of the first suspect judged one by one, and counts them; those of the hard file take
    ``seconds`` each."""

    def __init__(self, candidates: Sequence[Candidate], seconds: float = 0.03) -> None:
        self.candidates = candidates
        self.seconds = seconds
        self.judged = Counter[str]()
        self.closed = 0

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        try:
            for candidate in (each for each in self.candidates if each.paths == (case.suspects[0].path,)):
                yield Judge((candidate,))
                self.judged[candidate.id] += 1
                time.sleep(self.seconds if candidate.paths == ("hard.py",) else 0.0)
        finally:
            self.closed += 1


def failing(*names: str) -> FakeProject:
    def is_good(path: str) -> Callable[..., bool]:
        return lambda files: files[path].startswith(b"good")

    return FakeProject(
        files={f"{name}.py": b"bad" for name in names},
        tests={f"t.py::{name}": is_good(f"{name}.py") for name in names},
        suspects={f"t.py::{name}": (f"{name}.py", 1) for name in names},
    )


class AsksAbout:
    """Asks once about a case, by the path of its first suspect."""

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        yield Ask(Prompt(case.suspects[0].path, case.fingerprint, 1))


def heal(
    store: Store, agent: FakeAgent, proposer: OneByOne, client: FakeClient | None = None, **limits: float
) -> HealReport:
    engine = AutomationEngine(
        agent,
        FakeModels(EMBEDDED, OUTSIDE) if client else FakeModels(EMBEDDED),
        FakeLander(),
        store,
        Solver(
            lambda card: proposer if card == EMBEDDED else AsksAbout(),
            client or FakeClient(),
            lambda change, item: False,
        ),
        lambda path, line: IMPACT[path],
        lambda: NOW,
        HealSettings(**limits),  # type: ignore[arg-type]
    )
    return engine.heal("r", "b" * 40, lambda plan: True)


def told(report: HealReport) -> list[tuple[str, ItemState, int]]:
    return [(item.tests[0], item.state, item.attempts) for item in report.items]


def test_the_easy_one_lands_first_and_the_hard_one_goes_on_from_where_it_stopped(store: Store) -> None:
    agent, proposer = FakeAgent(failing("hard", "easy")), OneByOne([*HARD, *EASY])

    report = heal(store, agent, proposer)

    assert told(report) == [("t.py::easy", ItemState.LANDED, 1), ("t.py::hard", ItemState.LANDED, len(HARD))]
    assert agent.benches == ["t.py::hard", "t.py::easy", "t.py::hard"]
    assert set(proposer.judged.values()) == {1}, "no candidate is judged twice"
    attempts = {record.path: record for record in store.attempts()}
    assert len(store.attempts()) == 2, "two turns of one search are one attempt"
    assert attempts["hard.py"].candidates == len(HARD)
    assert report.items[1].seconds >= attempts["hard.py"].seconds >= 0.03 * len(HARD)


def test_hard_ones_go_on_in_the_order_of_impact_once_all_had_a_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "FIRST_TURN_S", 0.0)
    agent = FakeAgent(failing("easy", "other", "hard"))

    soon = [whole(path, b"bad", text) for path in ("other.py", "easy.py") for text in (b"worse", b"good")]

    report = heal(store, agent, OneByOne([*HARD, *soon]))

    names = ["t.py::hard", "t.py::other", "t.py::easy"]
    assert agent.benches == names + names
    assert [test for test, _, _ in told(report)] == names


def test_who_is_alone_is_never_put_off(store: Store) -> None:
    agent = FakeAgent(failing("hard"))

    assert told(heal(store, agent, OneByOne(HARD))) == [("t.py::hard", ItemState.LANDED, len(HARD))]
    assert agent.benches == ["t.py::hard"]


def test_what_has_found_something_goes_on_to_its_rivals(store: Store) -> None:
    agent = FakeAgent(failing("hard", "easy"))

    report = heal(store, agent, OneByOne([*reversed(HARD), *EASY]))

    assert agent.benches == ["t.py::hard", "t.py::easy"]
    assert told(report)[0] == ("t.py::hard", ItemState.LANDED, len(HARD))


def test_one_item_at_most_means_that_the_first_is_searched_to_its_end(store: Store) -> None:
    report = heal(store, FakeAgent(failing("hard", "easy")), OneByOne([*HARD, *EASY]), max_items=1)

    assert {test: state for test, state, _ in told(report)} == {
        "t.py::hard": ItemState.LANDED,
        "t.py::easy": ItemState.DEFERRED,
    }


def test_what_was_put_off_and_gets_no_time_is_deferred_with_what_it_has_tried(store: Store) -> None:
    agent, proposer = FakeAgent(failing("hard", "easy")), OneByOne([*HARD[:-1], *EASY])
    advance = agent.advance

    def late(changes: Mapping[str, bytes]) -> None:
        advance(changes)
        time.sleep(3.0)

    agent.advance = late  # type: ignore[method-assign]

    report = heal(store, agent, proposer, max_minutes=0.05)

    assert report.exit_code == 4
    (hard,) = [item for item in report.items if item.state is ItemState.DEFERRED]
    assert hard.attempts == proposer.judged.total() - 1
    assert hard.seconds >= 0.1
    assert [record.candidates for record in store.attempts() if record.path == "hard.py"] == [hard.attempts]
    assert proposer.closed == 2


def test_what_another_landing_has_changed_is_searched_from_the_beginning(store: Store) -> None:
    project = failing("hard", "easy")
    both = Candidate((*EASY[0].edits, *whole("hard.py", b"bad", b"sad").edits), "fake", 1.0, "easy and more")
    proposer = OneByOne([*HARD, whole("hard.py", b"sad", b"good")])
    own = proposer.steps

    def steps(case: RepairCase) -> Generator[Step, Reply, None]:
        fitting = [each for each in proposer.candidates if each.edits[0].end == len(case.sources["hard.py"])]
        if case.suspects[0].path == "easy.py":
            yield Judge((both,))
        elif case.sources["hard.py"] == b"sad":
            yield Judge((whole("hard.py", b"sad", b"good"),))
        elif fitting:
            yield from own(case)

    proposer.steps = steps  # type: ignore[method-assign]

    report = heal(store, FakeAgent(project), proposer)

    assert [state for _, state, _ in told(report)] == [ItemState.LANDED, ItemState.LANDED]
    hard = [record for record in store.attempts() if record.path == "hard.py"]
    assert sorted(record.solved for record in hard) == [False, True], "what was given up is an attempt of its own"
    assert proposer.closed == 1


def test_a_search_that_another_landing_made_needless_is_given_up(store: Store) -> None:
    project = failing("hard", "easy")
    project.tests["t.py::hard"] = project.tests["t.py::easy"]
    proposer = OneByOne([*HARD, *EASY])

    report = heal(store, FakeAgent(project), proposer)

    assert {state for _, state, _ in told(report)} == {ItemState.LANDED}
    assert proposer.closed == 2
    assert len(store.attempts()) == 2


def test_models_outside_are_asked_in_the_order_of_impact_whoever_was_done_here_first(store: Store) -> None:
    client = FakeClient("no", "no")

    report = heal(store, FakeAgent(failing("hard", "easy")), OneByOne(HARD[:-1]), client)

    assert [prompt.text for prompt in client.prompts] == ["hard.py", "easy.py"]
    assert [test for test, _, _ in told(report)] == ["t.py::hard", "t.py::easy"]
    assert [item.attempts for item in report.items] == [len(HARD) - 1, 0]


def test_an_interrupt_keeps_what_was_tried_before_the_search_was_put_off(store: Store) -> None:
    agent, proposer = FakeAgent(failing("hard", "easy")), OneByOne([*HARD, *EASY])

    def interrupted(changes: Mapping[str, bytes]) -> None:
        raise KeyboardInterrupt

    agent.advance = interrupted  # type: ignore[method-assign]

    with pytest.raises(KeyboardInterrupt):
        heal(store, agent, proposer)

    (hard,) = [record for record in store.attempts() if record.path == "hard.py"]
    assert (hard.solved, hard.candidates) == (False, proposer.judged.total() - 1)
