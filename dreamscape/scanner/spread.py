"""Items and what is to be done with each go in; the answers come out, found by as many processes as are worth it."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from dreamscape.scanner.apart import Task, Workers, allow_time
from dreamscape.scanner.bounded import LARGE
from dreamscape.scanner.facts import LARGEST_SOURCE
from dreamscape.scanner.processors import OPENING

AT_ONCE = 2 * LARGEST_SOURCE
"""Bytes (chosen) that the largest sources of all processes may have together, since a parse may take up to a thousand
times its size: whatever a project holds, they need no more memory than two such sources."""
PARTS = 8
"""Parts of the work for each process (chosen), so that none waits long for the last."""

T = TypeVar("T")


def spread(
    work: Callable[[T], object], items: Iterable[T], size: Callable[[T], int], processes: int
) -> Iterator[tuple[T, Any, str]]:
    """Each item once, in any order, with what ``work`` says of it (made of what `marshal` can write), or None and why
    nothing can be said: it ends its process, or keeps it busy for too long."""
    ordered = sorted(items, key=size, reverse=True)

    def answer(part: Task) -> bytes:
        said = []
        for item in ordered[slice(*part)]:
            allow_time()
            said.append(work(item))
        return marshal.dumps(said)

    waiting = parts_of([size(item) for item in ordered], processes)
    running: set[Task] = set()
    told: list[tuple[T, Any, str]] = []
    with Workers(answer) as workers:
        while waiting or running:
            while len(running) < processes and (part := next_part(waiting, lambda at: size(ordered[at]), running)):
                try:
                    workers.give(part)
                except OSError:  # the system lets us start no further process
                    waiting.insert(0, part)
                    processes = len(running)
                else:
                    running.add(part)
            yield from told  # while the others work
            if not running:
                yield from ((item, work(item), "") for part in waiting for item in ordered[slice(*part)])
                return
            part, said, why = workers.next_done()
            running.remove(part)
            these = ordered[slice(*part)]
            if not why:
                told = [(item, each, "") for item, each in zip(these, marshal.loads(said), strict=True)]
            elif len(these) == 1:
                told = [(these[0], None, why)]
            else:  # each for itself, so that the one it dies of is found
                told = []
                waiting[:0] = [(at, at + 1) for at in range(*part)]
    yield from told


def parts_of(sizes: Sequence[int], processes: int) -> list[Task]:
    """Where parts of about equal size begin and end, among sizes from the largest to the smallest; what is large
    stands alone."""
    room = (sum(sizes) + OPENING * len(sizes)) // (processes * PARTS)
    parts: list[Task] = []
    first = filled = 0
    for at, size in enumerate(sizes):
        if at > first and (sizes[first] > LARGE or filled + size + OPENING > room):
            parts.append((first, at))
            first, filled = at, 0
        filled += size + OPENING
    return [*parts, (first, len(sizes))] if sizes else []


def next_part(waiting: list[Task], largest: Callable[[int], int], running: Collection[Task]) -> Task | None:
    """Takes the first part that the running ones leave memory for."""
    room = AT_ONCE - sum(largest(first) for first, _ in running)
    for at, (first, _) in enumerate(waiting):
        if largest(first) <= room or not running:
            return waiting.pop(at)
    return None
