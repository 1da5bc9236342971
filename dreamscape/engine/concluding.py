"""What a search has found goes in; it lands, waits for a person, or is given up, and the item's report comes out."""

from __future__ import annotations

import logging
from dataclasses import replace

from dreamscape.domain.errors import DiskFull, DreamscapeError, TimeSpent
from dreamscape.domain.lessons import Lesson
from dreamscape.domain.ports import Agent
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import Choice, ItemState, RepairCase, WorkItem
from dreamscape.engine.book import RunBook
from dreamscape.engine.crew import Search
from dreamscape.engine.diffs import diff_of
from dreamscape.engine.fitting import fitted
from dreamscape.engine.landings import Landings
from dreamscape.engine.messages import with_change
from dreamscape.engine.progress import Solution
from dreamscape.engine.reports import item_report

logger = logging.getLogger(__name__)

TIME_OVER = "the run's time was over"


class Concluder:
    """Ends items, in the engine's thread; ``partial`` names those that may do better once something else landed."""

    def __init__(self, agent: Agent, book: RunBook, landings: Landings) -> None:
        self._agent = agent
        self._book = book
        self._landings = landings
        self.partial: set[str] = set()

    def conclude(self, item: WorkItem, solution: Solution, seconds: float, *, cut_short: bool) -> ItemReport:
        """How an item ends whose search was on the base as it is. Raises TimeSpent, DiskFull."""
        report = replace(
            item_report(item, ItemState.UNSOLVED, solution.why),
            model=solution.model or (solution.attempts[-1].card.name if solution.attempts else None),
            attempts=sum(attempt.candidates for attempt in solution.attempts),
            seconds=seconds,
            tried=tuple(map(_told, solution.tried)),
            signals=solution.signals,
        )
        for candidate in solution.turned_down:
            self._book.keep_turned_down(with_change(report, item.case, candidate))
        if solution.proven is not None:
            return self._landings.land(item, solution.proven, report)
        if solution.choice is None:
            return replace(report, state=ItemState.DEFERRED, why=TIME_OVER) if cut_short else report
        choice = solution.choice
        if choice.is_partial:
            self.partial.add(item.id)
        return replace(
            with_change(report, item.case, choice.best),
            state=ItemState.REVIEW,
            rivals=tuple(diff_of(item.case, rival) for rival in choice.rivals),
            examples=choice.examples,
        )

    def conclude_search(self, search: Search) -> ItemReport | None:
        """How an item ends that others were searched for beside; None where what was found is not good any more, since
        something else has landed. Raises DiskFull."""
        item, seconds, outcome = search.item, search.progress.seconds, search.outcome
        try:
            if isinstance(outcome, Solution) and search.base != self._landings.bases:
                outcome = self._on_new_base(outcome, search.given.case, item.case)
            if isinstance(outcome, Solution):
                return self.conclude(item, outcome, seconds, cut_short=search.is_cut_short)
        except TimeSpent as error:
            outcome = error
        match outcome:
            case None:
                return None
            case DiskFull():
                raise outcome
            case TimeSpent():
                return replace(item_report(item, ItemState.DEFERRED, TIME_OVER), seconds=seconds)
            case DreamscapeError():
                why = f"it could not be worked on: {outcome}"
            case _:
                logger.error("%sa bug in dreamscape", search.progress.label, exc_info=outcome)
                why = f"a bug in dreamscape: {type(outcome).__name__}: {outcome}"
        return replace(item_report(item, ItemState.UNSOLVED, why), seconds=seconds)

    def _on_new_base(self, solution: Solution, old: RepairCase, new: RepairCase) -> Solution | None:
        """The same changes of what the files hold now, a proven one proven anew; None where that fails."""
        told = (fitted(candidate, old.sources, new.sources) for candidate in solution.turned_down)
        turned_down = tuple(candidate for candidate in told if candidate is not None)
        proven = solution.proven and fitted(solution.proven, old.sources, new.sources)
        choice = solution.choice and _fitted(solution.choice, old, new)
        if (proven, choice) == (None, None):
            is_empty = (solution.proven, solution.choice) == (None, None)
            return replace(solution, turned_down=turned_down) if is_empty else None
        if proven is not None:
            logger.info("  %s: proving it with what has landed: the whole suite, twice", new.tests[0])
            with self._agent.bench(new) as bench:
                proof = bench.prove(proven)
            if not proof.holds:
                logger.info("%s: dropped: %s (%s)", new.tests[0], proven.summary, proof.why)
                return None
        return replace(solution, proven=proven, choice=choice, turned_down=turned_down)


def _told(lesson: Lesson) -> str:
    said = f"{lesson.model}: {lesson.said}"
    return f"{said}\n{lesson.diff}" if lesson.diff else said


def _fitted(choice: Choice, old: RepairCase, new: RepairCase) -> Choice | None:
    best = fitted(choice.best, old.sources, new.sources)
    rivals = (fitted(rival, old.sources, new.sources) for rival in choice.rivals)
    if best is None:
        return None
    return replace(choice, best=best, rivals=tuple(rival for rival in rivals if rival is not None))
