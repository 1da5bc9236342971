"""One repair case on the bench: candidates go in; verdicts, a choice among them and a proof come out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from dreamscape.agent.choice import choose
from dreamscape.agent.evidence import little_asked
from dreamscape.agent.gate import refusal
from dreamscape.agent.half_done import half_done
from dreamscape.agent.naturalness import naturalness, reading
from dreamscape.agent.proof import Run, prove
from dreamscape.agent.reach import newly_reached
from dreamscape.agent.special_cases import answers_the_tests
from dreamscape.agent.trials import TrialServer
from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.repair import (
    Behaviour,
    Candidate,
    Choice,
    Edit,
    Proof,
    RepairCase,
    Verdict,
    VerdictState,
    smallest_edit,
)
from dreamscape.domain.runs import Coverage, Outcome

logger = logging.getLogger(__name__)

COMPARED_INPUTS = 200
"""Rivals that differ on none of so many generated inputs count as one behaviour (the project's rule of proof)."""

MOST_COMPARED = 60
"""So many plausible candidates, the likeliest, are compared; of more, none lands (chosen)."""

MOST_ELSEWHERE = 20
ELSEWHERE_S = 30.0
"""So many tests that fail elsewhere, and for so long, are asked which of several plausible candidates repairs them too
(both chosen)."""

FRESH_RIVALS_SHARE = 0.25
"""Where each candidate costs a process, those below this share of a plausible one's weight get none (chosen)."""

WARM_TOGETHER = 25
"""So many passing tests share a process when they are tried in the server before any candidate is (chosen)."""

LEAST_CPU_S = 0.3
ENOUGH_CPU_S = 10.0
MOST_FOR_A_FAILING_TEST_S = 5.0
"""A test of milliseconds gets a hundred times what it needs before it counts as endless (both chosen)."""


class CaseBench:
    """Keeps `domain.ports.Bench`; one per case, closed with its trial server.

    ``open_trials`` takes the sources that the server is to load, by path; ``coverage`` tells what each test runs on
    the base.
    """

    def __init__(
        self,
        case: RepairCase,
        run: Run,
        open_trials: Callable[[Mapping[str, bytes]], TrialServer],
        durations: Mapping[str, float],
        protected: Sequence[str],
        workers: int,
        coverage: Coverage | None = None,
    ) -> None:
        self._coverage = coverage or {}
        self._case = case
        self._run = run
        self._open_trials = open_trials
        self._durations = durations
        self._protected = protected
        self._workers = workers
        self._trials: TrialServer | None = None
        self._needs_fresh: bool | None = None
        self._held_warm: tuple[str, ...] | None = None
        self._loaded_tests: dict[str, None] = {}
        self._heaviest = 0.0

    def close(self) -> None:
        """Ends the trial server."""
        if self._trials is not None:
            self._trials.__exit__(None, None, None)
            self._trials = None

    def judge(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        """One verdict each: the gate first, then the failing tests, then those that touch the suspects."""
        refused = {c.id: why for c in candidates if (why := refusal(c, self._case.sources, self._protected))}
        admitted = [candidate for candidate in candidates if candidate.id not in refused]
        judged = self._judge_fresh(admitted, deadline) if self._is_fresh else self._judge_warm(admitted, deadline)
        verdicts = {verdict.candidate.id: verdict for verdict in judged}
        return tuple(
            Verdict(c, VerdictState.REFUSED, refused[c.id]) if c.id in refused else verdicts[c.id] for c in candidates
        )

    def choose(self, plausible: Sequence[Candidate]) -> Choice:
        """The best of those that passed, and whether it may land."""
        ranked = sorted(plausible, key=lambda candidate: -candidate.weight)[:MOST_COMPARED]
        distinct = self._distinct(ranked)
        widest = self._widest(distinct)
        choice = choose(widest, self._behaviour(widest), self._case.sources)
        if len(widest) < len(distinct):
            choice = replace(choice, why=f"it repairs more of what else fails than what also passes; {choice.why}")
        if len(plausible) > MOST_COMPARED:
            return replace(choice, may_land=False, why=f"{len(plausible)} changes pass the tests, too many to compare")
        if choice.may_land and answers_the_tests(choice.best, self._case):
            return replace(choice, may_land=False, why="it answers with the very values that the failing tests hold")
        if choice.may_land and (doubt := half_done(choice.best, self._case)):
            return replace(choice, may_land=False, why=doubt)
        if choice.may_land and (reached := newly_reached(choice.best, self._case.sources)):
            return replace(choice, may_land=False, why=f"it newly reaches for {reached}; a person has to look")
        if choice.may_land and (left := self._left_failing(choice.best)):
            why = f"{left} runs the changed lines and does not pass with it, so it may be only a part of the repair"
            return replace(choice, may_land=False, is_partial=True, why=why)
        if choice.may_land and (doubt := little_asked(self._running(choice.best, self._coverage), self._case)):
            return replace(choice, may_land=False, why=doubt)
        return choice

    def alike(self, one: Candidate, other: Candidate) -> bool:
        """Whether nothing tells the two apart: neither how they read nor any generated input."""
        alike = reading(one, self._case.sources) == reading(other, self._case.sources)
        return alike or len(self._behaviour((one, other)).groups) == 1

    def prove(self, candidate: Candidate) -> Proof:
        """Two fresh full runs."""
        changes = candidate.applied_to(self._case.sources)
        return prove(self._run, changes, self._case.tests, self._case.passing)

    @property
    def _is_fresh(self) -> bool:
        """Whether this case needs fresh processes: its file does not load, or its tests behave otherwise when warm."""
        if self._needs_fresh is None:
            self._needs_fresh = any("::" not in test for test in self._case.tests) or not self._fails_warm()
        return self._needs_fresh

    def _fails_warm(self) -> bool:
        try:
            limits = {test: LEAST_CPU_S if self._hung(test) else ENOUGH_CPU_S for test in self._case.tests}
            outcomes = self._server().baseline(self._case.tests, cpu_s_per_test=limits)
        except CannotGoOn as error:
            logger.info("each candidate gets a process of its own: %s", error)
            return False
        return all(outcomes.get(test) in (Outcome.FAILED, Outcome.ERROR) for test in self._case.tests)

    def _server(self) -> TrialServer:
        if self._trials is None:
            self._trials = self._open_trials(self._case.sources).__enter__()
        return self._trials

    def _judge_warm(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        if not candidates:
            return ()
        limits = {test: self._cpu_limit(test) for test in (*self._case.tests, *self._others)}
        return self._server().judge(
            candidates, self._case.tests, self._others, cpu_s_per_test=limits, deadline=deadline
        )

    def _cpu_limit(self, test: str) -> float:
        """Seconds. A failing test tells little of what it takes once repaired: it ends early, or never; so it is given
        what its neighbours would be given, within bounds, since endless loops are what most of the time goes to."""
        took = self._durations.get(test, 0.0)
        if test in self._case.tests:
            slowest = max((self._durations.get(other, 0.0) for other in self._others), default=0.0)
            took = max(0.0 if self._hung(test) else took, min(slowest, MOST_FOR_A_FAILING_TEST_S / 10))
        return max(LEAST_CPU_S, 10 * took)

    def _hung(self, test: str) -> bool:
        return any(failure.test == test and failure.exception == "Timeout" for failure in self._case.failures)

    @property
    def _others(self) -> tuple[str, ...]:
        """The touching tests; of a warm case those that pass in the server as it stands. The rest (expected failures,
        ids that change from process to process) is left to the proof: with them no candidate would ever pass."""
        if self._is_fresh:
            return self._case.touching
        if self._held_warm is None:
            limits = {test: max(LEAST_CPU_S, 10 * self._durations.get(test, 0.0)) for test in self._case.touching}
            ends = self._server().baseline(self._case.touching, cpu_s_per_test=limits, together=WARM_TOGETHER)
            self._held_warm = tuple(test for test in self._case.touching if ends.get(test) is Outcome.PASSED)
        return self._held_warm

    def _judge_fresh(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        verdicts: list[Verdict] = []
        with ThreadPoolExecutor(self._workers) as pool:
            for at in range(0, len(candidates), self._workers):
                some = candidates[at : at + self._workers]
                found = list(pool.map(lambda candidate: self._fresh_verdict(candidate, deadline), some))
                plausible = (v.candidate.weight for v in found if v.state is VerdictState.PLAUSIBLE)
                self._heaviest = max(self._heaviest, *plausible, 0.0)
                verdicts += found
        return tuple(verdicts)

    def _fresh_verdict(self, candidate: Candidate, deadline: float) -> Verdict:
        if time.monotonic() >= deadline:
            return Verdict(candidate, VerdictState.TIMEOUT, "no time was left to judge it")
        if candidate.weight < FRESH_RIVALS_SHARE * self._heaviest:
            return Verdict(candidate, VerdictState.TIMEOUT, "not judged: far less likely than what passed")
        changes = candidate.applied_to(self._case.sources)
        run = self._run(overrides=changes, only=self._case.tests)
        if run.failures or not run.count(Outcome.PASSED):
            return Verdict(candidate, VerdictState.STILL_FAILS, failure=next(iter(run.failures), None), tests_run=1)
        self._loaded_tests.update(dict.fromkeys(run.held))
        touching = self._run(overrides=changes, only=self._others) if self._others else run
        if touching.failures:
            return Verdict(candidate, VerdictState.BREAKS_OTHERS, failure=touching.failures[0])
        return Verdict(candidate, VerdictState.PLAUSIBLE, tests_run=len(run.results) + len(touching.results))

    def _distinct(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """One, the most natural, of all that read alike; of a name replaced here and everywhere, everywhere."""
        kept: dict[object, Candidate] = {}
        for candidate in sorted(candidates, key=lambda each: -naturalness(each, self._case.sources)):
            kept.setdefault(reading(candidate, self._case.sources), candidate)
        wide = [set(each.edits) for each in candidates if len({edit.replacement for edit in each.edits}) == 1]
        return tuple(
            each for each in candidates if each in kept.values() and not any(set(each.edits) < edits for edits in wide)
        )

    def _widest(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Those that repair the most of what fails elsewhere near the same code, since one cause is likelier than
        several; all of them where that tells nothing."""
        tests = self._case.failing_elsewhere[:MOST_ELSEWHERE]
        if len(candidates) < 2 or not tests:
            return candidates
        repaired = self._repaired(candidates, tests)
        most = max(repaired.values(), default=0)
        return [each for each in candidates if repaired[each.id] == most]

    def _left_failing(self, candidate: Candidate) -> str:
        """A test of another case that runs the lines a change changes, and does not pass with it; empty without one.

        One fault is likelier than several, and what repairs a part of its symptoms is seldom its repair.
        """
        running = self._running(candidate, self._case.failing_elsewhere)[:MOST_ELSEWHERE]
        return next((test for test in running if not self._repaired([candidate], (test,))[candidate.id]), "")

    def _running(self, candidate: Candidate, tests: Iterable[str]) -> list[str]:
        """Those of these tests that run the lines a change changes, on the base."""
        changed = [(edit.path, _lines(edit, self._case.sources[edit.path])) for edit in candidate.edits]
        ran = {test: self._coverage.get(test, {}) for test in tests}
        return [t for t in ran if any(not ran[t].get(path, frozenset()).isdisjoint(lines) for path, lines in changed)]

    def _repaired(self, candidates: Sequence[Candidate], tests: Sequence[str]) -> Counter[str]:
        """How many of these failing tests pass in time once the base is changed so, by the candidate's id."""
        if self._is_fresh:
            runs = {c.id: self._run(overrides=c.applied_to(self._case.sources), only=tests) for c in candidates}
            return Counter({each: run.count(Outcome.PASSED) for each, run in runs.items()})
        repaired = Counter[str]()
        until = time.monotonic() + ELSEWHERE_S
        for test in tests:
            limit = {test: self._cpu_limit(test)}
            verdicts = self._server().judge(candidates, (test,), (), cpu_s_per_test=limit, deadline=until)
            if time.monotonic() >= until:
                break  # whoever was judged first would have the better of the rest
            repaired.update(v.candidate.id for v in verdicts if v.state is VerdictState.PLAUSIBLE)
        return repaired

    def _behaviour(self, candidates: Sequence[Candidate]) -> Behaviour:
        if len(candidates) > 1 and not self._is_fresh:
            tests = (*self._case.tests, *self._others)
            return self._server().behaviours(candidates, tests, inputs=COMPARED_INPUTS)
        if len(candidates) > 1 and all("::" not in test for test in self._case.tests):
            return self._behaviour_once_loaded(candidates)
        return Behaviour(tuple((candidate,) for candidate in candidates), 0)

    def _behaviour_once_loaded(self, candidates: Sequence[Candidate]) -> Behaviour:
        """Compares where the case's own code does not load: the likeliest candidate's does, and each other is told as
        a change of that one."""
        sources = self._case.sources
        loaded = {**sources, **candidates[0].applied_to(sources)}
        told = {rebased(candidate, sources, loaded): candidate for candidate in candidates}
        try:
            with self._open_trials(loaded) as server:
                found = server.behaviours(tuple(told), tuple(self._loaded_tests), inputs=COMPARED_INPUTS)
        except CannotGoOn as error:
            logger.info("what passes cannot be compared: %s", error)
            return Behaviour(tuple((candidate,) for candidate in candidates), 0)
        groups = tuple(tuple(told[each] for each in group) for group in found.groups)
        return Behaviour(groups, found.inputs, found.examples)


def rebased(candidate: Candidate, sources: Mapping[str, bytes], loaded: Mapping[str, bytes]) -> Candidate:
    """The candidate as a change of other sources, with the same result."""
    wanted = {**sources, **candidate.applied_to(sources)}
    edits = (smallest_edit(path, loaded[path], wanted[path]) for path in wanted if loaded[path] != wanted[path])
    return replace(candidate, edits=tuple(edits))


def _lines(edit: Edit, source: bytes) -> range:
    """The numbers of the lines an edit touches, and of those around it, since what it inserts has none yet."""
    first = source.count(b"\n", 0, edit.start) + 1
    return range(first - 1, first + source.count(b"\n", edit.start, edit.end) + 2)
