"""Two fresh full runs decide, and what could not be collected counts by all that is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dreamscape.agent.proof import prove
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun


def run_of(end: RunEnd = RunEnd.EXITED, **ends: str) -> TestRun:
    """A run; ``a="passed"`` is the outcome of ``t.py::a``, ``folder__b`` that of ``folder/t.py::b``."""
    results = tuple(TestResult(_key(name), Outcome(outcome)) for name, outcome in ends.items())
    return TestRun(results, (), end, 0, 0.1)


def _key(name: str) -> str:
    folder, _, test = name.rpartition("__")
    return f"{folder}/t.py::{test}" if folder else f"t.py::{test}"


def holds(*runs: TestRun, repaired: tuple[str, ...] = ("t.py::a",), expected: tuple[str, ...] = ("t.py::b",)) -> bool:
    following: Iterator[TestRun] = iter([*runs, *runs[-1:] * 4])

    def run(**how: Any) -> TestRun:
        return next(following)

    return prove(run, {"app.py": b""}, repaired, expected).holds


GOOD = run_of(a="passed", b="passed")


def test_what_passes_twice_is_proven() -> None:
    assert holds(GOOD, GOOD)


@pytest.mark.parametrize(
    "bad",
    [
        run_of(a="failed", b="passed"),
        run_of(a="passed", b="failed"),
        run_of(a="passed"),
        run_of(a="skipped", b="passed"),
        run_of(),
    ],
    ids=["still fails", "breaks another", "another is gone", "skips itself", "nothing runs"],
)
def test_what_does_not_hold_is_not_proven(bad: TestRun) -> None:
    assert not holds(bad)
    assert not holds(GOOD, bad)


def test_a_failure_by_chance_gets_one_more_run() -> None:
    assert holds(run_of(a="passed", b="failed"), GOOD, GOOD)


@pytest.mark.parametrize("key", ["t.py", "conftest.py"])
def test_what_could_not_be_collected_is_repaired_when_all_in_it_passes(key: str) -> None:
    assert holds(GOOD, repaired=(key,), expected=())
    assert holds(run_of(a="passed", b="skipped"), repaired=(key,), expected=())
    assert not holds(run_of(a="passed", b="failed"), repaired=(key,), expected=())
    assert not holds(run_of(RunEnd.TIMEOUT, a="passed"), repaired=(key,), expected=())
    assert not holds(run_of(), repaired=(key,), expected=())


def test_a_conftest_stands_for_its_folder_alone() -> None:
    run = run_of(a="failed", inner__b="passed")

    assert holds(run, repaired=("inner/conftest.py",), expected=())
    assert not holds(run, repaired=("conftest.py",), expected=())
