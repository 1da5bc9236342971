"""AutomationEngine: failing tests go in; landed repairs, review cases and a report come out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.events import EventKind
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.ports import Agent, Clock, History, Lander, Models
from dreamscape.domain.records import HealReport, Plan
from dreamscape.domain.repair import ItemState
from dreamscape.domain.runs import RunEnd, TestRun
from dreamscape.domain.settings import HealSettings
from dreamscape.engine.baseline import refuse_untestable
from dreamscape.engine.book import RunBook
from dreamscape.engine.concluding import TIME_OVER
from dreamscape.engine.file_signals import seconds_by_file
from dreamscape.engine.landings import Landings
from dreamscape.engine.queue import ImpactOf, LookCloser
from dreamscape.engine.regressions import broken_among, newly_failing
from dreamscape.engine.reports import item_report, set_aside_report
from dreamscape.engine.solving import Solver
from dreamscape.engine.working import WorkOff

logger = logging.getLogger(__name__)

BY_CHANCE = "it passed in the first run of the suite and failed in the last, by chance"


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
        look_closer: LookCloser = lambda path: (),
    ) -> None:
        self._agent = agent
        self._models = models
        self._lander = lander
        self._history = history
        self._solver = solver
        self._impact_of = impact_of
        self._look_closer = look_closer
        self._clock = clock
        self._settings = settings
        self._deadline = 0.0

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
        landings = Landings(self._agent, self._lander, book)
        work = self._work(book, landings, baseline)
        try:
            logger.info("failing: %d; running them again, each alone, then afresh", len(baseline.failures))
            triage = self._agent.triage(baseline.failures)
            for aside in triage.set_aside:
                state = ItemState.ENVIRONMENT if aside.failure_class is FailureClass.ENVIRONMENT else ItemState.FLAKY
                book.record(set_aside_report(aside.failure, state, aside.failure_class, aside.why))
            items = work.items_of(self._without_awaiting(book, triage.confirmed))
        except TimeSpent:
            known = {test for item in book.items() for test in item.tests}
            for failure in (failure for failure in baseline.failures if failure.test not in known):
                book.record(set_aside_report(failure, ItemState.DEFERRED, FailureClass.UNKNOWN, TIME_OVER))
            return book.report(baseline.tally, 4)
        if not approve(Plan(baseline, tuple(items), triage.set_aside, self._lander.mode)):
            for item in items:
                book.record(item_report(item, ItemState.SKIPPED, "the plan was not approved"))
            return book.report(baseline.tally, 1)
        work.see_through(items)
        out_of_time = any(item.state is ItemState.DEFERRED and item.why == TIME_OVER for item in book.items())
        if out_of_time and not landings:
            return book.report(None, 4)  # a suite that nothing has changed is not run once more
        final = self._final(book, baseline, landings)
        done = all(item.state is ItemState.LANDED for item in book.items())
        green = not final.tally.failed and not final.tally.errors
        if out_of_time or (self._solver.is_budget_spent and not done):
            return book.report(final.tally, 4)
        return book.report(final.tally, _code_of_green(final) if done and green else 1)

    def _work(self, book: RunBook, landings: Landings, baseline: TestRun) -> WorkOff:
        return WorkOff(
            self._agent,
            self._models,
            self._history,
            self._solver,
            self._impact_of,
            self._look_closer,
            self._settings,
            book,
            landings,
            baseline,
            self._deadline,
        )

    def _baseline(self, book: RunBook) -> TestRun:
        logger.info("running the tests")
        run = self._agent.baseline()
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

    def _final(self, book: RunBook, baseline: TestRun, landings: Landings) -> TestRun:
        """A fresh full run of the result; what broke although it was proven is taken back, the last landing first."""
        logger.info("running the tests once more")
        final = self._agent.final()
        while broken := self._regressions(book, baseline, final, landings):
            if not landings.take_back_last(broken):
                return final
            final = self._agent.final()
        return final

    def _regressions(self, book: RunBook, baseline: TestRun, final: TestRun, landings: Landings) -> tuple[str, ...]:
        """What this run has broken; what only fails by chance is told as flaky."""
        failures = newly_failing(baseline, final)
        broken = broken_among(self._agent, failures) if landings else ()
        for failure in (failure for failure in failures if failure.test not in broken):
            book.record(set_aside_report(failure, ItemState.FLAKY, FailureClass.FLAKY, BY_CHANCE))
        return broken


def _code_of_green(run: TestRun) -> int:
    """Nothing fails; but only a suite that came to its end says that nothing is to be done."""
    return {RunEnd.EXITED: 0, RunEnd.TIMEOUT: 4}.get(run.end, 1)
