"""Searches go in and run at once, each in a thread of its own; how they ended comes out, in the order they began."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dreamscape.domain.errors import TimeSpent
from dreamscape.domain.models import Decision
from dreamscape.domain.ports import Bench
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import Candidate, Choice, Proof, Verdict, WorkItem
from dreamscape.engine.progress import Progress, Solution

ENDING_S = 10.0
"""So long a stopped search may still take to end; then it is left to end with the process (chosen)."""

SIGNALS_S = 0.5
"""A signal that comes just before the main thread begins to wait is heeded only when that wait ends; chosen."""


@dataclass(slots=True, eq=False)
class Search:
    """One item that models outside are asked about, from when it waits for its turn until it has ended.

    ``item`` is kept as it is now, ``given`` is as the search began with it, on base number ``base``. ``outcome`` is set
    once: what was found, or what kept it from ending well. ``is_cut_short`` where the run's time bounds it more than
    its own, and in the end where that ended it. ``repaired_by`` tells whose landing left it nothing to do.
    """

    item: WorkItem
    decision: Decision
    progress: Progress
    given: WorkItem
    base: int = 0
    deadline: float = 0.0
    is_cut_short: bool = False
    outcome: Solution | Exception | None = None
    repaired_by: ItemReport | None = None


class Crew:
    """At most ``size`` searches at once. Leaving the context stops those that still run and waits for their end.

    ``in_rounds`` starts none while others wait to be taken off, and hands none out while others run. For one thread.
    """

    def __init__(
        self, work: Callable[[Search], Solution], stop_asking: Callable[[], None], size: int, *, in_rounds: bool
    ) -> None:
        """``stop_asking`` ends questions that are under way."""
        self._work = work
        self._stop_asking = stop_asking
        self._size = size
        self._in_rounds = in_rounds
        self._changed = threading.Condition()
        self.searches: list[Search] = []
        """Those that run, and those that have ended and were not taken off."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running:
            self.stop()

    @property
    def has_room(self) -> bool:
        """Whether one more may begin."""
        running = len(self._running)
        return running < self._size and not (self._in_rounds and running < len(self.searches))

    @property
    def is_first_ended(self) -> bool:
        """Whether the search that began first has ended and may be taken off."""
        is_first_over = bool(self.searches) and self.searches[0].outcome is not None
        return is_first_over and not (self._in_rounds and self._running)

    def begin(self, search: Search) -> None:
        """Starts a search in a thread of its own, which does not keep the process from ending."""
        self.searches.append(search)
        threading.Thread(target=self._run, args=(search,), daemon=True, name=search.item.id).start()

    def wait(self, until: float, *, others_wait: bool) -> None:
        """Until the search that began first has ended, or there is room for others that wait, or ``until``
        (`time.monotonic`)."""

        def is_ready() -> bool:
            return self.is_first_ended or (others_wait and self.has_room)

        with self._changed:
            while not is_ready() and (left := until - time.monotonic()) > 0:
                self._changed.wait(min(left, SIGNALS_S))

    def stop(self) -> None:
        """Ends all searches: none begins anything more, and questions under way are broken off."""
        for search in self._running:
            search.progress.is_stopped = True
        self._stop_asking()
        until = time.monotonic() + ENDING_S
        with self._changed:
            self._changed.wait_for(lambda: not self._running, max(0.0, until - time.monotonic()))
            for search in self._running:
                search.outcome = TimeSpent("it was stopped")

    @property
    def _running(self) -> list[Search]:
        return [search for search in self.searches if search.outcome is None]

    def _run(self, search: Search) -> None:
        outcome: Solution | Exception
        try:
            outcome = self._work(search)
        except Exception as error:  # noqa: BLE001  # the worker's seam: one item's trouble is not the others'
            outcome = error
        with self._changed:
            search.outcome = search.outcome or outcome
            self._changed.notify_all()


class SharedBench:
    """Keeps `domain.ports.Bench` for a search among others: what it does waits for one of the turns they share."""

    def __init__(self, bench: Bench, turns: threading.Semaphore, progress: Progress) -> None:
        self._bench = bench
        self._turns = turns
        self._progress = progress

    def judge(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        """As the bench does."""
        with self._turn():
            return self._bench.judge(candidates, deadline)

    def choose(self, plausible: Sequence[Candidate]) -> Choice:
        """As the bench does."""
        with self._turn():
            return self._bench.choose(plausible)

    def alike(self, one: Candidate, other: Candidate) -> bool:
        """As the bench does."""
        with self._turn():
            return self._bench.alike(one, other)

    def prove(self, candidate: Candidate) -> Proof:
        """As the bench does."""
        with self._turn():
            return self._bench.prove(candidate)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Raises TimeSpent where the search was stopped meanwhile."""
        with self._turns:
            if self._progress.is_stopped:
                raise TimeSpent("it was stopped")
            yield
