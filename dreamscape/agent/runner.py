"""Runs the project's suite, or a part of it, in the sandbox; out comes one `TestRun`, however often it had to start.

A test that ends its process (a crash, a hang that cannot be interrupted) is one failing test: what has not run yet is
run in a further process without it, and all is told as one run.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from dreamscape.agent.guest_zip import ZIP_NAME, launch, packed
from dreamscape.agent.interpreter import Interpreter
from dreamscape.agent.protocol import Record
from dreamscape.agent.sandbox import Command, Confined, Ended, Sandbox
from dreamscape.domain.errors import CannotGoOn, PytestMissing
from dreamscape.domain.failures import Failure
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun
from dreamscape.domain.settings import HealSettings

MOST_STARTS = 40
"""Processes for one run; a suite in which more tests than this end the process is not worth more (chosen)."""
LONGEST_LINE = 16 * 1024 * 1024
MOST_REPORTED = 512 * 1024 * 1024
"""Bytes; a run that reports more floods us (chosen)."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one run is asked for, in the words of the guest's request."""

    only: tuple[str, ...] | None
    deselect: tuple[str, ...]
    ignore: tuple[str, ...]
    order: str
    seed: int
    coverage: str
    test_timeout_s: float

    def request(self) -> bytes:
        names = ("only", "deselect", "ignore", "order", "seed", "coverage", "test_timeout_s")
        return json.dumps({name: getattr(self, name) for name in names}).encode()


@dataclass(slots=True)
class _Told:
    """What the processes of one run have told so far, put together."""

    results: dict[str, TestResult] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    coverage: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    overridden: dict[str, None] = field(default_factory=dict)
    collected: tuple[str, ...] = ()
    killers: tuple[str, ...] = ()
    """Files that end the process when they are collected."""
    is_accounted: bool = False
    """Whether the last process came to its end, or a test is known to have ended it."""

    def add(self, record: Record) -> None:
        self.results.update(record.results)
        self.failures += record.failures
        self.overridden.update(dict.fromkeys(record.overridden))
        for key, files in record.coverage.items():
            for path, lines in files.items():
                self.coverage.setdefault(key, {}).setdefault(path, set()).update(lines)
        if not self.collected:
            self.collected = record.collected

    def blame(self, failure: Failure) -> None:
        outcome = Outcome.ERROR if failure.phase == "collect" else Outcome.FAILED
        self.results[failure.test] = TestResult(failure.test, outcome, failure.duration_s)
        self.failures.append(failure)
        if failure.phase == "collect":
            self.killers += (failure.test,)

    def left(self) -> tuple[str, ...]:
        """What was collected and has not run."""
        return tuple(key for key in self.collected if key not in self.results)


class SuiteRunner:
    """Runs the project's tests as often as asked; holds no state between runs, so threads may share it."""

    def __init__(
        self,
        sandbox: Sandbox,
        interpreter: Interpreter,
        settings: HealSettings,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._interpreter = interpreter
        self._settings = settings
        self._progress = progress or (lambda words: None)

    def run(
        self,
        *,
        only: Sequence[str] | None = None,
        coverage: Literal["none", "lines", "files"] = "none",
        overrides: Mapping[str, bytes | None] | None = None,
        network: bool = False,
        order: Literal["given", "reversed", "random"] = "given",
        seed: int = 0,
        timeout_s: float | None = None,
        test_timeout_s: float | None = None,
        deselect: Sequence[str] = (),
    ) -> TestRun:
        """Runs the tests with these keys (all where ``only`` is None) and tells what happened.

        Keys that no longer exist are not among the results. ``given`` is the order of ``only``, else that of the
        files; ``random`` shuffles modules, and tests within each, by ``seed``, which also seeds hashing.
        ``overrides`` are contents of project files for this run; ``timeout_s`` bounds it as a whole,
        ``test_timeout_s`` each test (else as set).
        Raises PytestMissing, and CannotGoOn where something else than the project's tree was tested.
        """
        if only is not None and not only:
            return TestRun((), (), RunEnd.EXITED, 0, 0.0)
        started = time.monotonic()
        deadline = started + (timeout_s or self._settings.suite_timeout_s)
        wanted = _Wanted(
            None if only is None else tuple(only),
            tuple(deselect),
            (),
            order,
            seed,
            coverage,
            test_timeout_s or self._settings.test_timeout_s,
        )
        told = _Told()
        for _ in range(MOST_STARTS):
            ended, is_over = self._step(wanted, told, deadline, overrides or {}, network)
            if is_over or time.monotonic() >= deadline:
                break
            wanted = _without(wanted, told)
        return _as_run(told, ended, time.monotonic() - started)

    def _step(
        self, wanted: _Wanted, told: _Told, deadline: float, overrides: Mapping[str, bytes | None], network: bool
    ) -> tuple[Ended, bool]:
        """One process; whether nothing is to be gained by a further one."""
        known = len(told.results)
        command = self._command(wanted, max(1.0, deadline - time.monotonic()), overrides, network)
        with self._sandbox.start(command) as confined:
            record, since, is_flooded = self._listen(confined)
            if is_flooded:
                confined.kill()
            ended = confined.wait()
        _refuse_useless(record, ended, self._interpreter)
        told.add(record)
        failure = _end_of_running(record, ended, time.monotonic() - since, wanted.test_timeout_s)
        told.is_accounted = record.exit_code is not None or failure is not None
        if failure is not None and failure.test not in told.killers:
            told.blame(failure)
        has_rest = bool(told.left()) or (failure is not None and failure.phase == "collect")
        return ended, not has_rest or len(told.results) == known

    def _command(
        self, wanted: _Wanted, timeout_s: float, overrides: Mapping[str, bytes | None], network: bool
    ) -> Command:
        return Command(
            argv=launch(self._interpreter.executable, "plugin", self._settings.pytest_args),
            timeout_s=timeout_s,
            env={
                "PYTHONHASHSEED": str(wanted.seed % 2**32),
                "DREAMSCAPE_ORIGINAL": str(self._sandbox.project),  # the guest compares it with where it finds itself
            },
            overrides=overrides,
            files={ZIP_NAME: packed(), "run.json": wanted.request()},
            network=network,
        )

    def _listen(self, confined: Confined) -> tuple[Record, float, bool]:
        """Reads until the process is gone; also since when the running test runs, and whether we were flooded."""
        record, since, told_at, heard = Record(secret=_handed_over(confined)), time.monotonic(), time.monotonic(), 0
        while line := confined.reports.readline(LONGEST_LINE):
            heard += len(line)
            if heard > MOST_REPORTED:
                return record, since, True
            kind = record.read(line)
            if kind in ("start", "collecting"):
                since = time.monotonic()
            elif kind == "collected":
                self._progress(f"{len(record.collected)} tests")
            elif kind == "result" and time.monotonic() - told_at > 1.0:
                told_at = time.monotonic()
                self._progress(f"{len(record.results)} of {len(record.collected)} tests")
        return record, since, False


def _handed_over(confined: Confined) -> bytes:
    """A secret that this process alone was told, by which its reports are known from what the tests write."""
    secret = secrets.token_hex(16).encode()
    with suppress(OSError):  # a process that is gone already reports nothing
        confined.requests.write(secret + b"\n")
        confined.requests.flush()
    return secret


def _without(wanted: _Wanted, told: _Told) -> _Wanted:
    """The request for what is left, in the order it would have run."""
    only = told.left() if told.collected else wanted.only
    order = "given" if told.collected else wanted.order
    return _Wanted(only, wanted.deselect, told.killers, order, wanted.seed, wanted.coverage, wanted.test_timeout_s)


def _refuse_useless(record: Record, ended: Ended, interpreter: Interpreter) -> None:
    """Raises where the run says nothing about the project."""
    if record.strangers:
        raise CannotGoOn(
            f"the tests import another copy of the project: {', '.join(record.strangers[:3])}",
            f"install the project itself: {interpreter.executable} -m pip install --editable .",
        )
    if not record.root and ended.end is RunEnd.EXITED:
        last = ended.output_tail.strip().rpartition("\n")[2]
        if "No module named 'pytest'" in last or "No module named '_pytest'" in last:
            raise PytestMissing(
                f"{interpreter.executable} cannot import pytest",
                f"install it: {interpreter.executable} -m pip install pytest",
            )
        raise CannotGoOn(f"{interpreter.executable} could not start pytest: {last or f'exit code {ended.exit_code}'}")


def _end_of_running(record: Record, ended: Ended, ran_s: float, test_timeout_s: float) -> Failure | None:
    """The failure of the test in which the process ended; None where none did, or only the suite's time was over."""
    if record.running is None or record.exit_code is not None:
        return None
    hung = record.fatal.startswith("Timeout") or (ended.end is RunEnd.TIMEOUT and ran_s >= test_timeout_s)
    if ended.end is RunEnd.TIMEOUT and not hung:
        return None
    return Failure(
        test=record.running,
        phase="collect" if record.is_collecting else "call",
        exception="Timeout" if hung else "Crash",
        message=f"it took longer than {test_timeout_s:g} s" if hung else _death(record, ended),
        frames=tuple(record.stack),
        duration_s=ran_s,
    )


def _death(record: Record, ended: Ended) -> str:
    """How the process ended while a test ran."""
    match ended.end:
        case RunEnd.EXITED if record.fatal:
            return record.fatal
        case RunEnd.EXITED if (ended.exit_code or 0) < 0:
            return f"the process was ended by signal {-(ended.exit_code or 0)}"
        case RunEnd.EXITED:
            return f"the process ended with exit code {ended.exit_code}"
        case RunEnd.MEMORY:
            return "the process was ended: it used too much memory"
        case RunEnd.PROCESSES:
            return "the process was ended: it started too many processes"
        case RunEnd.OUTPUT:
            return "the process was ended: it printed too much"
        case RunEnd.TIMEOUT | RunEnd.KILLED:
            return "the process was killed"


def _as_run(told: _Told, ended: Ended, seconds: float) -> TestRun:
    """All that was told, as one run; one that was told to its end has EXITED, whatever single processes did.

    A last process that went of itself before its end, when no test ran that could be blamed, counts as KILLED.
    """
    places = {key: place for place, key in enumerate(told.collected)}
    results = sorted(told.results.values(), key=lambda result: places.get(result.test, -1))
    failed = any(result.outcome in (Outcome.FAILED, Outcome.ERROR) for result in results)
    is_whole = bool(results) and not told.left() and told.is_accounted
    is_cut_off = ended.end is RunEnd.EXITED and not told.is_accounted
    exit_code = ended.exit_code
    if is_whole and failed and exit_code not in (2, 3, 4):
        exit_code = 1
    return TestRun(
        results=tuple(results),
        failures=tuple(told.failures),
        end=RunEnd.EXITED if is_whole else RunEnd.KILLED if is_cut_off else ended.end,
        exit_code=exit_code,
        seconds=seconds,
        overridden=tuple(told.overridden),
        output_tail=ended.output_tail,
        coverage={
            key: {path: frozenset(lines) for path, lines in files.items()} for key, files in told.coverage.items()
        },
    )
