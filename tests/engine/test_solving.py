"""Solver: models are tried in the decided order, and only what is chosen, proven and never turned down comes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

import pytest
from stations import EMBEDDED, FakeAgent, FakeBench, FakeClient, FakeProject, FakeProposer, whole

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.models import Answer, Decision, ModelCard, Prompt
from dreamscape.domain.ports import Proposer
from dreamscape.domain.repair import Ask, Candidate, Judge, RepairCase, Reply, Step, WorkItem
from dreamscape.engine import Solver
from dreamscape.engine.solving import Solution

GOOD, ALSO = whole("a.py", b"bad", b"good"), whole("a.py", b"bad", b"good too", weight=0.5)
WRONG, BREAKS = whole("a.py", b"bad", b"worse"), whole("a.py", b"bad", b"good but", weight=2.0)
SECOND = ModelCard("second", "recorded", tier=1)


class Asks:
    """A proposer that asks its model once for the content of a.py."""

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        answer = yield Ask(Prompt("what now?", case.fingerprint, 1))
        if isinstance(answer, Answer):
            yield Judge((whole("a.py", b"bad", answer.text.encode()),))


@pytest.fixture
def agent() -> FakeAgent:
    tests = {
        "t.py::a": lambda files: files["a.py"].startswith(b"good"),
        "t.py::held": lambda files: b"but" not in files["a.py"],
    }
    return FakeAgent(FakeProject({"a.py": b"bad"}, tests))


def solve(
    agent: FakeAgent,
    *proposers: Proposer,
    client: FakeClient | None = None,
    forbidden: Callable[[Candidate, WorkItem], bool] = lambda candidate, item: False,
    seconds: float = 60.0,
) -> Solution:
    cards = (EMBEDDED, SECOND)[: len(proposers)]
    waiting = dict(zip((card.name for card in cards), proposers, strict=True))
    solver = Solver(lambda card: waiting[card.name], client or FakeClient(), forbidden)
    (case,) = agent.cases(agent.baseline(), agent.baseline().failures)
    bench = FakeBench(agent.project, agent.base, case, agent.may_land, agent.alike)
    return solver.solve(
        WorkItem(case.id, case, 0.5), Decision(cards, "tiers in order"), bench, time.monotonic() + seconds
    )


def test_the_first_model_that_finds_a_proven_repair_ends_the_search(agent: FakeAgent) -> None:
    client = FakeClient()

    solution = solve(agent, FakeProposer([WRONG, GOOD]), Asks(), client=client)

    assert solution.proven == GOOD
    assert solution.model == "embedded"
    assert client.prompts == []
    (attempt,) = solution.attempts
    assert attempt.solved
    assert attempt.candidates == 2
    assert attempt.outcome == "solved"


def test_what_the_first_cannot_repair_goes_to_the_next(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([WRONG]), Asks(), client=FakeClient("good"))

    assert solution.proven == GOOD
    assert solution.model == "second"
    assert [(a.card.name, a.solved, a.questions, a.cost_usd) for a in solution.attempts] == [
        ("embedded", False, 0, 0.0),
        ("second", True, 1, 0.25),
    ]


def test_what_passes_the_failing_tests_and_breaks_others_is_dropped_for_the_next_best(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([BREAKS, GOOD]))

    assert solution.proven == GOOD


def test_when_all_that_passed_breaks_others_nothing_is_left(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([BREAKS]))

    assert (solution.proven, solution.choice) == (None, None)
    assert "whole suite" in solution.why


def test_rivals_go_to_a_person_with_the_best_first(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([ALSO, GOOD]))

    assert solution.proven is None
    assert solution.choice is not None
    assert (solution.choice.best, solution.choice.rivals) == (GOOD, (ALSO,))
    assert solution.model == "embedded"


def test_where_a_change_was_turned_down_another_is_proposed_and_lands_by_no_means(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([GOOD, ALSO]), forbidden=lambda candidate, item: candidate == GOOD)

    assert solution.proven is None
    assert solution.choice is not None
    assert solution.choice.best == ALSO
    assert "turned down before" in solution.why


def test_when_all_that_was_found_is_turned_down_nothing_is_proposed(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([GOOD]), forbidden=lambda candidate, item: True)

    assert (solution.proven, solution.choice, solution.turned_down) == (None, None, (GOOD,))
    assert "turned down" in solution.why


def test_what_does_the_same_as_a_change_turned_down_is_turned_down_with_it(agent: FakeAgent) -> None:
    same = whole("a.py", b"bad", b"good.", weight=0.7)
    agent.alike = frozenset({GOOD.id, same.id})

    solution = solve(agent, FakeProposer([GOOD, same]), forbidden=lambda candidate, item: candidate == GOOD)

    assert (solution.proven, solution.choice) == (None, None)
    assert "turned down" in solution.why


def test_a_model_without_an_answer_is_a_reason_not_a_crash(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([WRONG]), Asks(), client=FakeClient(CannotGoOn("nothing is recorded")))

    assert solution.proven is None
    assert "second gave no answer: nothing is recorded" in solution.why
    assert [attempt.card.name for attempt in solution.attempts] == ["embedded"], "who gave no answer was not asked"


def test_a_doubtful_find_is_kept_while_the_next_model_tries_in_vain(agent: FakeAgent) -> None:
    agent.may_land = False

    solution = solve(agent, FakeProposer([GOOD]), Asks(), client=FakeClient("worse"))

    assert solution.choice is not None
    assert solution.choice.best == GOOD
    assert solution.model == "embedded"


def test_after_the_deadline_nothing_is_tried(agent: FakeAgent) -> None:
    solution = solve(agent, FakeProposer([GOOD]), seconds=-1.0)

    assert (solution.attempts, solution.proven) == ((), None)
    assert "no time" in solution.why


def test_an_empty_decision_says_why_nobody_was_asked(agent: FakeAgent) -> None:
    (case,) = agent.cases(agent.baseline(), agent.baseline().failures)
    solver = Solver(lambda card: FakeProposer([GOOD]), FakeClient(), lambda candidate, item: False)
    bench = FakeBench(agent.project, agent.base, case, may_land=True)

    solution = solver.solve(WorkItem(case.id, case, 0.5), Decision((), "all were asked"), bench, time.monotonic() + 9)

    assert (solution.proven, solution.choice, solution.why) == (None, None, "all were asked")
