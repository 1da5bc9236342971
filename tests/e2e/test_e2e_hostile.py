"""A suite that means harm is healed like any other, and does none."""

from __future__ import annotations

from pathlib import Path

from healing import GREET, GREET_REPAIRED, NewPatient

HOSTILE = {
    **GREET,
    "test_hostile.py": """\
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
HOME = pathlib.Path(HOME_OF_THE_USER)


def attempt(deed):
    try:
        deed()
    except Exception:
        pass


def test_deletes_everything():
    attempt(lambda: shutil.rmtree(HERE / ".git"))
    for path in HERE.glob("*.py"):
        if path.name != "test_hostile.py":
            attempt(path.unlink)
    attempt(lambda: (HERE / "dropped.py").write_text("x"))


def test_writes_home():
    attempt(lambda: HOME.mkdir(parents=True))
    attempt(lambda: (HOME / "dropped").write_text("x"))
    attempt(lambda: (pathlib.Path.home() / "dropped").write_text("x"))
    attempt(lambda: pathlib.Path("/etc/dropped-by-a-test").write_text("x"))
    attempt(lambda: pathlib.Path("/var/tmp/dropped-by-a-test").write_text("x"))


def test_leaves_a_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


def test_ignores_the_end():
    import signal
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def test_prints_without_end():
    for _ in range(200000):
        sys.stdout.write("x" * 1000)


def test_reads_secrets():
    assert not (HOME / "secret").exists()
    assert "SECRET" not in os.environ
""",
}


def survivors(words: str) -> list[str]:
    """Processes whose command line holds these words."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        found += [command] if words in command and "import time" in command else []
    return found


def test_a_hostile_suite_does_no_harm_and_what_can_be_healed_is(patient: NewPatient) -> None:
    files = dict(HOSTILE)
    project = patient(GREET)
    project.write({"test_hostile.py": files["test_hostile.py"].replace("HOME_OF_THE_USER", repr(str(project.home)))})
    project.commit("A hostile test")
    (project.home / "secret").write_text("key")
    before = {
        path: path.read_bytes() for path in project.root.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    home_before = project.home.stat().st_mtime_ns

    healed = project.heal(env={"SECRET": "key"})

    assert healed.item("test_greeting")["state"] == "landed", healed.out + healed.err
    assert project.at(healed.report["branch"], "greet.py") == GREET_REPAIRED
    after = {
        path: path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file() and not {".git", ".dreamscape"}.intersection(path.parts)
    }
    assert after == before
    assert sorted(path.name for path in project.home.iterdir()) == ["secret"]
    assert not Path("/etc/dropped-by-a-test").exists()
    assert not Path("/var/tmp/dropped-by-a-test").exists()
    assert home_before == project.home.stat().st_mtime_ns
    assert list(project.temporary.iterdir()) == []
    assert not survivors("time.sleep(600)")
