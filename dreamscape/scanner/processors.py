"""The sizes of sources go in; how many processes should share them comes out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

WORTH = 512 * 1024
"""Bytes of source that repay a process: to start it costs about a tenth of measuring them."""
MOST = 8
"""Processes at once (chosen): with more, what one process alone does behind them takes most of the time."""
OPENING = 1024
"""Bytes of source that cost about as much as opening a file."""


def processes_for(sizes: Iterable[int]) -> int:
    """How many processes should read and measure sources of these sizes; 1 means this one.

    It is 1 where that is quickest, where we may use no other processor, and where this process has threads, with
    which none can be copied safely.
    """
    worth = sum(size + OPENING for size in sizes) // WORTH
    if worth < 2 or not hasattr(os, "sched_getaffinity"):
        return 1
    try:
        has_threads = len(list(Path("/proc/self/task").iterdir())) > 1
    except OSError:
        has_threads = True
    return 1 if has_threads else min(worth, MOST, len(os.sched_getaffinity(0)))
