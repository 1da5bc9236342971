"""A proven change goes in and lands, proven anew where the branch has moved; what has landed can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dreamscape.domain.errors import CannotGoOn, DiskFull
from dreamscape.domain.ports import Agent, Lander
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import Candidate, ItemState, Landing, WorkItem
from dreamscape.engine.book import RunBook
from dreamscape.engine.landing import HeadMoved
from dreamscape.engine.messages import message_of, with_change

LANDING_TRIES = 3
"""So often a repair is proven anew because the branch moved meanwhile, before it is left to a person (chosen)."""


@dataclass(frozen=True, slots=True)
class Landed:
    """One item's change that has landed."""

    landing: Landing
    changes: Mapping[str, bytes]
    report: ItemReport


class Landings:
    """What this run has landed, in order; the base grows and shrinks with it. Owned by the engine's thread."""

    def __init__(self, agent: Agent, lander: Lander, book: RunBook) -> None:
        self._agent = agent
        self._lander = lander
        self._book = book
        self._landed: list[Landed] = []
        self.bases = 0
        """How often the base has changed; a number for each base."""

    def __len__(self) -> int:
        return len(self._landed)

    @property
    def move_the_tree(self) -> bool:
        """Whether landing changes the files that tests are run on top of."""
        return self._lander.mode == "commit"

    def changes(self) -> dict[str, bytes]:
        """The changed files as they are now."""
        return {path: data for landed in self._landed for path, data in landed.changes.items()}

    def land(self, item: WorkItem, candidate: Candidate, report: ItemReport) -> ItemReport:
        """How the item ends: landed, or for a person where it may not land. Raises DiskFull."""
        changes = candidate.applied_to(item.case.sources)
        report = replace(with_change(report, item.case, candidate), why=f"{candidate.summary}; {report.why}")
        subject, trailers = message_of(self._book.run, report)

        def land() -> ItemReport:
            landing, landed = self._book.land(report, self._lander, changes, item.case.sources, subject, trailers)
            self._agent.advance(changes)
            self._landed.append(Landed(landing, changes, landed))
            self.bases += 1
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
                self.bases += 1
                for landed in self._landed:
                    self._agent.retreat(landed.changes)  # the new head holds them, as they are there now
                with self._agent.bench(item.case) as bench:
                    proof = bench.prove(candidate)
                if not proof.holds:
                    raise CannotGoOn(f"{moved}, and there {proof.why}") from moved
        raise CannotGoOn("the branch moved each time it was proven")

    def take_back_last(self, broken: Sequence[str]) -> bool:
        """Takes the last landing back because of the tests that broke; False where other edits are in the way."""
        last = self._landed.pop()
        why = f"taken back: {broken[0]} broke in the final run"
        try:
            self._book.take_back(last.report.id, self._lander, last.landing, why)
        except CannotGoOn as refusal:
            said = f"{broken[0]} broke, and {last.landing.commit} could not be taken back: {refusal}"
            self._book.notes.append(said)
            return False
        self._agent.retreat(last.changes)
        self._book.branch = self._book.branch if self._landed else None
        return True
