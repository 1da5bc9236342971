"""Runs a child process within limits, and ends a whole tree of processes for certain."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_GONE_S = 10.0
"""How long the kernel may take to remove killed processes on a loaded machine; chosen."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A child's end: ``exit_code`` is negative for a signal; ``output`` its stdout and stderr, cut at the limit.

    ``timed_out`` and ``flooded`` tell why it was killed, if it was.
    """

    exit_code: int
    output: bytes
    seconds: float
    timed_out: bool = False
    flooded: bool = False


def run_limited(
    argv: Sequence[str],
    *,
    timeout_s: float,
    output_bytes: int = 1 << 20,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Runs a program to its end or to a limit, with no input; its whole tree is gone when this returns.

    Raises OSError where the program cannot be started.
    """
    started = time.monotonic()
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
    )
    assert child.stdout is not None
    late, over = threading.Event(), threading.Event()
    timer = threading.Timer(timeout_s, _give_up, (child.pid, late))
    timer.start()
    try:
        output = child.stdout.read(output_bytes + 1)
        if len(output) > output_bytes:
            over.set()
            kill_tree(child.pid)
        child.wait()
    finally:
        timer.cancel()
        kill_tree(child.pid)
        child.wait()
        timer.join()
        child.stdout.close()
    return Finished(child.returncode, output[:output_bytes], time.monotonic() - started, late.is_set(), over.is_set())


def _give_up(pid: int, late: threading.Event) -> None:
    late.set()
    kill_tree(pid)


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
