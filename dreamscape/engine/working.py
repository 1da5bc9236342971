"""Work items go in; each is seen through to landing, review or giving up: here one by one, outside several at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import dropwhile

from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.events import EventKind
from dreamscape.domain.failures import Failure, FailureClass, digest
from dreamscape.domain.models import Decision
from dreamscape.domain.ports import Agent, History, Models
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import ItemState, WorkItem
from dreamscape.domain.runs import TestRun
from dreamscape.domain.settings import HealSettings
from dreamscape.engine.book import RunBook
from dreamscape.engine.concluding import TIME_OVER, Concluder
from dreamscape.engine.crew import Search
from dreamscape.engine.fitting import on_new_base
from dreamscape.engine.here import Begun, Here
from dreamscape.engine.landings import Landings
from dreamscape.engine.outside import Outside, where
from dreamscape.engine.past import Past
from dreamscape.engine.progress import Progress
from dreamscape.engine.queue import AGAIN, ImpactOf, LookCloser, WorkQueue, by_impact
from dreamscape.engine.reports import item_report
from dreamscape.engine.solving import Solver
from dreamscape.tools.interrupts import interrupts_held_back

logger = logging.getLogger(__name__)

HOPELESS = {
    FailureClass.MISSING_DEPENDENCY: "a module is neither installed nor in the project (install it, or bring it back)",
    FailureClass.NETWORK: "it looks for a network, which tests get neither in the sandbox nor on this machine",
    FailureClass.FIXTURE: "the test asks for a fixture that the project does not have, and tests are never changed",
}
"""What no change of the code can repair, and why."""

OUTDATED = "what was found for it did not fit what landed meanwhile"


class WorkOff:
    """One run's work: models here first, then those outside, which are asked about several items at once.

    All that touches memory, repository or base happens in the thread that calls `see_through`.
    """

    def __init__(
        self,
        agent: Agent,
        models: Models,
        history: History,
        solver: Solver,
        impact_of: ImpactOf,
        look_closer: LookCloser,
        settings: HealSettings,
        book: RunBook,
        landings: Landings,
        baseline: TestRun,
        deadline: float,
    ) -> None:
        """``deadline`` (`time.monotonic`) is the run's."""
        self._agent = agent
        self._models = models
        self._past = Past(history)
        self._impact_of = impact_of
        self._look_closer = look_closer
        self._settings = settings
        self._book = book
        self._landings = landings
        self._baseline = baseline
        self._deadline = deadline
        item_s, suite_s = settings.item_minutes * 60, baseline.seconds
        self._concluder = Concluder(agent, book, landings)
        self._here = Here(agent, solver, self._decide_here, deadline, item_s, suite_s)
        self._outside = Outside(agent, solver, landings, self._decide_outside, deadline, item_s, suite_s)
        self._queue = WorkQueue(())
        self._tried = 0
        self._outdated: set[str] = set()
        self._settled: list[Failure] = []

    def items_of(self, failures: Sequence[Failure], beside: Sequence[Failure] = ()) -> list[WorkItem]:
        """What fails as work, in order; ``beside`` fails as well, and is in work."""
        if not failures:
            return []
        logger.info("looking for the lines that what fails points at")
        cases = self._agent.cases(self._baseline, failures, [*self._settled, *beside])
        return by_impact(cases, self._impact_of)

    def see_through(self, items: Sequence[WorkItem]) -> None:
        """Sees every item through, as far as time allows."""
        for item in items:
            case, files = item.case, [suspect.path for suspect in item.case.suspects[:1]]
            data = {"tests": list(case.tests), "impact": round(item.impact, 3), "files": files}
            self._book.tell(EventKind.ITEM_FOUND, item.id, **data)
        self._queue = WorkQueue(items)
        while self._queue or self._outside.waiting:
            try:
                self._work_here()
            finally:  # what was put off is in the books even where this is interrupted
                for begun in self._here.put_off.values():
                    self._give_up(begun)
                self._here.put_off.clear()
            self._work_outside()

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    @property
    def _others_wait(self) -> bool:
        return bool(self._queue or self._outside.waiting or len(self._outside.begun) > 1)

    def _work_here(self) -> None:
        """Takes the queue to its end; what only models outside may still solve then waits for them."""
        queue, put_off = self._queue, self._here.put_off
        while queue:
            is_full = self._tried >= self._settings.max_items and len(queue) > len(put_off)
            if self._is_over or is_full:
                self._leave()
                continue
            item, earlier = queue.take(len(self._landings))
            if item.id in put_off:
                logger.info("going on with %s", where(item))
            elif earlier is None:
                self._tried += 1
                count = self._tried + len(queue) - len(put_off)
                logger.info("case %d of %d: %s", self._tried, count, where(item))
            report = earlier or self._try_here(item)
            if report is not None:
                self._end(item, report)

    def _leave(self) -> None:
        """Takes out of the queue what this run does not come to: all of it, or, while there is time, what has not
        begun."""
        is_over, left, put_off = self._is_over, list(self._queue), self._here.put_off
        why = TIME_OVER if is_over else f"a run takes {self._settings.max_items} items"
        self._queue.renew(item for item, _ in left if item.id in put_off and not is_over)
        for item, earlier in left:
            if item.id not in put_off:
                self._book.record(earlier or item_report(item, ItemState.DEFERRED, why))
            elif is_over:
                begun = put_off.pop(item.id)
                self._give_up(begun)
                so_far, seconds = begun.progress.solution(None), begun.progress.seconds
                self._book.record(self._concluder.conclude(item, so_far, seconds, cut_short=True))

    def _give_up(self, begun: Begun) -> None:
        """Ends the search of an item that was put off."""
        begun.progress.give_up()
        self._book_attempts(begun.item, begun.progress)

    def _try_here(self, item: WorkItem) -> ItemReport | None:
        """Tries to repair one item; how it ended, or None where it was put off or waits for models outside."""
        hopeless = HOPELESS.get(item.case.failure_class)
        if hopeless is not None:
            return item_report(item, ItemState.SKIPPED, f"{hopeless}: {item.case.failures[0].headline}")
        if not item.case.suspects:
            return item_report(item, ItemState.UNSOLVED, item.case.untouchable)
        begun, makes_way = self._here.begun(item), self._queue.may_put_off(item)
        try:
            solution = self._here.search(begun, item, others_wait=self._others_wait, makes_way=makes_way)
            self._book_attempts(item, begun.progress)
            if item.id in self._here.put_off:
                self._queue.put_off(item)
                return None
            if begun.outside.order and solution.proven is None:
                self._outside.add(item, begun.outside, begun.progress)
                return None
            return self._concluder.conclude(item, solution, begun.progress.seconds, cut_short=begun.is_cut_short)
        except TimeSpent:
            self._book_attempts(item, begun.progress)
            return replace(item_report(item, ItemState.DEFERRED, TIME_OVER), seconds=begun.progress.seconds)

    def _decide_here(self, item: WorkItem, progress: Progress) -> Decision:
        """Who is asked about an item, here and outside, as far as is known when its search begins."""
        decision = self._models.decide(item, self._past.attempts())
        progress.asked = self._past.asked()
        models = [card.name for card in decision.order]
        self._book.tell(EventKind.ITEM_DECIDED, item.id, models=models, why=decision.why)
        self._look_closer_if_wanted(decision, item, progress)
        return decision

    def _look_closer_if_wanted(self, decision: Decision, item: WorkItem, progress: Progress) -> None:
        """Has the scan say more of a module whose repairs keep failing, for whoever is asked next, and for a person."""
        if decision.looks_closer and not progress.signals:
            progress.signals = self._look_closer(item.case.suspects[0].path)

    def _decide_outside(self, search: Search) -> Decision:
        """Who outside is asked about an item whose turn it is, after all that was learned and spent meanwhile."""
        item = search.item
        decision = self._models.decide(item, self._past.attempts())
        self._look_closer_if_wanted(decision, item, search.progress)
        models = [card.name for card in decision.order if card.is_outside]
        self._book.tell(EventKind.ITEM_DECIDED, item.id, models=models, why=decision.why)
        return replace(decision, order=tuple(dropwhile(lambda card: not card.is_outside, decision.order)))

    def _work_outside(self) -> None:
        """Asks about all that waits. What models have answered is in the books even where this is interrupted."""
        try:
            with closing(self._outside.ended()) as ended:
                for search in ended:
                    self._book_attempts(search.item, search.progress)
                    self._end_search(search)
        except BaseException:
            for search in (*self._outside.begun, *self._outside.waiting):
                self._book_attempts(search.item, search.progress)
            raise

    def _end_search(self, search: Search) -> None:
        if search.repaired_by is not None:
            self._record_repaired(search.item, search.item.case.tests, search.repaired_by)
            return
        report = self._concluder.conclude_search(search)
        if report is not None:
            self._end(search.item, report)
        elif not self._outdated.isdisjoint(search.item.case.tests):
            self._end(search.item, item_report(search.item, ItemState.UNSOLVED, OUTDATED))
        else:
            self._work_anew_on(search.item)

    def _work_anew_on(self, item: WorkItem) -> None:
        """Puts an item back, as it is on the base as it is."""
        self._outdated.update(item.case.tests)
        beside = (*self._outside.begun, *self._outside.waiting)
        try:
            self._queue.put_last(self.items_of(item.case.failures, _failures_of(s.item for s in beside)))
        except TimeSpent:
            self._end(item, item_report(item, ItemState.DEFERRED, TIME_OVER))

    def _end(self, item: WorkItem, report: ItemReport) -> None:
        """Records how an item ended, unless it is to be worked on once more, whole or in parts."""
        queue, others_wait = self._queue, self._others_wait
        can_gain = item.id in self._concluder.partial
        if can_gain and queue.put_back(item, report, len(self._landings), others_wait=others_wait):
            return
        is_deferred = report.state is ItemState.DEFERRED and not self._is_over
        if is_deferred and queue.put_back(item, report, AGAIN, others_wait=others_wait):
            return
        parts = self._agent.split(item.case) if report.state is ItemState.UNSOLVED else ()
        if len(parts) > 1:
            self._book.take_apart(report)
            queue.put_first(by_impact(parts, self._impact_of))
            return
        if report.state is not ItemState.LANDED:  # what landed is recorded with its landing
            self._book.record(report)
        if report.state in (ItemState.REVIEW, ItemState.UNSOLVED):
            self._settled += item.case.failures
        if report.state is ItemState.LANDED and others_wait:
            with suppress(TimeSpent):
                self._renew_after(report)

    def _renew_after(self, landed: ItemReport) -> None:
        """What is still to do on the new base: some items may be gone, and the lines of others have moved."""
        waiting = self._outside.waiting
        flying = [s for s in self._outside.begun if s.item.id != landed.id and s.repaired_by is None]
        items = [*(item for item, _ in self._queue), *(search.item for search in waiting)]
        tests = [f.test for f in _failures_of((*items, *(search.item for search in flying)))]
        repaired = set(tests).difference(self._agent.failing(tests, {}))
        for item in items:
            self._record_repaired(item, repaired, landed)
        for search in flying:
            self._carry_over(search, repaired, landed)
        failures = [failure for failure in _failures_of(items) if failure.test not in repaired]
        fresh = self.items_of(failures, _failures_of(s.item for s in flying if s.repaired_by is None))
        # What was found for an item that waits was found on the old base: it is searched for anew.
        known = {search.item.id: search for search in waiting if not search.progress.plausible}
        self._queue.renew(item for item in fresh if item.id not in known)
        waiting[:] = [_with_item(known[item.id], item) for item in fresh if item.id in known]
        for gone in self._here.put_off.keys() - {item.id for item in fresh}:
            self._give_up(self._here.put_off.pop(gone))

    def _carry_over(self, search: Search, repaired: Collection[str], landed: ItemReport) -> None:
        """Tells a search that goes on what has landed beside it."""
        item = search.item
        if set(item.case.tests) <= set(repaired):
            search.repaired_by, search.progress.is_stopped = landed, True
            return
        self._record_repaired(item, repaired, landed)
        held = [t for report in self._book.items() if report.state is ItemState.LANDED for t in report.tests]
        case = on_new_base(item.case, self._landings.changes(), [*held, *repaired])
        search.item = replace(item, case=case)

    def _record_repaired(self, item: WorkItem, repaired: Collection[str], landed: ItemReport) -> None:
        """Those tests of an item that the landing of another repaired."""
        if tests := tuple(test for test in item.case.tests if test in repaired):
            why = f"the repair of {landed.tests[0]} repaired it, too"
            report = replace(item_report(item, ItemState.LANDED, why), id=digest(sorted(tests))[:8])
            report = replace(report, tests=tests, model=landed.model, files=landed.files, commit=landed.commit)
            self._book.record_also_repaired(report, landed.id)

    def _book_attempts(self, item: WorkItem, progress: Progress) -> None:
        """What models did and took since last time; nothing is booked twice, or lost to an interrupt."""
        with interrupts_held_back():
            fresh = progress.attempts[progress.booked :]
            records = self._book.record_attempts(item, fresh, progress.booked + 1, progress.features)
            self._past.add(records)
            progress.booked += len(fresh)


def _failures_of(items: Iterable[WorkItem]) -> list[Failure]:
    return [failure for item in items for failure in item.case.failures]


def _with_item(search: Search, item: WorkItem) -> Search:
    """A search that waits, with its item as it is now."""
    search.item = item
    return search
