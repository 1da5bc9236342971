"""What a run of the project's tests gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from dreamscape.domain.failures import Failure

Coverage = Mapping[str, Mapping[str, frozenset[int]]]
"""Test key -> project-relative path -> the lines it ran; ``""`` as the key holds what ran at import."""


class Outcome(Enum):
    """How one test ended; ERROR is a failure outside the test's own call (collection, set-up, tear-down)."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"


class RunEnd(Enum):
    """Why a sandboxed process ended."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's end.

    ``test`` is its key: the pytest node id with memory addresses masked as ``0x``; of several that become equal the
    second bears ``#2`` behind it, and so on. A file that cannot be collected has its path as key.
    """

    __test__: ClassVar[bool] = False

    test: str
    outcome: Outcome
    duration_s: float = 0.0

    @property
    def path(self) -> str:
        """The test's file, relative to the project."""
        return self.test.split("::", 1)[0]


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run of (part of) the suite.

    ``overridden`` says in words which of the suite's own settings were overruled because they would have falsified
    the run; ``output_tail`` is the end of what the process printed, for a person to read.
    """

    __test__: ClassVar[bool] = False

    results: tuple[TestResult, ...]
    failures: tuple[Failure, ...]
    end: RunEnd
    exit_code: int | None
    seconds: float
    overridden: tuple[str, ...] = ()
    output_tail: str = ""
    coverage: Coverage = field(default_factory=dict)

    def count(self, *outcomes: Outcome) -> int:
        """How many tests ended in one of these ways."""
        return sum(result.outcome in outcomes for result in self.results)

    @property
    def tally(self) -> Tally:
        """Passed (expected failures included), failed and errors."""
        return Tally(
            passed=self.count(Outcome.PASSED, Outcome.XFAILED, Outcome.XPASSED),
            failed=self.count(Outcome.FAILED),
            errors=self.count(Outcome.ERROR),
        )

    @property
    def held(self) -> tuple[str, ...]:
        """The tests that passed, expected failures included, in the order they ran."""
        return self.keys(Outcome.PASSED, Outcome.XFAILED, Outcome.XPASSED)

    def keys(self, *outcomes: Outcome) -> tuple[str, ...]:
        """The tests that ended in one of these ways, in the order they ran."""
        return tuple(result.test for result in self.results if result.outcome in outcomes)


@dataclass(frozen=True, slots=True)
class Tally:
    """The three numbers of a test run that the heal report shows."""

    passed: int
    failed: int
    errors: int
