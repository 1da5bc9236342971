"""No tree of processes is left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

import psutil
from alive import is_alive

from dreamscape.tools.processes import kill_tree, tree_waits


def test_killing_a_tree_that_is_gone_does_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as process:
        process.wait()

    kill_tree(process.pid)


def test_killing_a_tree_reaches_grandchildren_in_other_sessions() -> None:
    script = "import os, time; [os.fork() or os.setsid() for _ in range(2)]; time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as process:
        root = psutil.Process(process.pid)
        deadline = time.monotonic() + 20
        while len(root.children(recursive=True)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        tree = root.children(recursive=True)

        kill_tree(process.pid)

        assert process.wait() == -9
    assert len(tree) == 3
    assert not any(map(is_alive, tree))


def test_killing_a_tree_reaches_what_ignores_signals_and_what_lost_its_parent_in_the_group() -> None:
    script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    orphan = os.fork()
    if orphan == 0:
        time.sleep(99)
    print(orphan, flush=True)
    os._exit(0)
os.wait()
time.sleep(99)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        orphan = psutil.Process(int(process.stdout.readline()))

        kill_tree(process.pid)

        assert process.wait() == -9
        with contextlib.suppress(psutil.TimeoutExpired):
            orphan.wait(5)
        assert not is_alive(orphan)


def test_a_tree_somebody_else_started_is_gone_when_it_was_killed() -> None:
    script = "import os, subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0).pid)"
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        ) as starter:
            assert starter.stdout is not None
            orphan = psutil.Process(int(starter.stdout.readline()))
            starter.wait()

            began = time.monotonic()
            kill_tree(orphan.pid)

            assert not is_alive(orphan)
            assert time.monotonic() - began < 5  # whether or not somebody waits for the dead here


def test_of_two_processes_on_one_processor_each_waits_while_the_other_works() -> None:
    cpu = min(os.sched_getaffinity(0))
    busy = f"""
import os, time
os.sched_setaffinity(0, [{cpu}])
os.fork()
end = time.time() + 1
while time.time() < end:
    pass
"""
    with subprocess.Popen([sys.executable, "-c", busy]) as process:
        time.sleep(0.9)
        waits = tree_waits(process.pid)
        process.wait()

    assert len(waits) == 2
    assert sum(waits.values()) > 0.3


def test_a_tree_that_is_gone_waits_for_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    assert tree_waits(process.pid) == {}
