"""What is no bug at all."""

from collections.abc import Sequence

from dreamscape.agent.triage import triage
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun


class Suite:
    """Keeps `SuiteRunner.run`'s promise for tests whose outcome is known in advance."""

    def __init__(self, passes: dict[str, set[str]]) -> None:
        self.passes = passes
        self.networked: list[str] = []

    def run(self, *, only: Sequence[str], network: bool = False, order: str = "given", seed: int = 0) -> TestRun:
        kind = "online" if network else "fresh" if seed else "alone"
        if network:
            self.networked += only
        results = [
            TestResult(test, Outcome.PASSED if kind in self.passes.get(test, set()) else Outcome.FAILED)
            for test in only
        ]
        return TestRun(tuple(results), (), RunEnd.EXITED, 0, 0.1)


def failing(test: str, message: str = "assert 1 == 2", exception: str = "AssertionError") -> Failure:
    return Failure(test, "call", exception, message)


def test_only_what_fails_every_time_is_confirmed() -> None:
    suite = Suite({"t::order": {"alone", "fresh"}, "t::flaky": {"fresh"}, "t::net": {"online"}})
    failures = [
        failing("t::real"),
        failing("t::order"),
        failing("t::flaky"),
        failing("t::net", "Temporary failure in name resolution", "OSError"),
    ]

    found = triage(failures, suite.run)

    assert [failure.test for failure in found.confirmed] == ["t::real"]
    assert {aside.failure.test: aside.failure_class for aside in found.set_aside} == {
        "t::order": FailureClass.ORDER_DEPENDENT,
        "t::flaky": FailureClass.FLAKY,
        "t::net": FailureClass.ENVIRONMENT,
    }


def test_the_network_is_given_only_to_tests_that_smell_of_it() -> None:
    suite = Suite({})

    triage([failing("t::real"), failing("t::net", "", "socket.gaierror")], suite.run)

    assert suite.networked == ["t::net"]


def test_no_failures_cost_no_runs() -> None:
    def never(**_: object) -> TestRun:
        raise AssertionError("nothing to rerun")

    assert triage([], never).confirmed == ()
