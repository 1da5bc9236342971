"""TestAgent: runs the project's tests, makes cases of their failures, and puts candidates on the bench."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any, ClassVar

from dreamscape.agent.base import Base, Changes
from dreamscape.agent.bench import CaseBench
from dreamscape.agent.classify import classify
from dreamscape.agent.cluster import clusters, group_fingerprint, split
from dreamscape.agent.functions import function_finder
from dreamscape.agent.interpreter import Interpreter
from dreamscape.agent.links import without_links
from dreamscape.agent.localize import suspects, touching_tests
from dreamscape.agent.missing import Importable
from dreamscape.agent.runner import SuiteRunner
from dreamscape.agent.sandbox import Sandbox
from dreamscape.agent.triage import triage
from dreamscape.agent.trials import TrialServer
from dreamscape.agent.untouchable import is_out_of_reach, why_untouchable
from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.failures import Failure, digest
from dreamscape.domain.repair import RepairCase, Suspect, Triage
from dreamscape.domain.runs import Coverage, RunEnd, TestRun
from dreamscape.domain.settings import HealSettings

TRACE_ALL_S = 20.0
"""A suite that runs no longer than this is traced whole; of a longer one, the failing tests' files (chosen: tracing
costs two to three times the plain run)."""

LEAST_PATIENCE_S = 5.0
PATIENCE = 20
"""Once a test has hung, no test is given more than so many times the slowest passing one, and at least five seconds,
where failing tests are only looked at again (chosen: tracing slows a test three times or so)."""

WORKERS = min(4, os.cpu_count() or 1)


class TestAgent:
    """Keeps `domain.ports.Agent`; everything of the project's that it runs, runs inside the sandbox."""

    __test__: ClassVar[bool] = False

    def __init__(self, sandbox: Sandbox, interpreter: Interpreter, base: Base, settings: HealSettings) -> None:
        self._sandbox = sandbox
        self._interpreter = interpreter
        self._base = base
        self._settings = settings
        self._durations: dict[str, float] = {}
        self._passing: tuple[str, ...] = ()
        self._patience_s = settings.test_timeout_s
        self._unsteady: frozenset[str] | None = None
        self._coverage: Coverage = {}
        self._deadline = math.inf

    def limit_to(self, deadline: float) -> None:
        """From ``deadline`` (`time.monotonic`) on, every run but the baseline and the final one raises TimeSpent."""
        self._deadline = deadline

    def baseline(self) -> TestRun:
        """The whole suite on the base, as the project runs it."""
        run = self._runner().run()
        self._durations = {result.test: result.duration_s for result in run.results}
        self._passing = run.held
        if any(failure.exception == "Timeout" for failure in run.failures):
            slowest = max((self._durations[test] for test in run.held), default=0.0)
            self._patience_s = min(self._patience_s, max(LEAST_PATIENCE_S, PATIENCE * slowest))
        return run

    def triage(self, failures: Sequence[Failure]) -> Triage:
        """Which failures are real."""
        return triage(failures, partial(self._run, test_timeout_s=self._patience_s))

    def cases(
        self, baseline: TestRun, failures: Sequence[Failure], settled: Sequence[Failure] = ()
    ) -> tuple[RepairCase, ...]:
        """One case per cause, each with its suspects, by a traced run on the base as it stands."""
        only = self._to_trace(baseline, [*failures, *settled])
        traced = self._run(only=only, coverage="lines", test_timeout_s=self._patience_s)
        traced = without_links(traced, self._sandbox.project)
        self._coverage = traced.coverage
        if self._unsteady is None:  # set aside before: that they pass for once obliges nobody
            confirmed = {failure.test for failure in (*failures, *settled)}
            self._unsteady = frozenset(f.test for f in baseline.failures if f.test not in confirmed)
        # One that fails and passed this once, by chance, obliges nobody either.
        by_chance = self._unsteady.union(failure.test for failure in (*failures, *settled))
        held = (test for test in traced.held if test not in by_chance)
        self._passing = tuple(dict.fromkeys((*self._passing, *held)))
        fresh = {failure.test: failure for failure in traced.failures}
        failures = [fresh.get(failure.test, failure) for failure in failures]
        others = [fresh[failure.test] for failure in settled if failure.test in fresh]
        sources = self._base.sources()
        # What runs at import runs for every test: who runs nothing else has no cause in common with others like it.
        by_test = {f.test: self._suspects([f], sources) if traced.coverage.get(f.test) else () for f in failures}
        cases = [self._case(group, sources) for group in clusters(failures, by_test)]
        beside = [self._case([failure], sources) for failure in others]
        return _with_elsewhere([*cases, *beside])[: len(cases)]

    def split(self, case: RepairCase) -> tuple[RepairCase, ...]:
        """Finer cases for a second try; just the case itself where it cannot be taken apart."""
        groups = split(case.failures)
        return _with_elsewhere([self._case(group, case.sources) for group in groups]) if len(groups) > 1 else (case,)

    @contextmanager
    def bench(self, case: RepairCase) -> Iterator[CaseBench]:
        """The case's bench while the block runs, on the base that the case was made on; each thread may have one."""
        bench = CaseBench(
            case,
            lambda **how: self._run(self._base.changes_as_in(case.sources), **how),
            lambda sources: self._trials(case, sources),
            self._durations,
            self._settings.protected,
            WORKERS,
            self._coverage,
        )
        try:
            yield bench
        finally:
            bench.close()

    def failing(self, tests: Sequence[str], changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
        """Which of these tests fail when the base is changed so."""
        if not tests:
            return ()
        run = self._run(only=tests, overrides=changes)
        failed = {failure.test for failure in run.failures}
        failed_files = {failure.test.split("::", 1)[0] for failure in run.failures}
        ran = {result.test for result in run.results}
        return tuple(t for t in tests if (t in failed or t not in ran if "::" in t else t in failed_files))

    def advance(self, changes: Mapping[str, bytes]) -> None:
        """From now on these changes are part of the base."""
        self._base.advance(changes)

    def retreat(self, changes: Mapping[str, bytes]) -> None:
        """Takes `advance` back."""
        self._base.retreat(changes)

    def final(self) -> TestRun:
        """The whole suite on the base as it stands now, in a fresh process, whatever the time."""
        return self._runner().run()

    def _run(self, base: Changes | None = None, **how: Any) -> TestRun:
        """`SuiteRunner.run` on the base, or on one that differs from the files so, within the run's time.

        Raises TimeSpent.
        """
        left = self._deadline - time.monotonic()
        if left > 0:
            run = self._runner(base).run(timeout_s=min(self._settings.suite_timeout_s, left), **how)
            if run.end is not RunEnd.TIMEOUT or time.monotonic() < self._deadline:
                return run
        raise TimeSpent("the run's time was over", "give it more: --max-minutes")

    def _runner(self, base: Changes | None = None) -> SuiteRunner:
        changes = self._base.changes() if base is None else base
        return SuiteRunner(self._sandbox.with_base(changes), self._interpreter, self._settings)

    def _trials(self, case: RepairCase, sources: Mapping[str, bytes]) -> TrialServer:
        asked = (*case.tests, *case.touching, *case.failing_elsewhere)
        files = dict.fromkeys(test.split("::", 1)[0] for test in asked)
        changed = {path: data for path, data in sources.items() if data != case.sources[path]}
        sandbox = self._sandbox.with_base({**self._base.changes_as_in(case.sources), **changed})
        return TrialServer(sandbox, self._interpreter, self._settings, sources, tuple(files), workers=WORKERS)

    def _to_trace(self, baseline: TestRun, failures: Sequence[Failure]) -> tuple[str, ...] | None:
        if baseline.seconds <= TRACE_ALL_S:
            return None
        files = {failure.test.split("::", 1)[0] for failure in failures}
        return tuple(result.test for result in baseline.results if result.path in files)

    def _case(self, group: Sequence[Failure], sources: Mapping[str, bytes]) -> RepairCase:
        found = () if is_out_of_reach(group[0], sources) else self._suspects(group, sources)
        failing = {failure.test for failure in group}
        touching = touching_tests([(s.path, s.line) for s in found], self._passing, self._coverage)
        touching = tuple(sorted(touching, key=lambda test: (self._durations.get(test, 0.0), test)))
        rest = tuple(test for test in self._passing if test not in set(touching))
        test_files = dict.fromkeys(failure.test.split("::", 1)[0] for failure in group)
        return RepairCase(
            id=digest(sorted(failing))[:8],
            failures=tuple(group),
            failure_class=classify(group[0], Importable(sources, self._base.manifests())),
            fingerprint=group_fingerprint(group),
            suspects=found,
            sources=sources,
            touching=touching,
            passing=touching + rest,
            untouchable="" if found else self._why_untouchable(group, sources),
            test_sources={path: data for path in test_files if (data := self._base.read(path)) is not None},
        )

    def _suspects(self, group: Sequence[Failure], sources: Mapping[str, bytes]) -> tuple[Suspect, ...]:
        finder = cache(lambda path: function_finder(sources.get(path, b"")))
        return self._ranked(group, sources.__contains__, lambda path, line: finder(path)(line))

    def _why_untouchable(self, group: Sequence[Failure], sources: Mapping[str, bytes]) -> str:
        ran = dict.fromkeys(line.path for line in self._ranked(group, lambda path: True, lambda path, line: ""))
        return why_untouchable(group[0], ran, self._base.editable, sources, self._settings.protected)

    def _ranked(
        self,
        group: Sequence[Failure],
        editable: Callable[[str], bool],
        function_at: Callable[[str, int], str],
    ) -> tuple[Suspect, ...]:
        return suspects(group, self._passing, self._coverage, editable=editable, function_at=function_at)


def _with_elsewhere(cases: Sequence[RepairCase]) -> tuple[RepairCase, ...]:
    """The cases, each with the tests of the others that fail near its suspects, without those that hang."""
    near = [{(suspect.path, suspect.function) for suspect in case.suspects} for case in cases]
    askable = [tuple(f.test for f in case.failures if "::" in f.test and f.exception != "Timeout") for case in cases]
    return tuple(
        replace(
            case,
            failing_elsewhere=tuple(
                t for n, tests in enumerate(askable) if n != at and near[n] & near[at] for t in tests
            ),
        )
        for at, case in enumerate(cases)
    )
