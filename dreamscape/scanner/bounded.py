"""Measures a large source in a process of its own, whose time is bounded: some sources cost the parser time that grows
with the square of their size (an f-string with very many fields, on Python 3.11), and no exception ends that."""

from __future__ import annotations

import os

from dreamscape.scanner.facts import Reading, Unreadable
from dreamscape.scanner.forms import reading_in, text_of
from dreamscape.scanner.measure import measure

LARGE = 128 * 1024
"""Bytes (chosen): few sources are larger, and the worst found of this size costs about a second."""


def measure_bounded(source: bytes) -> Reading:
    """A source's facts; where it takes too long, that is the reason it has none."""
    if len(source) <= LARGE or not hasattr(os, "fork"):
        return measure(source)
    from dreamscape.scanner.apart import Task, Workers, allow_time

    def work(_: Task) -> bytes:
        allow_time()
        return text_of(measure(source)).encode()

    with Workers(work) as workers:
        try:
            workers.give((0, 1))
        except OSError:  # the system lets us start no process
            return measure(source)
        _, answer, why = workers.next_done()
    return Unreadable(why) if why else reading_in(answer)
