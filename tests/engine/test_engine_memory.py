"""What is remembered of models: no question is asked twice, known repairs come first, failures are told on."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stations import FakeAgent, FakeClient, FakeLander, FakeProject, FakeProposer, circumstances

from dreamscape.domain.lessons import Flaw, Lesson
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.ports import Proposer
from dreamscape.domain.records import HealReport
from dreamscape.domain.repair import Ask, ItemState, Learn, RepairCase, Reply, Step
from dreamscape.domain.settings import HealSettings
from dreamscape.engine import AutomationEngine, Solver
from dreamscape.registry import ModelRegistry
from dreamscape.registry.cards import Catalog
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EMBEDDED = ModelCard("embedded", "embedded")
WEAK, STRONG = ModelCard("weak", "api", tier=1), ModelCard("strong", "api", tier=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


class AsksInVain:
    """Asks one question, which shows the first file, and learns from the answer; keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[RepairCase] = []

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        self.told.append(case)
        answer = yield Ask(Prompt(f"repair {case.sources}", case.fingerprint, 1))
        if answer is not None:
            yield Learn(Lesson("it", Flaw.SAME_FAILURE, "it fails as before", "- bad\n+ worse"))


def project(source: bytes = b"bad", test: str = "t.py::a") -> FakeProject:
    return FakeProject(files={"a.py": source}, tests={test: lambda files: files["a.py"] == b"good"})


def heal(
    store: Store,
    client: FakeClient,
    asks: AsksInVain,
    cards: Sequence[ModelCard],
    run: str,
    source: bytes = b"bad",
    test: str = "t.py::a",
) -> HealReport:
    def proposer_of(card: ModelCard) -> Proposer:
        return asks if card.is_outside else FakeProposer(())

    catalog = Catalog((EMBEDDED, *cards))
    engine = AutomationEngine(
        FakeAgent(project(source, test)),
        ModelRegistry(lambda: catalog, circumstances(calls_per_day=99)),
        FakeLander(),
        store,
        Solver(proposer_of, client, lambda candidate, item: False),
        lambda path, line: 0.5,
        lambda: NOW,
        HealSettings(),
        lambda path: (f"{path} breaks often",),
    )
    return engine.heal(run, "b" * 40, lambda plan: True)


def test_a_later_model_and_the_person_are_told_what_the_others_tried(store: Store) -> None:
    asks, client = AsksInVain(), FakeClient("no", "no")

    report = heal(store, client, asks, (WEAK, STRONG), "r")

    assert [len(case.tried) for case in asks.told] == [0, 1]
    (item,) = report.items
    assert item.state is ItemState.UNSOLVED
    assert item.tried == ("it: it fails as before\n- bad\n+ worse",) * 2
    assert store.reviews("open")[0].item.tried == item.tried


def test_no_model_is_asked_the_same_question_in_another_run(store: Store) -> None:
    asks, client = AsksInVain(), FakeClient("no", "no", "no")
    heal(store, client, asks, (WEAK,), "r1")

    again = heal(store, client, asks, (WEAK,), "r2")
    assert len(client.prompts) == 1
    assert again.items[0].state is ItemState.UNSOLVED

    heal(store, client, asks, (WEAK,), "r3", source=b"worse")
    assert len(client.prompts) == 2, "of other code it is another question"

    heal(store, client, asks, (WEAK, STRONG), "r4")
    assert len(client.prompts) == 3, "and another model may be asked"


def test_a_question_is_known_again_where_another_failure_would_ask_the_same(store: Store) -> None:
    asks, client = AsksInVain(), FakeClient("no", "no")
    one = heal(store, client, asks, (WEAK,), "r1").items[0]
    other = heal(store, client, asks, (WEAK,), "r2", test="t.py::b").items[0]

    assert one.fingerprint != other.fingerprint
    assert len(client.prompts) == 1
    assert "weak has answered the same question before" in other.why


def test_the_question_itself_is_known_again_where_only_other_files_changed(store: Store) -> None:
    asks, client = AsksInVain(), FakeClient("no")
    heal(store, client, asks, (WEAK,), "r1")
    attempts = [attempt for attempt in store.attempts() if attempt.model == "weak"]

    assert [len(attempt.questions) for attempt in attempts] == [1]
    assert attempts[0].path == "a.py" and attempts[0].content


def test_what_the_repairer_here_came_to_is_known_when_it_is_decided_who_outside_is_asked(store: Store) -> None:
    heal(store, FakeClient("no"), AsksInVain(), (WEAK,), "r1")

    here, outside = store.attempts()
    assert (here.model, outside.model) == ("embedded", "weak")
    for attempt, known in ((here, None), (outside, here.outcome)):
        words = attempt.features["words"]
        assert isinstance(words, dict) and words.get("repairer") == known


def test_a_module_whose_repair_fails_repeatedly_is_looked_at_more_closely(store: Store) -> None:
    asks, client = AsksInVain(), FakeClient("no", "no", "no")
    for run, source in (("r1", b"one"), ("r2", b"two")):
        heal(store, client, asks, (WEAK,), run, source)

    report = heal(store, client, asks, (WEAK,), "r3", b"three")

    seen = ("a.py breaks often",)
    assert [case.signals for case in asks.told] == [(), seen, seen], "the repairer here failed at the second one, too"
    assert report.items[0].signals == seen
