"""One run per project, for as long as its process lives and not a moment longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dreamscape.domain.errors import RunLocked
from dreamscape.tools.locks import lock_holder, project_lock

ROOT = Path(__file__).parents[2]
HOLD = """if True:
    import subprocess, sys
    from pathlib import Path
    from dreamscape.tools.locks import project_lock
    with project_lock(Path(sys.argv[1])):
        child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, close_fds=False)
        print(child.pid, flush=True)
        sys.stdin.read()
"""


@contextmanager
def other_run(project: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that holds the lock, and a child of its that outlives it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            yield process, child
        finally:
            os.kill(child, signal.SIGKILL)
            process.kill()


def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with other_run(tmp_path) as (process, _):
        with pytest.raises(RunLocked, match=rf"process {process.pid} since \d{{4}}-") as caught, project_lock(tmp_path):
            pass
        holder = lock_holder(tmp_path)

    assert caught.value.exit_code == 5
    assert caught.value.hint == "wait until it ends", "not every command has --if-locked"
    assert holder is not None
    assert holder.pid == process.pid


def test_a_killed_run_gives_the_lock_back_though_its_child_lives(tmp_path: Path) -> None:
    with other_run(tmp_path) as (process, child):
        process.kill()
        process.wait()
        os.kill(child, 0)

        with project_lock(tmp_path):
            assert lock_holder(tmp_path) is not None
        assert lock_holder(tmp_path) is None


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with project_lock(tmp_path), pytest.raises(RunLocked, match=str(os.getpid())), project_lock(tmp_path):
        pass

    with project_lock(tmp_path):
        pass


def test_a_forked_child_does_not_keep_it() -> None:
    code = """if True:
        import os, tempfile
        from pathlib import Path
        from dreamscape.tools.locks import lock_holder, project_lock
        project = Path(tempfile.mkdtemp())
        ready, tell = os.pipe()
        with project_lock(project):
            child = os.fork()
            if child == 0:
                os.read(ready, 1)
                os._exit(0)
        print(lock_holder(project))
        os.write(tell, b"x")
        os.waitpid(child, 0)
    """

    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )

    assert ran.stdout == "None\n"


def test_looking_for_the_holder_makes_nothing(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
