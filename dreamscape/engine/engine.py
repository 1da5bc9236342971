"""AutomationEngine: failing tests go in; landed repairs, review cases and a report come out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dreamscape.domain.errors import CannotGoOn, DiskFull, TimeSpent
from dreamscape.domain.events import EventKind
from dreamscape.domain.failures import Failure, FailureClass, digest
from dreamscape.domain.ports import Agent, Clock, History, Lander, Models
from dreamscape.domain.records import HealReport, ItemReport, Plan
from dreamscape.domain.repair import Candidate, ItemState, Landing, WorkItem
from dreamscape.domain.runs import RunEnd, TestRun
from dreamscape.domain.settings import HealSettings
from dreamscape.engine.baseline import refuse_untestable
from dreamscape.engine.book import RunBook, item_report, set_aside_report
from dreamscape.engine.deadlines import search_until
from dreamscape.engine.diffs import diff_of
from dreamscape.engine.file_signals import seconds_by_file
from dreamscape.engine.landing import HeadMoved
from dreamscape.engine.messages import message_of, with_change
from dreamscape.engine.queue import AGAIN, ImpactOf, WorkQueue, by_impact
from dreamscape.engine.regressions import broken_among, newly_failing
from dreamscape.engine.solving import Solution, Solver

logger = logging.getLogger(__name__)

HOPELESS = {
    FailureClass.MISSING_DEPENDENCY: "a module is neither installed nor in the project (install it, or bring it back)",
    FailureClass.NETWORK: "it looks for a network, which tests get neither in the sandbox nor on this machine",
    FailureClass.FIXTURE: "the test asks for a fixture that the project does not have, and tests are never changed",
}
"""What no change of the code can repair, and why."""

TIME_OVER = "the run's time was over"

LANDING_TRIES = 3
"""So often a repair is proven anew because the branch moved meanwhile, before it is left to a person (chosen)."""

BY_CHANCE = "it passed in the first run of the suite and failed in the last, by chance"


@dataclass(frozen=True, slots=True)
class _Landed:
    landing: Landing
    changes: Mapping[str, bytes]
    report: ItemReport


class AutomationEngine:
    """Takes failing tests in order of impact and sees each through to landing, review or giving up."""

    def __init__(
        self,
        agent: Agent,
        models: Models,
        lander: Lander,
        history: History,
        solver: Solver,
        impact_of: ImpactOf,
        clock: Clock,
        settings: HealSettings,
    ) -> None:
        self._agent = agent
        self._models = models
        self._lander = lander
        self._history = history
        self._solver = solver
        self._impact_of = impact_of
        self._clock = clock
        self._settings = settings
        self._deadline = 0.0
        self._suite_s = 0.0
        self._landed: list[_Landed] = []
        self._partial: set[str] = set()
        self._settled: list[Failure] = []

    def heal(
        self,
        run: str,
        base: str | None,
        approve: Callable[[Plan], bool],
        sandbox: str = "",
        notes: Sequence[str] = (),
        began: float | None = None,
    ) -> HealReport:
        """One run, from the first test to the last; ``base`` is the commit it starts from, ``sandbox`` its level, and
        its time counts from ``began`` (`time.monotonic`; else from now).

        Raises DreamscapeError where it cannot go on. Interrupted, it saves what there is and lets the interrupt pass.
        """
        self._deadline = (time.monotonic() if began is None else began) + self._settings.max_minutes * 60
        self._agent.limit_to(self._deadline)
        book = RunBook(run, base, self._lander.mode, self._history, self._clock)
        book.notes += notes
        with book.open(sandbox):
            report = self._heal(book, approve)
        book.close(report)
        return report

    def _heal(self, book: RunBook, approve: Callable[[Plan], bool]) -> HealReport:
        baseline = self._baseline(book)
        if not baseline.failures:
            return book.report(baseline.tally, _code_of_green(baseline))
        try:
            logger.info("failing: %d; running them again, each alone, then afresh", len(baseline.failures))
            triage = self._agent.triage(baseline.failures)
            for aside in triage.set_aside:
                state = ItemState.ENVIRONMENT if aside.failure_class is FailureClass.ENVIRONMENT else ItemState.FLAKY
                book.record(set_aside_report(aside.failure, state, aside.failure_class, aside.why))
            queue = self._queue(baseline, self._without_awaiting(book, triage.confirmed))
        except TimeSpent:
            known = {test for item in book.items() for test in item.tests}
            for failure in (failure for failure in baseline.failures if failure.test not in known):
                book.record(set_aside_report(failure, ItemState.DEFERRED, FailureClass.UNKNOWN, TIME_OVER))
            return book.report(baseline.tally, 4)
        if not approve(Plan(baseline, tuple(queue), triage.set_aside, self._lander.mode)):
            for item in queue:
                book.record(item_report(item, ItemState.SKIPPED, "the plan was not approved"))
            return book.report(baseline.tally, 1)
        self._work_off(book, baseline, queue)
        out_of_time = any(item.state is ItemState.DEFERRED and item.why == TIME_OVER for item in book.items())
        if out_of_time and not self._landed:
            return book.report(None, 4)  # a suite that nothing has changed is not run once more
        final = self._final(book, baseline)
        done = all(item.state is ItemState.LANDED for item in book.items())
        green = not final.tally.failed and not final.tally.errors
        return book.report(final.tally, 4 if out_of_time else _code_of_green(final) if done and green else 1)

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def _baseline(self, book: RunBook) -> TestRun:
        logger.info("running the tests")
        run = self._agent.baseline()
        self._suite_s = run.seconds
        book.notes += [f"overruled for the run: {words}" for words in run.overridden]
        book.baseline = run.tally
        refuse_untestable(run)
        book.close_obsolete(run)
        if run.end is not RunEnd.EXITED:
            book.notes.append(f"the suite did not come to its end ({run.end.value}); what did not run is not seen")
        book.tell(
            EventKind.BASELINE_TESTED,
            passed=run.tally.passed,
            failed=run.tally.failed,
            errors=run.tally.errors,
            test_seconds=seconds_by_file(run),
        )
        return run

    def _without_awaiting(self, book: RunBook, failures: Sequence[Failure]) -> tuple[Failure, ...]:
        """Leaves out what an earlier, unmerged heal branch repairs, so that no night does the work of another."""
        pending = tuple(failures)
        for branch, changes in self._lander.unmerged() if pending else ():
            logger.info("looking at what %s repairs", branch)
            still = set(self._agent.failing([failure.test for failure in pending], changes))
            why = f"{branch} repairs it and waits to be merged"
            for failure in pending:
                if failure.test not in still:
                    state = ItemState.AWAITING_MERGE
                    book.record(set_aside_report(failure, state, FailureClass.UNKNOWN, why))
            pending = tuple(failure for failure in pending if failure.test in still)
        return pending

    def _queue(self, baseline: TestRun, failures: Sequence[Failure]) -> list[WorkItem]:
        if not failures:
            return []
        logger.info("looking for the lines that what fails points at")
        return by_impact(self._agent.cases(baseline, failures, self._settled), self._impact_of)

    def _work_off(self, book: RunBook, baseline: TestRun, items: Sequence[WorkItem]) -> None:
        """Sees every item through, as far as time allows."""
        for item in items:
            case, files = item.case, [suspect.path for suspect in item.case.suspects[:1]]
            book.tell(EventKind.ITEM_FOUND, item.id, tests=list(case.tests), impact=round(item.impact, 3), files=files)
        queue, tried = WorkQueue(items), 0
        while queue:
            if self._is_over or tried >= self._settings.max_items:
                why = TIME_OVER if self._is_over else f"a run takes {self._settings.max_items} items"
                for item, earlier in queue:
                    book.record(earlier or item_report(item, ItemState.DEFERRED, why))
                return
            item, earlier = queue.take(len(self._landed))
            if earlier is None:
                tried += 1
                logger.info("case %d of %d: %s", tried, tried + len(queue), _where(item))
            report = earlier or self._see_through(book, item, others_wait=bool(queue))
            if item.id in self._partial and queue.put_back(item, report, len(self._landed)):
                continue
            if report.state is ItemState.DEFERRED and not self._is_over and queue.put_back(item, report, AGAIN):
                continue
            parts = self._agent.split(item.case) if report.state is ItemState.UNSOLVED else ()
            if len(parts) > 1:
                book.forget(item.id)
                queue.put_first(by_impact(parts, self._impact_of))
                continue
            if report.state is not ItemState.LANDED:  # what landed is recorded with its landing
                book.record(report)
            if report.state in (ItemState.REVIEW, ItemState.UNSOLVED):
                self._settled += item.case.failures
            if report.state is ItemState.LANDED and queue:
                try:
                    queue.renew(self._after_landing(book, baseline, [item for item, _ in queue], report))
                except TimeSpent:
                    continue

    def _see_through(self, book: RunBook, item: WorkItem, *, others_wait: bool) -> ItemReport:
        """Tries to repair one item; how it ended. While others wait, it gets half of what time is left at the most."""
        began = time.monotonic()
        hopeless = HOPELESS.get(item.case.failure_class)
        if hopeless is not None:
            return item_report(item, ItemState.SKIPPED, f"{hopeless}: {item.case.failures[0].headline}")
        if not item.case.suspects:
            return item_report(item, ItemState.UNSOLVED, item.case.untouchable)
        decision = self._models.decide(item, self._history.attempts(item.case.fingerprint))
        book.tell(EventKind.ITEM_DECIDED, item.id, models=[card.name for card in decision.order], why=decision.why)
        item_s = self._settings.item_minutes * 60
        deadline = search_until(began, item_s, self._deadline, self._suite_s, others_wait=others_wait)
        try:
            with self._agent.bench(item.case) as bench:
                solution = self._solver.solve(item, decision, bench, deadline)
                book.record_attempts(item, solution.attempts)
            cut_short = deadline < began + item_s and time.monotonic() >= deadline
            return self._conclude(book, item, solution, time.monotonic() - began, cut_short=cut_short)
        except TimeSpent:
            return replace(item_report(item, ItemState.DEFERRED, TIME_OVER), seconds=time.monotonic() - began)

    def _conclude(
        self, book: RunBook, item: WorkItem, solution: Solution, seconds: float, *, cut_short: bool
    ) -> ItemReport:
        report = replace(
            item_report(item, ItemState.UNSOLVED, solution.why),
            model=solution.model or (solution.attempts[-1].card.name if solution.attempts else None),
            attempts=sum(attempt.candidates for attempt in solution.attempts),
            cost_usd=sum(attempt.cost_usd for attempt in solution.attempts),
            seconds=seconds,
        )
        for candidate in solution.turned_down:
            book.keep_turned_down(with_change(report, item.case, candidate))
        if solution.proven is not None:
            return self._land(book, item, solution.proven, report)
        if solution.choice is None:
            return replace(report, state=ItemState.DEFERRED, why=TIME_OVER) if cut_short else report
        choice = solution.choice
        if choice.is_partial:
            self._partial.add(item.id)
        return replace(
            with_change(report, item.case, choice.best),
            state=ItemState.REVIEW,
            rivals=tuple(diff_of(item.case, rival) for rival in choice.rivals),
            examples=choice.examples,
        )

    def _land(self, book: RunBook, item: WorkItem, candidate: Candidate, report: ItemReport) -> ItemReport:
        changes = candidate.applied_to(item.case.sources)
        report = replace(with_change(report, item.case, candidate), why=f"{candidate.summary}; {report.why}")
        subject, trailers = message_of(book.run, report)

        def land() -> ItemReport:
            landing, landed = book.land(report, self._lander, changes, item.case.sources, subject, trailers)
            self._agent.advance(changes)
            self._landed.append(_Landed(landing, changes, landed))
            return landed

        try:
            return self._land_where_proven(item, candidate, land)
        except DiskFull:
            raise
        except CannotGoOn as refusal:
            return replace(report, state=ItemState.REVIEW, why=f"proven, but it could not land: {refusal}")

    def _land_where_proven(self, item: WorkItem, candidate: Candidate, land: Callable[[], ItemReport]) -> ItemReport:
        """Lands, after a new proof where somebody committed meanwhile. Raises CannotGoOn where it may not land."""
        for _ in range(LANDING_TRIES):
            try:
                return land()
            except HeadMoved as moved:
                if self._lander.mode != "commit":
                    raise
                self._lander.catch_up()
                for landed in self._landed:
                    self._agent.retreat(landed.changes)  # the new head holds them, as they are there now
                with self._agent.bench(item.case) as bench:
                    proof = bench.prove(candidate)
                if not proof.holds:
                    raise CannotGoOn(f"{moved}, and there {proof.why}") from moved
        raise CannotGoOn("the branch moved each time it was proven")

    def _after_landing(
        self, book: RunBook, baseline: TestRun, queue: Sequence[WorkItem], landed: ItemReport
    ) -> list[WorkItem]:
        """What is still to do on the new base: some items may be gone, and the lines of others have moved."""
        failures = [failure for item in queue for failure in item.case.failures]
        still = set(self._agent.failing([failure.test for failure in failures], {}))
        for item in queue:
            if repaired := tuple(test for test in item.case.tests if test not in still):
                why = f"the repair of {landed.tests[0]} repaired it, too"
                report = replace(item_report(item, ItemState.LANDED, why), id=digest(sorted(repaired))[:8])
                report = replace(report, tests=repaired, model=landed.model, files=landed.files, commit=landed.commit)
                book.record_also_repaired(report, landed.id)
        return self._queue(baseline, [failure for failure in failures if failure.test in still])

    def _final(self, book: RunBook, baseline: TestRun) -> TestRun:
        """A fresh full run of the result; what broke although it was proven is taken back, the last landing first."""
        logger.info("running the tests once more")
        final = self._agent.final()
        while broken := self._regressions(book, baseline, final):
            last = self._landed.pop()
            why = f"taken back: {broken[0]} broke in the final run"
            try:
                book.take_back(last.report.id, self._lander, last.landing, why)
            except CannotGoOn as refusal:
                book.notes.append(f"{broken[0]} broke, and {last.landing.commit} could not be taken back: {refusal}")
                return final
            self._agent.retreat(last.changes)
            book.branch = book.branch if self._landed else None
            final = self._agent.final()
        return final

    def _regressions(self, book: RunBook, baseline: TestRun, final: TestRun) -> tuple[str, ...]:
        """What this run has broken; what only fails by chance is told as flaky."""
        failures = newly_failing(baseline, final)
        broken = broken_among(self._agent, failures) if self._landed else ()
        for failure in (failure for failure in failures if failure.test not in broken):
            book.record(set_aside_report(failure, ItemState.FLAKY, FailureClass.FLAKY, BY_CHANCE))
        return broken


def _where(item: WorkItem) -> str:
    """The file an item is searched in first, and its test."""
    path = next((f"{suspect.path}, " for suspect in item.case.suspects), "")
    return f"{path}{item.case.tests[0]}"


def _code_of_green(run: TestRun) -> int:
    """Nothing fails; but only a suite that came to its end says that nothing is to be done."""
    return {RunEnd.EXITED: 0, RunEnd.TIMEOUT: 4}.get(run.end, 1)
