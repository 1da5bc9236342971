"""Measures a large source in a process of its own, whose time is bounded: some sources cost the parser time that grows
with the square of their size (an f-string with very many fields, on Python 3.11), and no exception ends that."""

from __future__ import annotations

import json
import os
import signal

from dreamscape.scanner.facts import Reading, Unreadable
from dreamscape.scanner.forms import plain, reading_of
from dreamscape.scanner.measure import measure

LARGE = 128 * 1024
"""Bytes (chosen): few sources are larger, and the worst found of this size costs about a second."""
LONGEST_S = 10
"""CPU seconds for one source (chosen): ten times what honest code of the largest size takes."""


def measure_bounded(source: bytes) -> Reading:
    """A source's facts; where it takes too long, that is the reason it has none."""
    if len(source) <= LARGE or not hasattr(os, "fork"):
        return measure(source)
    result, sink = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(source, sink)
    os.close(sink)
    with open(result, "rb") as stream:  # noqa: PTH123 - takes over the descriptor
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    try:
        return reading_of(json.loads(answer))
    except ValueError:
        is_slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return Unreadable(f"takes longer than {LONGEST_S} s to parse" if is_slow else "is too much for the parser")


def _answer(source: bytes, sink: int) -> None:
    """Ends the process: whatever the parent had open or buffered is not the child's to close."""
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S + 1))
        with open(sink, "wb") as stream:
            stream.write(json.dumps(plain(measure(source))).encode())
    finally:
        os._exit(0)
