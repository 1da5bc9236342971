"""Items go in; models of this machine search for them, in turns while others wait; what a turn came to comes out."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile

from dreamscape.domain.models import Decision
from dreamscape.domain.ports import Agent
from dreamscape.domain.repair import WorkItem
from dreamscape.engine.deadlines import first_turn_until, search_until
from dreamscape.engine.fitting import is_same_search
from dreamscape.engine.progress import Progress, Solution
from dreamscape.engine.solving import Solver

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Begun:
    """One item as its search began: ``decision`` is about the models here, ``outside`` about those asked afterwards.
    ``is_cut_short`` where the run's time has ended it, and not its own."""

    item: WorkItem
    decision: Decision
    outside: Decision
    progress: Progress
    is_cut_short: bool = False


class Here:
    """Searches one item at a time, each on all cores."""

    def __init__(
        self,
        agent: Agent,
        solver: Solver,
        decide: Callable[[WorkItem, Progress], Decision],
        deadline: float,
        item_s: float,
        suite_s: float,
    ) -> None:
        """``decide`` says who is asked about an item, in a search that begins. ``deadline`` (`time.monotonic`) is the
        run's; an item may take ``item_s``, half of it where models outside come after; the suite takes ``suite_s``."""
        self._agent = agent
        self._solver = solver
        self._decide = decide
        self._deadline = deadline
        self._item_s = item_s
        self._suite_s = suite_s
        self.put_off: dict[str, Begun] = {}
        """What made way for others and is to go on, by its item's id."""

    def begun(self, item: WorkItem) -> Begun:
        """The item's search, new, or as it was put off; it begins anew where what landed since changed its files."""
        before = self.put_off.pop(item.id, None)
        if before is not None and is_same_search(before.item.case, item.case):
            return before
        progress = Progress()
        if before is not None:
            before.progress.give_up()
            progress.attempts, progress.booked = before.progress.attempts, before.progress.booked
            progress.seconds = before.progress.seconds
        decision = self._decide(item, progress)
        here = tuple(takewhile(lambda card: not card.is_outside, decision.order))
        outside = decision.order[len(here) :]
        to_come = replace(decision, order=outside, why="")
        ours = replace(decision, order=here, why="", stop="") if outside else decision
        return Begun(item, ours, to_come, progress)

    def search(self, begun: Begun, item: WorkItem, *, others_wait: bool, makes_way: bool) -> Solution:
        """What is found for the item, as it is now. While others wait, it gets half of what time is left at the most;
        if it makes way, it is put off where it has found nothing in a first, short turn. Raises TimeSpent."""
        began, progress = time.monotonic(), begun.progress
        share_s = self._item_s / 2 if begun.outside.order else self._item_s
        left_s = max(0.0, share_s - progress.seconds)
        deadline = search_until(began, left_s, self._deadline, self._suite_s, others_wait=others_wait)
        put_off_at = first_turn_until(began, share_s) if makes_way else math.inf
        try:
            with self._agent.bench(item.case) as bench:
                return self._solver.solve(item, begun.decision, bench, deadline, progress, put_off_at)
        finally:
            ended = time.monotonic()
            progress.seconds += ended - began
            begun.is_cut_short = deadline < began + left_s and ended >= deadline
            if progress.put_off is not None:
                logger.info("  nothing yet: it goes on once the others had their turn")
                self.put_off[item.id] = begun
