"""Items and what is to be done with each go in; the answers come out, found by as many processes as are worth it."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

from dreamscape.scanner.apart import Children, allow_time
from dreamscape.scanner.bounded import LARGE
from dreamscape.scanner.facts import LARGEST_SOURCE
from dreamscape.scanner.processors import OPENING, WORTH

AT_ONCE = 2 * LARGEST_SOURCE
"""Bytes (chosen) that the largest sources of all processes may have together, since a parse may take up to a thousand
times its size: whatever a project holds, they need no more memory than two such sources."""
PARTS = 4
"""Parts of the work for each process (chosen), so that none waits long for the last."""
T = TypeVar("T")


def spread(
    work: Callable[[T], object], items: Sequence[T], size: Callable[[T], int], processes: int
) -> Iterator[tuple[T, Any, str]]:
    """Each item once, in any order, with what ``work`` says of it (made of what `marshal` can write), or None and why
    nothing can be said: it ends its process, or keeps it busy for too long."""

    def answer(part: Sequence[T]) -> bytes:
        said = []
        for item in part:
            allow_time()
            said.append(work(item))
        return marshal.dumps(said)

    waiting = _parts(items, size, processes)
    running: dict[int, Sequence[T]] = {}
    with Children() as children:
        while waiting or running:
            while len(running) < processes and (part := _next(waiting, running.values(), size)):
                running[children.begin(lambda part=part: answer(part))] = part  # type: ignore[misc]  # a default
            name, told, why = children.next_ended()
            part = running.pop(name)
            if not why:
                yield from ((item, said, "") for item, said in zip(part, marshal.loads(told), strict=True))
            elif len(part) == 1:
                yield part[0], None, why
            else:
                waiting[:0] = [[item] for item in part]  # so that the one it dies of is found


def _parts(items: Sequence[T], size: Callable[[T], int], processes: int) -> list[Sequence[T]]:
    """Parts of about equal size, the largest items first; what is large stands alone."""
    ordered = sorted(items, key=size, reverse=True)
    room = max(sum(size(item) + OPENING for item in items) // (processes * PARTS), WORTH)
    parts: list[Sequence[T]] = []
    part: list[T] = []
    filled = 0
    for item in ordered:
        if part and (size(part[0]) > LARGE or filled + size(item) + OPENING > room):
            parts.append(part)
            part, filled = [], 0
        part.append(item)
        filled += size(item) + OPENING
    return [*parts, part] if part else parts


def _next(waiting: list[Sequence[T]], running: Collection[Sequence[T]], size: Callable[[T], int]) -> Sequence[T] | None:
    """Takes the first part that the running ones leave memory for."""
    room = AT_ONCE - sum(size(part[0]) for part in running)
    for at, part in enumerate(waiting):
        if size(part[0]) <= room or not running:
            return waiting.pop(at)
    return None
