"""Child processes within limits; no tree is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dreamscape.tools.processes import kill_tree, run_limited


def test_output_and_exit_code_come_back(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd(), os.environ['WORD'], flush=True); sys.exit('bad')"

    finished = run_limited([sys.executable, "-c", script], timeout_s=30, cwd=tmp_path, env={"WORD": "here"})

    assert finished.exit_code == 1
    assert finished.output.decode().split() == [str(tmp_path), "here", "bad"]
    assert not finished.timed_out
    assert not finished.flooded


def test_a_child_that_closes_its_output_early_still_ends_by_itself() -> None:
    script = "import os, sys, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(5)"

    assert run_limited([sys.executable, "-c", script], timeout_s=30).exit_code == 5


def test_what_takes_too_long_is_killed_with_its_children() -> None:
    script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setsid()
    time.sleep(99)
print(child, flush=True)
time.sleep(99)
"""
    finished = run_limited([sys.executable, "-c", script], timeout_s=1.5)

    assert finished.timed_out
    assert finished.exit_code == -9
    assert finished.seconds < 30
    assert not psutil.pid_exists(int(finished.output))


def test_what_prints_without_end_is_killed_and_its_output_cut() -> None:
    finished = run_limited([sys.executable, "-c", "while True: print('x' * 999)"], timeout_s=60, output_bytes=5000)

    assert finished.flooded
    assert len(finished.output) == 5000


def test_a_program_that_is_not_there_raises() -> None:
    with pytest.raises(FileNotFoundError):
        run_limited(["/no/such/program"], timeout_s=5)


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
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in tree)
