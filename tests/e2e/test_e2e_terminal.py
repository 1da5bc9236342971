"""At a terminal heal shows what it does and asks; each thing is told once."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from healing import PATIENCE_S, NewPatient, Patient


def at_a_terminal(project: Patient, *args: str, answer: str = "") -> tuple[int, str, str]:
    """Exit code, stdout and what the terminal showed of stderr; ``answer`` is typed ahead."""
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    command = [sys.executable, "-m", "dreamscape", "heal", *args]
    with subprocess.Popen(
        command, cwd=project.root, env=project.env, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=PATIENCE_S)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # all of it has been read
        pass
    finally:
        os.close(ours)
    return process.returncode, out.decode(), shown.decode()


def test_the_work_is_shown_the_plan_asked_about_and_a_no_told_once(patient: NewPatient) -> None:
    project = patient()

    code, out, shown = at_a_terminal(project, answer="n\n")

    assert code == 1
    assert "running the tests" in shown
    assert shown.count("test_greet.py::test_greeting") == 1
    assert out == "nothing is changed: the plan was not approved\n"
    assert "approved" not in shown
    assert project.branches() == []
