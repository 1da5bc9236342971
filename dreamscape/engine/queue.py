"""Repair cases go in, work items in the order of their impact come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import RepairCase, WorkItem

TELLING = 0.5
"""Suspects at least this suspicious, against the first, say how much a case matters (chosen)."""

AGAIN = -1
"""For an item put back that is to be worked on again whatever lands meanwhile."""

ImpactOf = Callable[[str, int], float]
LookCloser = Callable[[str], tuple[str, ...]]
"""What is known of a file, in sentences."""


class WorkQueue:
    """What is still to do, in order: what had no turn yet, then what had a short one and goes on; an item that could do
    better once more has landed goes to the end. Each is put off, and put back, once."""

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self._items = list(items)
        self._put_back: dict[str, tuple[int, ItemReport]] = {}
        self._put_off: set[str] = set()

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[tuple[WorkItem, ItemReport | None]]:
        """Each item, with how it ended so far where it was put back."""
        return ((item, self._put_back.get(item.id, (0, None))[1]) for item in self._items)

    def take(self, landed: int) -> tuple[WorkItem, ItemReport | None]:
        """The next item; with how it ended where it was put back and nothing more has landed since."""
        item = self._items.pop(0)
        before, report = self._put_back.get(item.id, (0, None))
        return item, report if before == landed else None

    def put_back(self, item: WorkItem, report: ItemReport, landed: int, *, others_wait: bool = False) -> bool:
        """Puts an item at the end; False where it was there before, or nothing else is left that could help it, neither
        here nor elsewhere (``others_wait``)."""
        if item.id in self._put_back or not (self._items or others_wait):
            return False
        self._put_back[item.id] = landed, report
        self._items.append(item)
        return True

    def may_put_off(self, item: WorkItem) -> bool:
        """Whether an item that was taken gets a short turn: its first one, while others wait for theirs."""
        return item.id not in self._put_off and any(other.id not in self._put_back for other in self._items)

    def put_off(self, item: WorkItem) -> None:
        """Puts an item behind all that had no turn yet."""
        self._put_off.add(item.id)
        self.renew([*self._items, item])

    def put_first(self, items: Iterable[WorkItem]) -> None:
        """Parts of an item that was taken apart."""
        self._items[:0] = items

    def put_last(self, items: Iterable[WorkItem]) -> None:
        """Items that are to be worked on anew."""
        self._items += items

    def renew(self, items: Iterable[WorkItem]) -> None:
        """The same work on a new base; what was put off stays behind, what was put back at the end."""
        self._items = sorted(items, key=lambda item: (item.id in self._put_back, item.id in self._put_off))


def by_impact(cases: Iterable[RepairCase], impact_of: ImpactOf) -> list[WorkItem]:
    """Work items, the highest impact first; ties by id, so that the same tree gives the same order."""
    items = [WorkItem(case.id, case, case_impact(case, impact_of)) for case in cases]
    return sorted(items, key=lambda item: (-item.impact, item.id))


def case_impact(case: RepairCase, impact_of: ImpactOf) -> float:
    """The highest impact among the suspects that are worth the name; 0.0 without any."""
    return max((impact_of(s.path, s.line) for s in case.suspects if s.suspiciousness >= TELLING), default=0.0)
