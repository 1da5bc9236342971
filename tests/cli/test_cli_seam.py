"""Every error ends as one sentence, an exit code and, for a bug, a crash file."""

from __future__ import annotations

import builtins
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape

from dreamscape.__main__ import main as entry
from dreamscape.cli import app, seam
from dreamscape.cli.context import Call, Options
from dreamscape.domain.errors import (
    BudgetSpent,
    CannotGoOn,
    DiskFull,
    DreamscapeError,
    NoTests,
    RunLocked,
    SandboxMissing,
    TimeSpent,
    UsageError,
)

EXIT_CODES = {
    UsageError: 2,
    CannotGoOn: 3,
    SandboxMissing: 3,
    NoTests: 3,
    DiskFull: 3,
    TimeSpent: 4,
    BudgetSpent: 4,
    RunLocked: 5,
}


def ended(error: BaseException, options: Options | None = None, args: tuple[str, ...] = ()) -> int:
    """The exit code of a command that raises."""

    def work() -> int:
        raise error

    return seam.guarded(lambda: Call(options or Options(), work), args)


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_each_error_of_ours_has_its_exit_code_and_says_what_to_do(
    kind: type[DreamscapeError], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(kind("it is so", "do that")) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert err == "dreamscape: it is so\n  do that\n"


def test_with_json_an_error_is_one_object_on_stdout_and_the_sentence_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(RunLocked("busy", "wait"), args=("heal", "--json")) == 5

    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": "dreamscape.error/1", "error": "busy", "hint": "wait", "exit_code": 5}
    assert "busy" in err


def test_a_bug_leaves_a_crash_file_for_the_user_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / ".dreamscape"
    state.mkdir()

    assert ended(ZeroDivisionError("by nothing"), Options(project=tmp_path), ("scan",)) == 70

    (crash,) = state.glob("crash-*.txt")
    assert stat.S_IMODE(crash.stat().st_mode) == 0o600
    assert "ZeroDivisionError: by nothing" in crash.read_text()
    assert "in work" in crash.read_text()
    err = capsys.readouterr().err
    assert str(crash) in err
    assert "Traceback" not in err


def test_a_bug_without_a_state_folder_leaves_its_crash_file_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    temporary, project = tmp_path / "temporary", tmp_path / "project"
    temporary.mkdir()
    project.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    assert ended(RuntimeError("odd"), Options(project=project)) == 70

    assert len(list(temporary.glob("crash-*.txt"))) == 1
    assert not (project / ".dreamscape").exists()
    assert str(temporary) in capsys.readouterr().err


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(NoTests("none"), Options(project=tmp_path, debug=True)) == 3

    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_bug(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(OSError(number, os.strerror(number), "/data/file")) == 3

    assert "full at /data/file" in capsys.readouterr().err


def test_what_may_not_be_read_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(PermissionError(errno.EACCES, "Permission denied", "/data/file")) == 3

    assert "/data/file: permission denied" in capsys.readouterr().err


def test_old_crash_files_are_pruned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / ".dreamscape"
    state.mkdir()
    for number in range(2 * seam.KEPT_CRASHES):
        (state / f"crash-2020{number:04}.txt").touch()

    ended(RuntimeError("new"), Options(project=tmp_path))

    left = sorted(state.glob("crash-*.txt"))
    assert len(left) == seam.KEPT_CRASHES
    assert "RuntimeError: new" in left[-1].read_text()


def test_a_current_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && {sys.executable} -m dreamscape status"

    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 2
    assert "does not exist any more" in result.stderr


def test_ctrl_c_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(KeyboardInterrupt()) == 130

    assert "interrupted" in capsys.readouterr().err


SLEEPER = """
import signal, sys, time
from dreamscape.__main__ import main as entry
from dreamscape.cli import app, seam
from dreamscape.cli.context import Call, Options

def work() -> int:
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("saved", flush=True)
        raise
    return 0

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
sys.exit(seam.guarded(lambda: Call(Options(), work), []))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_lets_the_work_save_its_state_and_exits_by_convention(number: int, code: int) -> None:
    heeded = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # under nohup it is inherited as ignored
    with subprocess.Popen(
        [sys.executable, "-c", heeded + SLEEPER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert out == "saved\n"
    assert err == "dreamscape: interrupted, state saved\n"


def test_what_nohup_started_outlives_its_terminal() -> None:
    quick = SLEEPER.replace("time.sleep(60)", "time.sleep(1)")
    with subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + quick],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=30)

    assert (process.returncode, out) == (0, "")


def test_a_reader_that_goes_away_is_nobody_s_error(project: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "dreamscape", "config", "show"],
        cwd=project,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert process.stderr == b""
    assert process.returncode == 141


@pytest.mark.parametrize("command", [("config", "show"), ("config", "path")])
def test_a_full_disk_under_stdout_is_told(project: Path, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "dreamscape", *command],
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert process.returncode == 3
    assert b"full" in process.stderr or b"No space left" in process.stderr
    assert b"Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("statsu",), "Did you mean 'status'"),
        (("status", "--nonsense"), "No such option: --nonsense"),
        (("runs", "show"), "Missing argument"),
        (("runs", "list", "--limit", "many"), "--limit"),
        (("status", "--format", "xml"), "--format takes text, json"),
        (("status", "--json", "--format", "markdown"), "contradict"),
        (("status", "-q", "-v"), "contradict"),
        (("status", "--project", "/nowhere"), "there is no folder /nowhere"),
        (("status", "--config", "/nowhere.toml"), "there is no file /nowhere.toml"),
        (("--project",), "--project"),
    ],
)
def test_a_wrong_command_line_is_2_with_one_sentence(dreamscape: Dreamscape, args: tuple[str, ...], said: str) -> None:
    result = dreamscape(*args)

    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == "" or "--json" in args


def test_a_wrong_command_line_is_told_in_json_too(dreamscape: Dreamscape) -> None:
    result = dreamscape("status", "--json", "--nonsense")

    told = json.loads(result.stdout)
    assert (told["schema"], told["exit_code"], result.returncode) == ("dreamscape.error/1", 2, 2)
    assert "dreamscape status --help" in told["hint"]


def test_a_broken_project_file_is_told_with_its_line(dreamscape: Dreamscape, project: Path) -> None:
    (project / "dreamscape.toml").write_text("[heal]\nmax_minutes = = 5\n")

    result = dreamscape("status")

    assert result.returncode == 2
    assert "dreamscape.toml is not valid TOML" in result.stderr
    assert "line 2" in result.stderr


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}],
)
def test_names_that_are_no_text_come_out_escaped_under_any_locale(
    dreamscape: Dreamscape, project: Path, env: dict[str, str]
) -> None:
    odd = project / os.fsdecode(b"caf\xe9-\xc3\xbc")
    odd.mkdir()

    text = dreamscape("config", "path", cwd=odd, env=env)
    as_json = dreamscape("config", "path", "--json", cwd=odd, env=env)

    assert text.returncode == 0, text.stderr
    assert "caf\\udce9-" in text.stdout
    assert "caf\udce9-" in json.loads(as_json.stdout)["files"][0]["path"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupt_while_the_command_line_is_read_is_one_too(
    number: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(number)

    monkeypatch.setattr(app._Root, "get_command", interrupted)

    assert app.main(["status"]) == code
    assert "interrupted" in capsys.readouterr().err


def test_an_interrupt_while_the_program_loads_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str, *how: object) -> object:
        if name == "dreamscape.cli.app":
            raise KeyboardInterrupt
        return imported(name, *how)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", interrupted)

    with pytest.raises(SystemExit) as end:
        entry()

    assert end.value.code == 130
    assert capsys.readouterr().err == "dreamscape: interrupted\n"
