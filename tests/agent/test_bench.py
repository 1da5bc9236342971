"""A case's bench: what may run, how long, in which kind of process, and what it takes to land."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.bench import MOST_COMPARED, CaseBench, rebased
from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import Behaviour, Candidate, Edit, RepairCase, Verdict, VerdictState
from dreamscape.domain.runs import Coverage, Outcome, RunEnd, TestResult, TestRun

SOURCE = b"value = 1\n"


class Trials:
    """A candidate server that finds every candidate plausible and remembers what it was asked."""

    def __init__(self, baseline: Outcome = Outcome.FAILED, trouble: CannotGoOn | None = None) -> None:
        self.baseline_is = baseline
        self.trouble = trouble
        self.limits: dict[str, float] = {}
        self.others: tuple[str, ...] = ()
        self.passing = {"test_app.py::test_other"}
        self.is_open = False

    def __enter__(self) -> Trials:
        if self.trouble:
            raise self.trouble
        self.is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.is_open = False

    def baseline(self, tests: Sequence[str], **_: object) -> dict[str, Outcome]:
        return {test: Outcome.PASSED if test in self.passing else self.baseline_is for test in tests}

    def judge(
        self,
        candidates: Sequence[Candidate],
        failing: Sequence[str],
        others: Sequence[str],
        *,
        cpu_s_per_test: Mapping[str, float],
        deadline: float,
    ) -> tuple[Verdict, ...]:
        self.limits = dict(cpu_s_per_test)
        self.others = tuple(others)
        return tuple(Verdict(candidate, self.state(candidate, failing)) for candidate in candidates)

    def state(self, candidate: Candidate, failing: Sequence[str]) -> VerdictState:
        """A test elsewhere passes where the candidate says so."""
        helps = all("elsewhere" not in test or test[-1].encode() in candidate.edits[0].replacement for test in failing)
        return VerdictState.PLAUSIBLE if helps else VerdictState.STILL_FAILS

    def behaviours(self, candidates: Sequence[Candidate], tests: Sequence[str], *, inputs: int) -> Behaviour:
        return Behaviour((tuple(candidates),), inputs)


def change(text: bytes, weight: float = 1.0, path: str = "app.py") -> Candidate:
    return Candidate((Edit(path, 0, len(SOURCE), text),), "repairer:number", weight, "a change")


def case(exception: str = "AssertionError", test: str = "test_app.py::test_it") -> RepairCase:
    return RepairCase(
        "1", (Failure(test, "call", exception, ""),), FailureClass.WRONG_VALUE, "f", (), {"app.py": SOURCE},
        touching=("test_app.py::test_other",), test_sources={"test_app.py": b"assert it(17) == 'seventeen'\n"},
    )  # fmt: skip


def bench(
    trials: Trials, of: RepairCase | None = None, coverage: Coverage | None = None, **durations: float
) -> CaseBench:
    def run(**how: Any) -> TestRun:
        passes = b"good" in how.get("overrides", {}).get("app.py", b"")
        outcome = Outcome.PASSED if passes else Outcome.FAILED
        results = tuple(TestResult(test, outcome) for test in how["only"])
        failures = tuple(Failure(test, "call", "E", "") for test in how["only"] if not passes)
        return TestRun(results, failures, RunEnd.EXITED, 0, 0.1)

    named = {f"test_app.py::{name}": seconds for name, seconds in durations.items()}
    return CaseBench(of or case(), run, lambda sources: trials, named, (), 1, coverage)  # type: ignore[arg-type, return-value]


def judged(on: CaseBench, *candidates: Candidate) -> list[VerdictState]:
    return [verdict.state for verdict in on.judge(candidates, time.monotonic() + 60)]


def test_a_test_that_does_not_pass_in_the_server_as_it_stands_keeps_no_candidate_from_passing() -> None:
    trials = Trials()
    of = replace(case(), touching=("test_app.py::test_other", "test_app.py::test_expected_to_fail"))

    judged(bench(trials, of), change(b"value = 2\n"))

    assert trials.others == ("test_app.py::test_other",)


def test_what_the_gate_refuses_never_runs() -> None:
    states = judged(
        bench(Trials()), change(b"value = 2\n"), change(b"import pytest\n"), change(b"", path="test_app.py")
    )

    assert states == [VerdictState.PLAUSIBLE, VerdictState.REFUSED, VerdictState.REFUSED]


def test_a_test_gets_ten_times_what_it_took_and_never_much_less_than_a_second() -> None:
    trials = Trials()

    judged(bench(trials, test_it=0.5, test_other=0.01), change(b"value = 2\n"))

    assert trials.limits["test_app.py::test_it"] == 5.0
    assert 0.1 < trials.limits["test_app.py::test_other"] <= 1.0


def test_candidates_do_not_get_the_time_that_a_test_without_end_took() -> None:
    trials = Trials()

    judged(bench(trials, case("Timeout"), test_it=60.0, test_other=0.2), change(b"value = 2\n"))

    assert trials.limits == {"test_app.py::test_it": 2.0, "test_app.py::test_other": 2.0}, "as its neighbours, not 600"


@pytest.mark.parametrize(
    ("trials", "of"),
    [
        (Trials(trouble=CannotGoOn("the candidate server did not start")), case()),
        (Trials(baseline=Outcome.PASSED), case()),
        (Trials(), case(test="test_app.py")),
    ],
    ids=["no server starts", "the test passes in the server", "the file does not load"],
)
def test_where_a_server_cannot_judge_each_candidate_gets_a_process(trials: Trials, of: RepairCase) -> None:
    states = judged(bench(trials, of), change(b"good = 1\n"), change(b"bad = 1\n"))

    assert states == [VerdictState.PLAUSIBLE, VerdictState.STILL_FAILS]
    assert trials.limits == {}


def test_too_many_plausible_changes_say_that_the_tests_decide_nothing() -> None:
    many = [change(b"value = %d\n" % n) for n in range(MOST_COMPARED + 1)]

    assert bench(Trials()).choose(many[1:]).may_land
    assert not bench(Trials()).choose(many).may_land


def test_answers_to_the_tests_own_values_wait_for_a_person() -> None:
    choice = bench(Trials()).choose([change(b"value = 'seventeen' if it == 17 else 1\n")])

    assert not choice.may_land
    assert "the very values" in choice.why


def test_where_each_candidate_costs_a_process_the_far_less_likely_get_none_beside_one_that_passed() -> None:
    on = bench(Trials(), case(test="test_app.py"))

    states = judged(
        on, change(b"bad = 1\n"), change(b"good = 1\n"), change(b"good = 2\n", 0.3), change(b"good = 3\n", 0.2)
    )

    assert states == [
        VerdictState.STILL_FAILS, VerdictState.PLAUSIBLE, VerdictState.PLAUSIBLE, VerdictState.TIMEOUT,
    ]  # fmt: skip
    assert judged(on, change(b"good = 4\n", 0.1)) == [VerdictState.TIMEOUT]


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12))
def test_a_candidate_told_as_a_change_of_other_sources_comes_to_the_same(old: bytes, loaded: bytes, new: bytes) -> None:
    sources, others = {"app.py": old, "b.py": b"b"}, {"app.py": loaded, "b.py": b"other"}
    candidate = Candidate((Edit("app.py", 0, len(old), new),), "o", 1.0, "s")

    told = rebased(candidate, sources, others)

    assert {**others, **told.applied_to(others)} == {**sources, **candidate.applied_to(sources)}


def test_its_end_is_the_servers_end() -> None:
    trials = Trials()
    on = bench(trials)
    judged(on, change(b"value = 2\n"))
    assert trials.is_open

    on.close()

    assert not trials.is_open


def test_what_repairs_more_of_what_else_fails_has_no_rivals_that_repair_less() -> None:
    one, both, other = change(b"value = 'A'\n"), change(b"value = 'AB'\n", 0.7), change(b"value = 'B'\n")
    elsewhere = ("test_app.py::test_elsewhere_A", "test_app.py::test_elsewhere_B")
    apart = Trials()
    apart.behaviours = lambda candidates, tests, *, inputs: Behaviour(tuple((c,) for c in candidates), inputs)  # type: ignore[method-assign]

    choice = bench(apart, replace(case(), failing_elsewhere=elsewhere)).choose([one, both, other])

    assert (choice.best, choice.rivals) == (both, ())
    assert "what else fails" in choice.why
    assert len(bench(apart, case()).choose([one, both, other]).rivals) == 2


def test_changes_that_read_alike_need_no_inputs_to_be_one() -> None:
    source = b"value = not one is two\n"
    of = replace(case(), sources={"app.py": source})
    plain, odd = (
        Candidate((Edit("app.py", 8, len(source) - 1, text),), "repairer:comparison", weight, "a change")
        for text, weight in ((b"one is two", 0.8), (b"not one is not two", 0.9))
    )
    mute = Trials()
    mute.behaviours = lambda candidates, tests, *, inputs: Behaviour(tuple((c,) for c in candidates), 0)  # type: ignore[method-assign]

    choice = bench(mute, of).choose([odd, plain])

    assert (choice.best, choice.may_land) == (plain, True)
    assert bench(mute, of).alike(odd, plain)


def test_a_name_corrected_in_one_place_is_a_part_of_the_same_correction_everywhere() -> None:
    source = b"one = a.sizze\nother = b.sizze\n"
    of = replace(case(), sources={"app.py": source})
    edits = tuple(Edit("app.py", at, at + 5, b"size") for at in (8, 24))
    here, everywhere = (Candidate(some, "repairer:attribute", 1.0, "a change") for some in (edits[:1], edits))

    choice = bench(Trials(), of).choose([here, everywhere])

    assert (choice.best, choice.may_land) == (everywhere, True)


def test_a_correction_here_is_not_turned_down_with_the_one_everywhere() -> None:
    source = b"one = a.sizze\nother = b.sizze\n"
    of = replace(case(), sources={"app.py": source})
    edits = tuple(Edit("app.py", at, at + 5, b"size") for at in (8, 24))
    here, everywhere = (Candidate(some, "repairer:attribute", 1.0, "a change") for some in (edits[:1], edits))
    apart = Trials()
    apart.behaviours = lambda candidates, tests, *, inputs: Behaviour(tuple((c,) for c in candidates), inputs)  # type: ignore[method-assign]

    assert not bench(apart, of).alike(everywhere, here)


def test_what_the_tests_elsewhere_leave_no_time_for_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamscape.agent.bench.ELSEWHERE_S", 0.0)
    one, both = change(b"value = 'A'\n"), change(b"value = 'AB'\n", 0.7)
    apart = Trials()
    apart.behaviours = lambda candidates, tests, *, inputs: Behaviour(tuple((c,) for c in candidates), inputs)  # type: ignore[method-assign]

    choice = bench(apart, replace(case(), failing_elsewhere=("test_app.py::test_elsewhere_B",))).choose([one, both])

    assert len(choice.rivals) == 1


@pytest.mark.parametrize(
    ("text", "runs", "may_land"),
    [
        (b"value = 2\n", {"app.py": frozenset({1})}, False),
        (b"value = 21\n", {"app.py": frozenset({1})}, True),
        (b"value = 2\n", {"app.py": frozenset({9})}, True),
        (b"value = 2\n", {}, True),
    ],
    ids=["still fails", "passes with it", "runs other lines", "runs nothing known"],
)
def test_a_change_does_not_land_alone_while_a_test_that_runs_its_lines_still_fails(
    text: bytes, runs: dict[str, frozenset[int]], may_land: bool
) -> None:
    elsewhere = "test_app.py::test_elsewhere_1"
    on = bench(Trials(), replace(case(), failing_elsewhere=(elsewhere,)), {elsewhere: runs})

    choice = on.choose([change(text)])

    assert (choice.may_land, choice.is_partial) == (may_land, not may_land)
    assert (elsewhere in choice.why) != may_land


def test_nor_where_no_time_is_left_to_ask_that_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamscape.agent.bench.ELSEWHERE_S", 0.0)
    elsewhere = "test_app.py::test_elsewhere_1"
    on = bench(Trials(), replace(case(), failing_elsewhere=(elsewhere,)), {elsewhere: {"app.py": frozenset({1})}})

    assert on.choose([change(b"value = 21\n")]).is_partial


def test_of_many_tests_elsewhere_those_that_run_its_lines_are_asked() -> None:
    others = [f"test_app.py::test_elsewhere_{at}0" for at in range(30)]
    runs = {test: {"app.py": frozenset({9})} for test in others} | {others[-1]: {"app.py": frozenset({1})}}
    on = bench(Trials(), replace(case(), failing_elsewhere=tuple(others)), runs)

    choice = on.choose([change(b"value = 2\n")])

    assert others[-1] in choice.why


def test_a_change_of_what_is_only_asked_for_yes_or_no_once_waits_for_a_person() -> None:
    of = replace(
        case(),
        sources={"app.py": b"def it(): return 1\n"},
        test_sources={"test_app.py": b"def test_it():\n    assert it()\n"},
    )
    on = bench(Trials(), of, {"test_app.py::test_it": {"app.py": frozenset({1})}})

    choice = on.choose([Candidate((Edit("app.py", 17, 18, b"2"),), "repairer:number", 1.0, "a change")])

    assert not choice.may_land
    assert "yes or no" in choice.why
