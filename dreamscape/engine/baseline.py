"""The first run of the suite goes in; where nothing in it could be repaired, the reason comes out as an error."""

from __future__ import annotations

from dreamscape.domain.errors import CannotGoOn, NoTests
from dreamscape.domain.failures import Failure
from dreamscape.domain.runs import Outcome, RunEnd, TestRun

PYTEST_FOUND_NONE = 5
"""What pytest ends with where it collected no test."""


def refuse_untestable(run: TestRun) -> None:
    """Raises NoTests or CannotGoOn where a run says nothing that could be repaired."""
    if not run.results and run.end is not RunEnd.EXITED:
        raise CannotGoOn(f"the test run ended before its first test ({run.end.value})", _last_lines(run))
    if not run.results and run.exit_code not in (0, PYTEST_FOUND_NONE):
        raise CannotGoOn(f"pytest cannot run here: {_complaint(run)}", "run pytest once by hand")
    if not run.results:
        raise NoTests("pytest finds no tests in this project", "write one, or name their folder: heal.pytest_args")
    if all(result.outcome is Outcome.ERROR for result in run.results) and not any(
        map(_is_of_the_project, run.failures)
    ):
        first = run.failures[0]
        raise CannotGoOn(f"pytest cannot collect {first.test}: {first.headline}", _last_lines(run))


def _is_of_the_project(failure: Failure) -> bool:
    return failure.phase != "collect" or failure.deepest_project_frame is not None


def _complaint(run: TestRun) -> str:
    """The line of the output that says most of why pytest did not start."""
    lines = [line.strip() for line in run.output_tail.splitlines() if line.strip()] or [f"exit code {run.exit_code}"]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])


def _last_lines(run: TestRun) -> str:
    lines = run.output_tail.strip().splitlines()[-3:]
    return "run pytest once by hand; it last said: " + " / ".join(lines) if lines else "run pytest once by hand"
