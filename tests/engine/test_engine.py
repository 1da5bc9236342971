"""AutomationEngine: what is failing is seen through in order of impact, and the account of it is true."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stations import FakeAgent, FakeClient, FakeLander, FakeModels, FakeProject, FakeProposer, whole

from dreamscape.domain.errors import CannotGoOn, DiskFull, NoTests, TimeSpent
from dreamscape.domain.events import EventKind
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.records import HealReport, Plan
from dreamscape.domain.repair import Candidate, ItemState, Landing, Triage, WorkItem
from dreamscape.domain.runs import Outcome, RunEnd, Tally, TestResult, TestRun
from dreamscape.domain.settings import HealSettings
from dreamscape.engine import AutomationEngine, Solver
from dreamscape.engine.landing import HeadMoved
from dreamscape.store import Store, open_store

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
A, B = whole("a.py", b"bad", b"good"), whole("b.py", b"bad", b"good")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "memory.db") as opened:
        yield opened


def is_good(path: str) -> Callable[..., bool]:
    return lambda files: files[path] == b"good"


def two_bugs(**more: object) -> FakeProject:
    return FakeProject(
        files={"a.py": b"bad", "b.py": b"bad"},
        tests={"t.py::a": is_good("a.py"), "t.py::b": is_good("b.py"), "t.py::c": lambda files: True},
        suspects={"t.py::a": ("a.py", 1), "t.py::b": ("b.py", 1)},
        **more,  # type: ignore[arg-type]
    )


def heal(
    store: Store,
    agent: FakeAgent,
    candidates: Sequence[Candidate] = (A, B),
    *,
    lander: FakeLander | None = None,
    settings: HealSettings | None = None,
    approve: Callable[[Plan], bool] = lambda plan: True,
    before: Callable[[], None] = lambda: None,
    impact: Callable[[str, int], float] = lambda path, line: {"a.py": 0.2, "b.py": 0.9}[path],
    run: str = "r",
    forbidden: Callable[[Candidate, WorkItem], bool] = lambda candidate, item: False,
    began: float | None = None,
) -> HealReport:
    engine = AutomationEngine(
        agent,
        FakeModels(),
        lander or FakeLander(),
        store,
        Solver(lambda card: FakeProposer(candidates, before), FakeClient(), forbidden),
        impact,
        lambda: NOW,
        settings or HealSettings(),
    )
    return engine.heal(run, "b" * 40, approve, began=began)


def states(report: HealReport) -> dict[str, ItemState]:
    return {test: item.state for item in report.items for test in item.tests}


def test_a_healthy_project_is_left_alone(store: Store) -> None:
    report = heal(store, FakeAgent(FakeProject({"a.py": b"good"}, {"t.py::a": is_good("a.py")})))

    assert (report.exit_code, report.items) == (0, ())
    assert report.baseline == report.final == Tally(1, 0, 0)


def test_a_project_without_tests_cannot_be_healed(store: Store) -> None:
    with pytest.raises(NoTests):
        heal(store, FakeAgent(FakeProject({"a.py": b"good"}, {})))

    (run,) = store.runs()
    assert run.exit_code == 3


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (
            TestRun((), (), RunEnd.EXITED, 4, 0.1, output_tail="usage:\npytest: error: no --such\n  inifile: x\n"),
            "no --such",
        ),
        (TestRun((), (), RunEnd.MEMORY, None, 0.1), "memory"),
        (
            TestRun(
                (TestResult("conftest.py", Outcome.ERROR),),
                (Failure("conftest.py", "collect", "pytest.UsageError", "no plugin such"),),
                RunEnd.EXITED,
                4,
                0.1,
            ),
            "no plugin such",
        ),
    ],
    ids=["pytest does not start", "the process dies", "the collection fails outside of the project"],
)
def test_a_suite_that_cannot_run_is_said_and_never_taken_for_a_case(store: Store, run: TestRun, said: str) -> None:
    agent = FakeAgent(two_bugs())
    agent.baseline = lambda: run  # type: ignore[method-assign]

    with pytest.raises(CannotGoOn, match=said):
        heal(store, agent)

    assert agent.benches == []


def test_what_is_repaired_lands_in_the_order_of_impact_and_the_final_run_is_a_run(store: Store) -> None:
    agent, lander = FakeAgent(two_bugs()), FakeLander()

    report = heal(store, agent, lander=lander)

    assert report.exit_code == 0
    assert agent.benches == ["t.py::b", "t.py::a"]
    assert lander.commits == [{"b.py": b"good"}, {"a.py": b"good"}]
    assert report.final == Tally(3, 0, 0)
    assert report.branch == "dreamscape/heal-r"
    assert [landing.item for landing in store.landings("r")] == [item.id for item in report.items]
    assert store.run("r") is not None
    kinds = [event.kind for event in store.events()]
    assert kinds[0] is EventKind.RUN_STARTED
    assert kinds[-1] is EventKind.RUN_ENDED
    assert kinds.count(EventKind.ITEM_LANDED) == 2


def test_with_room_for_one_the_one_of_higher_impact_is_taken(store: Store) -> None:
    report = heal(store, FakeAgent(two_bugs()), settings=HealSettings(max_items=1))

    assert states(report) == {"t.py::b": ItemState.LANDED, "t.py::a": ItemState.DEFERRED}
    assert report.exit_code == 1


def test_without_time_everything_is_deferred(store: Store) -> None:
    agent = FakeAgent(two_bugs())

    report = heal(store, agent, settings=HealSettings(max_minutes=0.0))

    assert set(states(report).values()) == {ItemState.DEFERRED}
    assert report.exit_code == 4
    assert report.final is None, "what was not run anew is not told as if it had been"
    assert agent.runs == 1, "there is no time for a second run of the suite either"


def test_when_time_runs_out_what_landed_stays_and_the_rest_is_deferred(store: Store) -> None:
    agent, takes = FakeAgent(two_bugs()), iter((0.1, 3.0))

    report = heal(store, agent, settings=HealSettings(max_minutes=0.05), before=lambda: time.sleep(next(takes)))

    assert states(report) == {"t.py::b": ItemState.LANDED, "t.py::a": ItemState.DEFERRED}
    assert report.exit_code == 4
    assert report.final == Tally(2, 1, 0)
    assert store.reviews() == (), "what was cut short is no question for a person"


def test_an_item_that_used_up_its_share_gets_what_the_others_leave(store: Store) -> None:
    agent, takes = FakeAgent(two_bugs()), iter((2.0, 0.0, 0.0))

    report = heal(store, agent, settings=HealSettings(max_minutes=0.1), before=lambda: time.sleep(next(takes)))

    assert states(report) == {"t.py::b": ItemState.LANDED, "t.py::a": ItemState.LANDED}
    assert report.exit_code == 0


def test_a_suite_that_does_not_come_to_its_end_is_said(store: Store) -> None:
    agent = FakeAgent(two_bugs())
    whole = agent.baseline
    agent.baseline = lambda: replace(whole(), end=RunEnd.TIMEOUT)  # type: ignore[method-assign]

    report = heal(store, agent)

    assert any("did not come to its end" in note for note in report.notes)


def test_a_no_changes_nothing(store: Store) -> None:
    lander, seen = FakeLander(), []

    report = heal(store, FakeAgent(two_bugs()), lander=lander, approve=lambda plan: bool(seen.append(plan)))

    assert (report.exit_code, lander.commits) == (1, [])
    assert {item.state for item in report.items} == {ItemState.SKIPPED}
    assert [item.case.tests for item in seen[0].items] == [("t.py::b",), ("t.py::a",)]


def test_what_passes_alone_is_told_and_never_repaired(store: Store) -> None:
    project = FakeProject({"a.py": b"good"}, {"t.py::a": is_good("a.py")}, flaky=frozenset({"t.py::a"}))

    report = heal(store, FakeAgent(project))

    assert states(report) == {"t.py::a": ItemState.FLAKY}
    assert report.exit_code == 1


def test_what_no_code_can_repair_is_skipped_with_the_reason(store: Store) -> None:
    agent = FakeAgent(two_bugs(classes={"t.py::a": FailureClass.MISSING_DEPENDENCY}))

    report = heal(store, agent)

    assert states(report) == {"t.py::b": ItemState.LANDED, "t.py::a": ItemState.SKIPPED}
    assert "neither installed" in next(item.why for item in report.items if item.state is ItemState.SKIPPED)
    assert report.exit_code == 1


def test_an_item_nobody_could_repair_is_taken_apart(store: Store) -> None:
    project = two_bugs(together=(("t.py::a", "t.py::b"),))

    report = heal(store, FakeAgent(project))

    assert states(report) == {"t.py::a": ItemState.LANDED, "t.py::b": ItemState.LANDED}
    assert report.exit_code == 0


def test_a_change_that_repairs_two_items_lands_once(store: Store) -> None:
    project = two_bugs()
    project.tests["t.py::a"] = is_good("b.py")
    lander = FakeLander()

    report = heal(store, FakeAgent(project), lander=lander)

    assert states(report) == {"t.py::a": ItemState.LANDED, "t.py::b": ItemState.LANDED}
    assert len(lander.commits) == 1
    assert len({item.commit for item in report.items}) == 1


def test_every_failing_test_is_accounted_for_when_a_landing_repairs_half_of_another_item(store: Store) -> None:
    project = two_bugs(together=(("t.py::a", "t.py::d"),))
    project.tests["t.py::d"] = is_good("b.py")

    report = heal(store, FakeAgent(project))

    assert states(report) == dict.fromkeys(("t.py::a", "t.py::b", "t.py::d"), ItemState.LANDED)


def test_what_an_unmerged_branch_repairs_is_not_repaired_again(store: Store) -> None:
    agent, lander = FakeAgent(two_bugs()), FakeLander()
    lander.waiting = (("dreamscape/heal-old", {"b.py": b"good"}),)

    report = heal(store, agent, lander=lander)

    assert states(report) == {"t.py::b": ItemState.AWAITING_MERGE, "t.py::a": ItemState.LANDED}
    assert agent.benches == ["t.py::a"]
    assert report.exit_code == 1


def test_a_doubtful_repair_waits_for_a_person_once(store: Store) -> None:
    for night in ("r1", "r2"):
        report = heal(store, FakeAgent(two_bugs(), may_land=False), run=night)

        assert set(states(report).values()) == {ItemState.REVIEW}
        assert report.exit_code == 1
        assert report.branch is None

    assert len(store.reviews("open")) == 2


def test_a_case_waits_in_one_review_whatever_is_proposed_for_it(store: Store) -> None:
    for night, found in (("r1", (B,)), ("r2", (whole("b.py", b"bad", b"good "),)), ("r3", ())):
        project = two_bugs()
        project.tests["t.py::b"] = lambda files: files["b.py"].strip() == b"good"
        report = heal(store, FakeAgent(project, may_land=False), (A, *found), run=night)
        if night == "r2":
            old, new = (c.id for c in store.reviews() if c.item.tests == ("t.py::b",))
            assert [note for note in report.notes if note.startswith(f"review {new} takes the place of review {old}")]

    (waiting,) = (case for case in store.reviews("open") if case.item.tests == ("t.py::b",))
    assert (waiting.run, waiting.item.summary) == ("r2", "work: b'bad' becomes b'good '")
    assert [case.run for case in store.reviews("superseded")] == ["r1"]


def test_what_a_person_turned_down_is_asked_again_only_where_another_change_is_found(store: Store) -> None:
    heal(store, FakeAgent(two_bugs()), (A,), run="r1")
    (unsolved,) = store.reviews("open")
    store.close_review(unsolved.id, "rejected")

    heal(store, FakeAgent(two_bugs()), (A,), run="r2")
    assert store.reviews("open") == ()

    heal(store, FakeAgent(two_bugs(), may_land=False), (A, B), run="r3")
    assert {case.item.tests for case in store.reviews("open")} == {("t.py::a",), ("t.py::b",)}


def test_a_change_that_was_thrown_away_is_kept_in_a_review_once_it_is_found_again(store: Store) -> None:
    for night in ("r1", "r2"):
        report = heal(store, FakeAgent(two_bugs()), (B,), run=night, forbidden=lambda candidate, item: candidate == B)
        assert states(report)["t.py::b"] is ItemState.UNSOLVED

    (kept,) = store.reviews("rejected")
    assert "+good" in kept.item.diff
    assert [case.item.tests for case in store.reviews("open")] == [("t.py::a",)]


def test_what_is_settled_and_still_fails_is_told_to_later_cases(store: Store) -> None:
    agent = FakeAgent(two_bugs())
    agent.project.files["c.py"] = b"bad"
    agent.project.tests["t.py::never"] = lambda files: False
    agent.project.suspects["t.py::never"] = ("c.py", 1)

    heal(store, agent, impact=lambda path, line: {"c.py": 1.0, "b.py": 0.9, "a.py": 0.2}[path])

    assert agent.settled == ["t.py::never"], "it was given up before the first of the others landed"


def test_a_review_whose_tests_pass_by_now_is_closed(store: Store) -> None:
    project = two_bugs()
    agent = FakeAgent(project, may_land=False)
    heal(store, agent)
    assert len(store.reviews("open")) == 2

    project.files["a.py"] = b"good"
    report = heal(store, FakeAgent(project, may_land=False), run="r2")

    assert [review.item.tests for review in store.reviews("open")] == [("t.py::b",)]
    (closed,) = store.reviews("obsolete")
    assert closed.item.tests == ("t.py::a",)
    assert f"review {closed.id} is closed: its tests pass now" in report.notes


def test_on_a_head_that_has_moved_the_repair_is_proven_again(store: Store) -> None:
    lander = FakeLander("commit", [HeadMoved("main stands elsewhere")])

    report = heal(store, FakeAgent(two_bugs()), lander=lander)

    assert report.exit_code == 0
    assert lander.caught_up == 1
    assert len(lander.commits) == 2


@pytest.mark.parametrize("times", [2, 3, 9])
def test_a_head_that_keeps_moving_costs_one_repair_and_not_the_run(store: Store, times: int) -> None:
    lander = FakeLander("commit", [HeadMoved("main stands elsewhere")] * times)

    report = heal(store, FakeAgent(two_bugs()), lander=lander)

    assert report.final is not None
    assert len(lander.commits) == sum(state is ItemState.LANDED for state in states(report).values())
    for item in report.items:
        assert item.state is ItemState.LANDED or item.diff, "what was proven and could not land is kept"


def test_a_repair_that_cannot_land_waits_for_a_person_and_the_next_one_goes_on(store: Store) -> None:
    lander = FakeLander("commit", [CannotGoOn("an untracked file is in the way: b.py")])

    report = heal(store, FakeAgent(two_bugs()), lander=lander)

    assert states(report) == {"t.py::b": ItemState.REVIEW, "t.py::a": ItemState.LANDED}
    (review,) = store.reviews("open")
    assert "in the way" in review.item.why
    assert "+good" in review.item.diff
    assert report.exit_code == 1


def test_a_full_disk_ends_the_run(store: Store) -> None:
    with pytest.raises(DiskFull):
        heal(store, FakeAgent(two_bugs()), lander=FakeLander(troubles=[DiskFull("the disk is full")]))

    (run,) = store.runs()
    assert run.exit_code == 3


@pytest.mark.parametrize("mode", ["branch", "patch"])
def test_what_broke_others_after_all_is_taken_back_with_all_that_rested_on_it(store: Store, mode: str) -> None:
    project = two_bugs()
    project.tests["t.py::a"] = is_good("b.py")
    agent, lander = FakeAgent(project), FakeLander(mode)
    final = agent.final

    def broken_by_b() -> object:
        project.tests["t.py::c"] = lambda files: files["b.py"] == b"bad"
        return final()

    agent.final = broken_by_b  # type: ignore[method-assign, assignment]

    report = heal(store, agent, lander=lander)

    assert set(states(report).values()) == {ItemState.ROLLED_BACK}
    assert lander.commits == []
    assert report.branch is None
    assert report.final == Tally(1, 2, 0)
    assert report.exit_code == 1
    assert all(landing.undone for landing in store.landings("r"))


def test_what_fails_by_chance_in_the_last_run_is_called_flaky_and_takes_no_repair_back(store: Store) -> None:
    project = two_bugs()
    agent, lander = FakeAgent(project), FakeLander()
    final, ends = agent.final, iter((False, False, True))

    def unsteady() -> object:
        project.tests["t.py::c"] = lambda files: next(ends)
        return final()

    agent.final = unsteady  # type: ignore[method-assign, assignment]

    report = heal(store, agent, lander=lander)

    assert states(report)["t.py::c"] is ItemState.FLAKY
    assert len(lander.commits) == 2
    assert report.exit_code == 1, "a test that fails now and then is for a person"


def test_a_flaky_test_is_named_where_nothing_landed_too(store: Store) -> None:
    project = two_bugs()
    agent = FakeAgent(project)
    final = agent.final

    def unsteady() -> object:
        project.tests["t.py::c"] = lambda files: False
        return final()

    agent.final = unsteady  # type: ignore[method-assign, assignment]

    assert states(heal(store, agent, ()))["t.py::c"] is ItemState.FLAKY


def test_it_says_what_it_does_while_it_works(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "dreamscape"):
        heal(store, FakeAgent(two_bugs()))

    said = "\n".join(caplog.messages)
    for words in ("running the tests", "failing: 2", "case 1 of 2: b.py, t.py::b", "candidates tried", "case 2 of 2"):
        assert words in said
    assert "landed" not in said, "the summary tells it"


def test_of_two_landings_only_the_one_that_broke_others_is_taken_back(store: Store) -> None:
    project = two_bugs()
    agent, lander = FakeAgent(project), FakeLander()
    final = agent.final

    def broken_by_a() -> object:
        project.tests["t.py::c"] = lambda files: files["a.py"] == b"bad"
        return final()

    agent.final = broken_by_a  # type: ignore[method-assign, assignment]

    report = heal(store, agent, lander=lander)

    assert states(report) == {"t.py::b": ItemState.LANDED, "t.py::a": ItemState.ROLLED_BACK}
    assert lander.commits == [{"b.py": b"good"}]
    assert report.branch == "dreamscape/heal-r"


def test_what_cannot_be_taken_back_is_said(store: Store) -> None:
    project = two_bugs()
    agent, lander = FakeAgent(project), FakeLander("commit")
    final = agent.final

    def broken_by_a() -> object:
        lander.troubles = [HeadMoved("main stands elsewhere")]
        project.tests["t.py::c"] = lambda files: files["a.py"] == b"bad"
        return final()

    agent.final = broken_by_a  # type: ignore[method-assign, assignment]

    report = heal(store, agent, lander=lander)

    assert report.exit_code == 1
    assert report.final == Tally(2, 1, 0)
    assert any("could not be taken back" in note for note in report.notes)


def test_an_interrupted_run_has_saved_what_it_had_done(store: Store) -> None:
    agent, calls = FakeAgent(two_bugs()), []

    def interrupt_the_second() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heal(store, agent, before=interrupt_the_second)

    run = store.run("r")
    assert run is not None
    assert run.exit_code == 130
    assert [item.state for item in run.items] == [ItemState.LANDED]
    assert run.branch == "dreamscape/heal-r"
    assert len(store.landings("r")) == 1


def test_a_terminated_run_is_remembered_as_such(store: Store) -> None:
    class Terminated(KeyboardInterrupt):
        exit_code = 143

    def terminate() -> None:
        raise Terminated

    with pytest.raises(Terminated):
        heal(store, FakeAgent(two_bugs()), before=terminate)

    run = store.run("r")
    assert run is not None
    assert run.exit_code == 143


def test_a_suite_that_did_not_come_to_its_end_never_means_nothing_to_do(store: Store) -> None:
    class Cut(FakeAgent):
        def baseline(self) -> TestRun:
            return replace(super().baseline(), end=RunEnd.TIMEOUT, failures=())

    assert heal(store, Cut(two_bugs())).exit_code == 4


def test_time_that_ends_during_triage_defers_what_is_left(store: Store) -> None:
    class Slow(FakeAgent):
        def triage(self, failures: Sequence[Failure]) -> Triage:
            raise TimeSpent("the run's time was over")

    report = heal(store, Slow(two_bugs()))

    assert report.exit_code == 4
    assert {item.state for item in report.items} == {ItemState.DEFERRED}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_lands_waits_until_the_landing_is_remembered(store: Store, end: signal.Signals) -> None:
    class Interrupted(FakeLander):
        def land(self, *how: Any) -> Landing:
            landing = super().land(*how)
            signal.raise_signal(end)
            return landing

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    lander, before = Interrupted(), signal.signal(end, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            heal(store, FakeAgent(two_bugs()), lander=lander)
    finally:
        signal.signal(end, before)

    assert len(lander.commits) == 1
    run = store.run("r")
    assert run is not None
    assert [item.state for item in run.items] == [ItemState.LANDED]
    assert [landing.item for landing in store.landings()] == [item.id for item in run.items]


def test_an_interrupt_while_a_landing_is_taken_back_waits_until_that_is_remembered(store: Store) -> None:
    class Interrupted(FakeLander):
        def take_back(self, landing: Landing) -> None:
            super().take_back(landing)
            signal.raise_signal(signal.SIGINT)

    project = two_bugs()
    agent, lander = FakeAgent(project), Interrupted()
    final = agent.final

    def broken() -> TestRun:
        project.tests["t.py::c"] = lambda files: False
        return final()

    agent.final = broken  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        heal(store, agent, lander=lander)

    taken_back = [landing for landing in store.landings() if landing.undone is not None]
    assert len(taken_back) == 1
    run = store.run("r")
    assert run is not None
    assert [item.id for item in run.items if item.state is ItemState.ROLLED_BACK] == [taken_back[0].item]


def test_what_cannot_be_remembered_does_not_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(landing: object) -> int:
        raise DiskFull("no space left to write the memory")

    monkeypatch.setattr(store, "save_landing", full)
    lander = FakeLander()

    with pytest.raises(DiskFull):
        heal(store, FakeAgent(two_bugs()), lander=lander)

    assert lander.commits == []


def test_the_time_counts_from_where_the_command_began(store: Store) -> None:
    report = heal(store, FakeAgent(two_bugs()), began=time.monotonic() - 3600.0)

    assert report.exit_code == 4
