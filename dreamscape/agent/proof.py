"""A changed tree goes in; two fresh full runs say whether it keeps all that passed and repairs what failed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from dreamscape.agent.paths import stands_for
from dreamscape.domain.repair import Proof
from dreamscape.domain.runs import Outcome, RunEnd, TestRun

Run = Callable[..., TestRun]
"""`SuiteRunner.run`, or what keeps its promise."""

PASSED = frozenset({Outcome.PASSED})
HELD = PASSED | {Outcome.XFAILED, Outcome.XPASSED}


def prove(run: Run, changes: Mapping[str, bytes], repaired: Collection[str], expected: Collection[str]) -> Proof:
    """Runs the whole suite on the base with these changes, in order, then in random order.

    ``repaired`` are the tests that failed, ``expected`` those that passed on the base: each must pass both times; a
    skipped or missing test has not passed. Where the random order breaks tests that it breaks without the changes
    too, the second run is repeated in order. One repetition is granted to a test that passed before and fails by
    chance; none to what is repaired.
    """
    began = time.monotonic()
    wanted = frozenset(expected)
    for order in ("given", "random"):
        changed = run(overrides=changes, order=order, seed=7)
        unrepaired = frozenset(repaired) - _kept(changed, repaired, PASSED)
        lost = wanted - _kept(changed, wanted, HELD)
        if lost and not unrepaired and order == "random":
            lost &= _kept(run(order="random", seed=7), wanted, HELD)
        if lost and not unrepaired:
            lost -= _kept(run(overrides=changes, seed=11), wanted, HELD)
        if unrepaired or lost:
            return Proof(False, _reason(unrepaired, lost), time.monotonic() - began)
    return Proof(True, "passed two fresh full runs", time.monotonic() - began)


def _kept(run: TestRun, wanted: Collection[str], good: Collection[Outcome]) -> frozenset[str]:
    """Those that ended well; a file that could not be collected is kept when all that is in it now passes."""
    passed = {result.test for result in run.results if result.outcome in good}
    kept = frozenset(test for test in wanted if test in passed or ("::" not in test and _loads(run, test)))
    return kept | _renamed(run, frozenset(wanted), kept, good)


def _renamed(run: TestRun, wanted: frozenset[str], kept: frozenset[str], good: Collection[Outcome]) -> frozenset[str]:
    """Those whose parametrization bears other names in this run, as one made of a set does under another hash seed:
    not there, while their function has at least as many names nobody knew, and all of these ended well."""
    there = {result.test for result in run.results}
    absent = [test for test in wanted - kept - there if "[" in test]
    counts = Counter(map(_function, absent))
    new: dict[str, list[bool]] = {}
    for result in run.results if counts else ():
        if result.test not in wanted and _function(result.test) in counts:
            new.setdefault(_function(result.test), []).append(result.outcome in good)
    return frozenset(
        test for test in absent if len(ends := new.get(_function(test), [])) >= counts[_function(test)] and all(ends)
    )


def _function(test: str) -> str:
    return test.partition("[")[0]


def _loads(run: TestRun, key: str) -> bool:
    """Whether what could not be collected now is, and all that is in it passes."""
    inside = [result for result in run.results if stands_for(key, result.path)]
    good = HELD | {Outcome.SKIPPED}
    is_good = all(result.outcome in good and "::" in result.test for result in inside)
    return bool(inside) and is_good and run.end is RunEnd.EXITED


def _reason(unrepaired: frozenset[str], lost: frozenset[str]) -> str:
    if unrepaired:
        return f"{min(unrepaired)} does not pass in a fresh full run"
    return f"{len(lost)} tests that passed before fail in a fresh full run, {min(lost)} among them"
