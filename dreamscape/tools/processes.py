"""Weighs a whole tree of processes, and ends it for certain."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_GONE_S = 10.0
"""How long the kernel may take to remove killed processes on a loaded machine; chosen."""


def kill_tree(pid: int) -> None:
    """Kills a process, all its descendants and its process group, and comes back when none of them runs any more.

    If we started the process, it must still be waited for. Descendants that left the group cannot be found once their
    parent is gone.
    """
    import psutil

    tree: list[psutil.Process] = []
    is_ours = False
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        is_ours = root.ppid() == os.getpid()
        # Stopped first, so that none can start another between being counted and being killed.
        while fresh := [p for p in (root, *root.children(recursive=True)) if p not in tree]:
            tree += fresh
            for process in fresh:
                _signal(process, signal.SIGSTOP)
    for process in tree:
        _signal(process, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_S
    others = [process for process in tree if process.pid != pid or not is_ours]
    while any(map(_runs, others)) and time.monotonic() < deadline:
        time.sleep(0.005)


def tree_pss(pid: int) -> int:
    """The proportional set size of a process and all its descendants, in bytes: shared pages count once in all.

    Where the kernel does not tell it, the resident size stands in.
    """
    import psutil

    total = 0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
    return total


def tree_waits(pid: int) -> dict[int, float]:
    """For how many seconds the main thread of a process and of each descendant has waited for a processor, by its id.

    Empty where the kernel does not tell it. Source: Linux, Documentation/scheduler/sched-stats.rst.
    """
    import psutil

    waits = {}
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(OSError, IndexError):
                waits[process.pid] = int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[1]) / 1e9
    return waits


def _runs(process: psutil.Process) -> bool:
    """A dead one that its parent has not waited for runs no more: in a container it may stay so for ever."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _signal(process: psutil.Process, number: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)
