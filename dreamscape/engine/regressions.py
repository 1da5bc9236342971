"""The first and the last run of the suite go in; what broke in between, and what fails by chance, comes out."""

from __future__ import annotations

from collections.abc import Sequence

from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.failures import Failure
from dreamscape.domain.ports import Agent
from dreamscape.domain.runs import Outcome, TestRun

RERUNS = 2
"""Times a test that fails now is run again: one that fails three times is broken, as in `Agent.triage`."""

GOOD = frozenset({Outcome.PASSED, Outcome.XFAILED, Outcome.SKIPPED})


def newly_failing(baseline: TestRun, final: TestRun) -> tuple[Failure, ...]:
    """What passed in the first run and fails in the last."""
    passed_before = set(baseline.keys(*GOOD))
    failed = [r.test for r in final.results if r.test in passed_before and r.outcome not in GOOD]
    told = {failure.test: failure for failure in final.failures}
    return tuple(told.get(test, Failure(test, "call", "", "")) for test in failed)


def broken_among(agent: Agent, failures: Sequence[Failure]) -> tuple[str, ...]:
    """The tests that fail each time they are run again; without time for that all of them: what is not sure does not
    stay."""
    broken = tuple(failure.test for failure in failures)
    try:
        for _ in range(RERUNS):
            broken = agent.failing(broken, {}) if broken else ()
    except TimeSpent:
        pass
    return broken
