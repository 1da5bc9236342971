"""Night after night without anyone watching: one run at a time, an end in time, and no night does another's work."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from healing import GREET, GREET_REPAIRED, NewPatient, Patient, children, end, eventually

SLOW_TO_TEST = {**GREET, "test_slow.py": "import time\n\n\ndef test_slow():\n    time.sleep(1)\n"}
VERY_SLOW_TO_TEST = {**GREET, "test_slow.py": "import time\n\n\ndef test_slow():\n    time.sleep(8)\n"}


def traces(project: Patient) -> dict[str, object]:
    """What a run could leave lying about: mounts, temporary folders, processes."""
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(project.root) in line]
    return {"mounts": mounts, "temporary": sorted(project.temporary.iterdir())}


def test_the_second_night_leaves_what_waits_to_be_merged_and_a_merge_or_a_deletion_is_understood(
    patient: NewPatient,
) -> None:
    project = patient()
    branch = project.heal().report["branch"]

    second = project.heal()

    assert second.code == 1
    assert second.states == ["awaiting_merge"]
    assert branch in second.items[0]["why"]
    assert project.branches() == [branch]

    project.git("merge", "-q", "--no-edit", branch)
    merged = project.heal()
    assert (merged.code, merged.items) == (0, [])

    project.git("reset", "-q", "--hard", "HEAD~1")
    project.git("branch", "-q", "-D", branch)
    rejected = project.heal()
    assert rejected.code == 1
    assert "landed" not in rejected.states
    assert project.branches() == []


def test_a_second_run_finds_the_lock_and_the_tiniest_time_still_ends_well(patient: NewPatient) -> None:
    project = patient(VERY_SLOW_TO_TEST)
    first = project.start("--max-minutes", "0.01")
    assert eventually(lambda: (project.root / ".dreamscape" / "dreamscape.db").exists() and children(first.pid))

    refused, skipped = project.heal(), project.heal("--if-locked", "skip")
    deferred = end(first)

    assert refused.code == 5
    assert "another run" in refused.err or "works on" in refused.err
    assert skipped.code == 0
    assert deferred.code == 4, deferred.err
    assert deferred.states == ["deferred"]
    assert deferred.report["exit_code"] == 4
    assert project.branches() == []


@pytest.mark.parametrize(
    ("number", "code", "where"),
    [(signal.SIGTERM, 143, "baseline"), (signal.SIGINT, 130, "search")],
    ids=["SIGTERM in the baseline", "SIGINT in the search"],
)
def test_an_interrupted_run_leaves_nothing_but_its_memory(
    patient: NewPatient, number: int, code: int, where: str
) -> None:
    project = patient(SLOW_TO_TEST if where == "search" else VERY_SLOW_TO_TEST)
    before = traces(project)
    running = project.start()
    assert eventually(lambda: runs_begun(project) and len(children(running.pid)) >= 3)
    if where == "search":
        assert eventually(lambda: "server" in commands(children(running.pid)), 120)
    below = children(running.pid)

    ended = end(running, number)

    assert ended.code == code, ended.err
    assert "interrupted, state saved" in ended.err
    assert eventually(lambda: not [pid for pid in below if Path(f"/proc/{pid}").exists()], 10)
    assert traces(project) == before
    runs = project.run("runs", "list").report["runs"]
    assert [run["exit_code"] for run in runs] == [code]
    assert project.branches() == []
    if where == "search":
        again = project.heal()
        assert again.states == ["landed"], again.err


def runs_begun(project: Patient) -> int:
    """How many runs the project's memory holds."""
    file = project.root / ".dreamscape" / "dreamscape.db"
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def commands(pids: list[int]) -> str:
    words = []
    for pid in pids:
        try:
            words.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue
    return "\n".join(words)


def test_a_killed_run_does_not_keep_the_lock_and_old_runs_are_pruned(patient: NewPatient) -> None:
    project = patient({"ok.py": "OK = 1\n", "test_ok.py": "def test_ok():\n    assert True\n"})
    project.write({"dreamscape.toml": "[heal]\nkeep_runs = 2\n"})
    running = project.start()
    assert eventually(lambda: len(children(running.pid)) >= 1)
    end(running, signal.SIGKILL)

    codes = [project.heal().code for _ in range(3)]

    assert codes == [0, 0, 0]
    assert len(project.run("runs", "list").report["runs"]) == 2


def at_a_terminal(project: Patient, answer: str) -> tuple[int, str]:
    """Heals at a pseudo-terminal and types an answer when asked; exit code and all that was shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dreamscape", "heal"],
        cwd=project.root,
        env={**project.env, "TERM": "dumb"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown, until, is_answered = "", time.monotonic() + 300, False
    try:
        while time.monotonic() < until and select.select([master], [], [], 300)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data.decode("utf-8", "replace")
            if "[y/N]" in shown and not is_answered:
                is_answered = True
                os.write(master, f"{answer}\n".encode())
        return process.wait(60), shown
    finally:
        os.close(master)
        if process.poll() is None:
            process.kill()


def test_at_a_terminal_the_plan_is_shown_and_a_person_decides(patient: NewPatient) -> None:
    project = patient()

    code, shown = at_a_terminal(project, "n")

    assert code == 1
    assert "test_greet.py::test_greeting" in shown
    assert "wrong_value" in shown or "none_or_type" in shown
    assert project.branches() == []

    code, shown = at_a_terminal(project, "y")

    assert code == 0, shown
    (branch,) = project.branches()
    assert project.at(branch, "greet.py") == GREET_REPAIRED


def test_with_room_for_one_the_bug_in_the_riskier_code_is_taken(patient: NewPatient) -> None:
    many = "\n".join(f"    if kind == {n}:\n        return 'kind {n}'" for n in range(12))
    project = patient(
        {
            **GREET,
            "central.py": f"def named(kind):\n{many}\n    return 'kind ' - str(kind)\n",
            **{f"user{n}.py": f"import central\n\n\ndef use{n}():\n    return central.named({n})\n" for n in range(3)},
            "test_central.py": "from central import named\n\n\ndef test_named():\n    assert named(99) == 'kind 99'\n"
            "    assert named(77) == 'kind 77'\n\n\ndef test_known():\n    assert named(3) == 'kind 3'\n",
        }
    )
    project.write({"dreamscape.toml": "[heal]\nmax_items = 1\n"})

    healed = project.heal()

    taken, left = healed.item("test_named"), healed.item("test_greeting")
    assert taken["impact"] > left["impact"]
    assert left["state"] == "deferred"
    assert taken["state"] == "landed"
    assert healed.code == 1
    assert healed.report["final"]["failed"] == 1


@pytest.mark.slow
def test_a_repair_of_the_morning_is_proven_again_on_what_was_committed_meanwhile(patient: NewPatient) -> None:
    project = patient(SLOW_TO_TEST)
    running = project.start("--land", "commit")
    assert eventually(lambda: "server" in commands(children(running.pid)), 200)
    project.write({"notes.txt": "written meanwhile\n"})
    meanwhile = project.commit("Meanwhile")

    healed = end(running)

    assert healed.states == ["landed"], healed.err
    assert project.git("rev-parse", "HEAD~1") == meanwhile
    assert project.read("greet.py") == GREET_REPAIRED
    assert project.read("notes.txt") == "written meanwhile\n"


def test_edits_of_the_same_file_committed_meanwhile_are_never_lost(patient: NewPatient) -> None:
    project = patient(SLOW_TO_TEST)
    running = project.start("--land", "commit")
    assert eventually(lambda: "server" in commands(children(running.pid)), 200)
    project.write({"greet.py": "# meanwhile\n" + GREET["greet.py"]})
    meanwhile = project.commit("Meanwhile")

    healed = end(running)

    assert project.git("rev-parse", "HEAD") == meanwhile
    assert project.read("greet.py").startswith("# meanwhile\n")
    assert healed.states == ["review"]
    assert "meanwhile somebody edited greet.py" in healed.items[0]["why"]
    assert healed.code == 1


MOMENTS = (
    "running the tests",
    "each alone",
    "looking for the lines",
    "case 1",
    "candidates tried",
    "proving",
    "once more",
)
"""What heal says as it goes on."""


@pytest.mark.slow
def test_an_interruption_at_any_moment_leaves_nothing_and_the_next_run_works(patient: NewPatient) -> None:
    project = patient()
    before = traces(project)
    for number, moment in enumerate(MOMENTS):
        running = project.start()
        said = listen(running, moment)
        time.sleep(number % 3 / 5)
        below = children(running.pid)

        ended = end(running, signal.SIGINT if number % 2 else signal.SIGTERM)

        # A signal may also meet a process that has told all and is about to end, which it then ends by itself.
        assert ended.code in (0, 1, 130, 143) or ended.report, said + ended.err
        assert "Traceback" not in said + ended.err
        assert eventually(lambda pids=below: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], 10)
        assert traces(project) == before
    for branch in project.branches():
        assert project.at(branch, "greet.py") == GREET_REPAIRED
        project.git("merge", "-q", "--no-edit", branch)
    last = project.heal()
    assert last.code == 0, last.err
    assert not {run["exit_code"] for run in project.run("runs", "list").report["runs"]} - {0, 1, 130, 143}


def listen(process: subprocess.Popen[str], word: str) -> str:
    """What a heal in the background says until it has said a word, or for good."""
    assert process.stderr is not None
    said = b""
    while word.encode() not in said and (more := os.read(process.stderr.fileno(), 65536)):
        said += more
    return said.decode()
