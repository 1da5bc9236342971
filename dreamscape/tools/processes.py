"""Ends a whole tree of processes for certain."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_GONE_S = 10.0
"""How long the kernel may take to remove killed processes on a loaded machine; chosen."""


def kill_tree(pid: int) -> None:
    """Kills a process, all its descendants and its process group, and comes back when none of them runs any more.

    Whoever started the process must still wait for it. Descendants that left the group cannot be found once their
    parent is gone.
    """
    import psutil

    tree: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        # Stopped first, so that none can start another between being counted and being killed.
        while fresh := [p for p in (root, *root.children(recursive=True)) if p not in tree]:
            tree += fresh
            for process in fresh:
                _signal(process, signal.SIGSTOP)
    for process in tree:
        _signal(process, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    psutil.wait_procs([process for process in tree if process.pid != pid], timeout=_GONE_S)


def _signal(process: psutil.Process, number: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.send_signal(number)
