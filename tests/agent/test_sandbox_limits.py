"""Time, memory, processes and output are bounded for all that a command starts, and nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
from sandboxes import EVERY, a_sandbox, our_interpreter, python

from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel
from dreamscape.domain.runs import RunEnd
from dreamscape.domain.settings import SandboxSettings

pytestmark = pytest.mark.sandbox

_SMALL = SandboxSettings(memory_mib=400, processes=40, output_mib=1, disk_mib=64)


@pytest.fixture(params=EVERY, ids=lambda level: level.value)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    (tmp_path / "kept.txt").write_text("kept")
    return a_sandbox(tmp_path, request.param, _SMALL)


@pytest.fixture
def mark() -> str:
    """A word that all processes of one test bear in their command line."""
    return f"dreamscape-mark-{uuid.uuid4().hex}"


def survivors(mark: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if alive and process.pid != os.getpid() and any(mark in word for word in process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def test_the_exit_code_and_the_output_come_back(sandbox: Sandbox) -> None:
    ended = python(sandbox, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")

    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, 7)
    assert {"out", "err"} == set(ended.output_tail.split())


def test_a_death_by_signal_is_a_negative_exit_code(sandbox: Sandbox) -> None:
    ended = python(sandbox, "import os; os.kill(os.getpid(), 11)")

    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, -11)


def test_what_hangs_is_killed_though_it_ignores_signals_and_hid_its_children(sandbox: Sandbox, mark: str) -> None:
    script = f"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.execv("/bin/sh", ["/bin/sh", "-c", "trap '' TERM INT HUP; sleep 1000; : {mark}"])
        os._exit(0)
print("{mark}", flush=True)
time.sleep(1000)
"""
    ended = python(sandbox, script, timeout_s=2.0)

    assert ended.end is RunEnd.TIMEOUT
    assert ended.exit_code is None
    assert mark in ended.output_tail
    assert survivors(mark) == []


def test_what_was_left_in_the_background_dies_with_the_command(sandbox: Sandbox, mark: str) -> None:
    script = f"import subprocess; subprocess.Popen(['/bin/sh', '-c', 'sleep 1000; : {mark}'], start_new_session=True)"

    ended = python(sandbox, script)

    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, 0)
    assert ended.seconds < 20
    assert survivors(mark) == []


def test_forking_without_end_is_stopped_as_a_whole(sandbox: Sandbox, mark: str) -> None:
    forever = """
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""
    many = """
for _ in range(1500):
    os.fork() or time.sleep(60)
"""
    # Without walls nothing but the watcher ends a bomb, and the machine would stand still until it does.
    bomb = many if sandbox.level is SandboxLevel.NONE else forever

    ended = python(sandbox, f"import os, time\nmark = '{mark}'\n{bomb}")

    assert ended.end is RunEnd.PROCESSES
    assert survivors(mark) == []


def test_a_process_that_eats_memory_gets_no_more_than_the_limit(sandbox: Sandbox) -> None:
    ended = python(sandbox, "x = bytearray(600 * 1024 * 1024)")

    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, 1)
    assert "MemoryError" in ended.output_tail


def test_many_processes_that_eat_memory_together_are_killed_together(sandbox: Sandbox) -> None:
    script = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(os.urandom(1) * (100 * 1024 * 1024))
        time.sleep(60)
time.sleep(60)
"""
    assert python(sandbox, script).end is RunEnd.MEMORY


def test_memory_that_forked_processes_share_counts_once(sandbox: Sandbox) -> None:
    script = """
import os, time
x = bytearray(b"x" * (100 * 1024 * 1024))
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        time.sleep(0.5)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""
    ended = python(sandbox, script)

    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, 0), ended


def test_printing_without_end_is_stopped(sandbox: Sandbox) -> None:
    ended = python(sandbox, "while True: print('x' * 1000)")

    assert ended.end is RunEnd.OUTPUT
    assert 0 < len(ended.output_tail) <= 64 * 1024


def test_reporting_without_end_is_stopped(sandbox: Sandbox) -> None:
    script = "import os\nwhile True: os.write(int(os.environ['DREAMSCAPE_REPORTS']), b'x' * 65536)"

    assert python(sandbox, script, timeout_s=60).end is RunEnd.OUTPUT


def test_one_file_cannot_grow_beyond_the_limit(sandbox: Sandbox) -> None:
    script = "import signal; signal.signal(25, signal.SIG_IGN); open('big', 'wb').write(bytes(100 << 20))"

    assert "OSError" in python(sandbox, script).output_tail


def test_the_disk_of_a_walled_sandbox_is_bounded(sandbox: Sandbox) -> None:
    if sandbox.level is SandboxLevel.NONE:
        pytest.skip("without walls only single files are bounded")
    script = "for i in range(9):\n    open(f'{i}', 'wb').write(bytes(20 << 20))"

    assert "No space left on device" in python(sandbox, script).output_tail


def test_killing_from_another_thread_ends_the_wait(sandbox: Sandbox, mark: str) -> None:
    with sandbox.start(
        Command((sys.executable, "-c", f"print(1, flush=True); import time; time.sleep(99); '{mark}'"), 60)
    ) as c:
        started = time.monotonic()
        c.kill()
        ended = c.wait()

    assert ended.end is RunEnd.KILLED
    assert time.monotonic() - started < 20
    assert survivors(mark) == []


def test_leaving_the_context_kills_everything(sandbox: Sandbox, mark: str) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        sandbox.start(Command((sys.executable, "-c", f"import time; time.sleep(99); '{mark}'"), 60)),
    ):
        time.sleep(0.3)
        raise KeyboardInterrupt

    assert survivors(mark) == []


def test_waiting_for_less_than_the_timeout_kills(sandbox: Sandbox, mark: str) -> None:
    with sandbox.start(Command((sys.executable, "-c", f"import time; time.sleep(99); '{mark}'"), 60)) as confined:
        ended = confined.wait(0.5)

    assert ended.end is RunEnd.TIMEOUT
    assert survivors(mark) == []


def test_when_the_launcher_is_killed_that_is_told_and_nothing_survives(sandbox: Sandbox, mark: str) -> None:
    if sandbox.level is SandboxLevel.NONE:
        pytest.skip("without walls the launcher is the only one who knows its tree")
    command = Command((sys.executable, "-c", f"import time; time.sleep(99); '{mark}'"), 60)
    with sandbox.start(command) as confined:
        assert _until(lambda: survivors(mark) != [])
        launcher = next(child for child in psutil.Process().children() if child.ppid() == os.getpid())
        launcher.kill()
        ended = confined.wait()

    assert ended.end is RunEnd.KILLED
    assert _until(lambda: survivors(mark) == [])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_when_dreamscape_is_killed_nothing_of_a_sandbox_survives(sandbox: Sandbox, mark: str, number: int) -> None:
    script = f"import os, time; os.fork(); os.setsid() if os.fork() == 0 else 0; print('{mark}'); time.sleep(99)"
    driver = f"""
import sys
from pathlib import Path
from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel
from dreamscape.domain.settings import SandboxSettings
readable = tuple(map(Path, {list(map(str, our_interpreter()))!r}))
level = SandboxLevel({sandbox.level.value!r})
sandbox = Sandbox(Path({str(sandbox.project)!r}), level, SandboxSettings(), readable=readable)
with sandbox.start(Command((sys.executable, "-c", {script!r}), 90.0)) as confined:
    print("started", flush=True)
    confined.wait()
"""
    scratch = sandbox.project / "scratch"
    scratch.mkdir()
    words = [sys.executable, "-c", driver]
    env = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert _until(lambda: len(survivors(mark)) > 3)
        process.send_signal(number)
        process.wait(30)

    assert _until(lambda: survivors(mark) == [])
    assert _until(lambda: list(scratch.iterdir()) == [])


def _until(holds: object, seconds: float = 20.0) -> bool:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False
