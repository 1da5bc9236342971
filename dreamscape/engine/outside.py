"""Items that wait for models outside go in; several at once are asked about, and come out in order as they end."""

from __future__ import annotations

import logging
import os
import threading
import time
from bisect import insort
from collections.abc import Callable, Generator

from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.models import Decision
from dreamscape.domain.ports import Agent
from dreamscape.domain.repair import WorkItem
from dreamscape.engine.crew import Crew, Search, SharedBench
from dreamscape.engine.deadlines import search_until
from dreamscape.engine.landings import Landings
from dreamscape.engine.progress import Progress, Solution
from dreamscape.engine.solving import Solver

logger = logging.getLogger(__name__)


class Outside:
    """Asks about what waits, the highest impact first; only what judges takes turns, since the cores are few."""

    def __init__(
        self,
        agent: Agent,
        solver: Solver,
        landings: Landings,
        decide: Callable[[Search], Decision],
        deadline: float,
        item_s: float,
        suite_s: float,
    ) -> None:
        """``decide`` says who is asked about an item whose turn it is. ``deadline`` (`time.monotonic`) is the run's; an
        item may take ``item_s``, the suite takes ``suite_s``."""
        self._agent = agent
        self._solver = solver
        self._landings = landings
        self._decide = decide
        self._deadline = deadline
        self._item_s = item_s
        self._suite_s = suite_s
        self._turns = threading.Semaphore(os.cpu_count() or 1)
        self.waiting: list[Search] = []
        self.begun: list[Search] = []
        """Those that run, or have ended and are not yet done with."""

    def add(self, item: WorkItem, decision: Decision, progress: Progress) -> None:
        """Puts an item behind those of at least its impact; whoever is asked first gets ready meanwhile."""
        if not self.waiting:
            self._solver.warm_up(next(card for card in decision.order if card.is_outside))
        insort(self.waiting, Search(item, decision, progress, item), key=lambda search: -search.item.impact)

    def ended(self) -> Generator[Search, None, None]:
        """Each search once it has ended, in the order they began, until none waits; what is added meanwhile as well.

        From the run's deadline on, nobody is asked any more, and what has not ended comes as it is.
        """
        if not self.waiting:
            return
        size = max(map(self._size_for, self.waiting))
        logger.info("asking models outside about %d cases, up to %d at once", len(self.waiting), size)
        in_rounds = self._landings.move_the_tree
        with Crew(self._search, self._solver.stop_asking, size, in_rounds=in_rounds) as crew:
            self.begun = crew.searches
            while self.waiting or self.begun:
                if time.monotonic() >= self._deadline:
                    crew.stop()
                    self._give_up()
                # Who begins later begins on a newer base, so that what has ended lands first.
                while self.waiting and crew.has_room and not crew.is_first_ended:
                    self._begin(crew)
                crew.wait(self._deadline, others_wait=bool(self.waiting))
                if crew.is_first_ended:
                    search = self.begun[0]
                    yield search
                    self.begun.remove(search)

    def _size_for(self, search: Search) -> int:
        return max(self._solver.at_once(card) for card in search.decision.order if card.is_outside)

    def _begin(self, crew: Crew) -> None:
        search = self.waiting.pop(0)
        search.decision = self._decide(search)
        began = time.monotonic()
        item_s = max(0.0, self._item_s - search.progress.seconds)
        others_wait = bool(self.waiting)
        search.deadline = search_until(began, item_s, self._deadline, self._suite_s, others_wait=others_wait)
        search.is_cut_short = search.deadline < began + item_s
        search.given, search.base = search.item, self._landings.bases
        search.progress.label = f"{where(search.item)}: "
        crew.begin(search)

    def _search(self, search: Search) -> Solution:
        """In a thread of its own."""
        began, progress = time.monotonic(), search.progress
        try:
            with self._agent.bench(search.given.case) as bench:
                shared = SharedBench(bench, self._turns, progress)
                return self._solver.solve(search.given, search.decision, shared, search.deadline, progress)
        finally:
            progress.seconds += time.monotonic() - began
            search.is_cut_short = progress.is_stopped or (search.is_cut_short and time.monotonic() >= search.deadline)

    def _give_up(self) -> None:
        for search in self.waiting:
            search.outcome = TimeSpent("nobody was asked")
        self.begun += self.waiting
        self.waiting.clear()


def where(item: WorkItem) -> str:
    """The file an item is searched in first, and its test."""
    path = next((f"{suspect.path}, " for suspect in item.case.suspects), "")
    return f"{path}{item.case.tests[0]}"
