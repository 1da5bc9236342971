"""A run with failures goes in; out come the failures that are real, and those that are not, with their class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dreamscape.agent.classify import smells_of_network
from dreamscape.agent.paths import stands_for
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import SetAside, Triage
from dreamscape.domain.runs import Outcome, TestRun

MOST_ALONE = 20
"""So many failing tests are rerun in a process each; the rest share one (chosen: a process costs half a second)."""

Rerun = Callable[..., TestRun]
"""`SuiteRunner.run`, or what keeps its promise."""


def triage(failures: Sequence[Failure], rerun: Rerun) -> Triage:
    """Sorts out what is flaky, depends on the order, or on the network, by running the failing tests again."""
    suspects = tuple(dict.fromkeys(failure.test for failure in failures))
    if not suspects:
        return Triage((), ())
    alone = _alone(suspects, rerun)
    fresh = _passed(rerun(only=suspects, seed=1), suspects)
    networked = [f.test for f in failures if smells_of_network(f) and not alone[f.test] and not fresh[f.test]]
    online = _passed(rerun(only=networked, network=True), networked) if networked else {}
    confirmed: list[Failure] = []
    set_aside: list[SetAside] = []
    for failure in failures:
        found = _verdict(failure, alone[failure.test], fresh[failure.test], online.get(failure.test, False))
        if found is None:
            confirmed.append(failure)
        else:
            set_aside.append(found)
    return Triage(tuple(confirmed), tuple(set_aside))


def _verdict(failure: Failure, passes_alone: bool, passes_fresh: bool, passes_online: bool) -> SetAside | None:
    if passes_alone and passes_fresh:
        return SetAside(failure, FailureClass.ORDER_DEPENDENT, "fails among the others, passes without them")
    if passes_alone or passes_fresh:
        return SetAside(failure, FailureClass.FLAKY, "failed in some of three runs and passed in others")
    if passes_online:
        return SetAside(failure, FailureClass.ENVIRONMENT, "needs the network, which tests do not get here")
    return None


def _alone(tests: Sequence[str], rerun: Rerun) -> dict[str, bool]:
    single = {test: _passed(rerun(only=(test,)), (test,))[test] for test in tests[:MOST_ALONE]}
    rest = tests[MOST_ALONE:]
    return single | (_passed(rerun(only=rest, order="reversed"), rest) if rest else {})


def _passed(run: TestRun, tests: Sequence[str]) -> dict[str, bool]:
    """Whether each of these passed; a file that could not be collected passes when all that is in it does."""
    good = {Outcome.PASSED, Outcome.XFAILED, Outcome.SKIPPED}
    outcomes = {result.test: result.outcome for result in run.results}
    passed = {}
    for test in tests:
        if "::" in test:
            passed[test] = outcomes.get(test) in good
        else:
            inside = [outcome for key, outcome in outcomes.items() if stands_for(test, key.split("::", 1)[0])]
            passed[test] = bool(inside) and all(outcome in good for outcome in inside)
    return passed
