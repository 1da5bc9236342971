"""The project's interpreter is found without running it, and asked inside the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from sandboxes import EVERY, WALLED, a_sandbox

from dreamscape.agent.interpreter import find_interpreter, probe_interpreter
from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel
from dreamscape.domain.errors import PytestMissing, UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture(params=EVERY, ids=lambda level: level.value)
def sandbox(request: pytest.FixtureRequest, project: Path) -> Sandbox:
    return Sandbox(project, request.param, a_sandbox(project, request.param).settings)


def environment(folder: Path) -> Path:
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


def site_packages(program: Path) -> Path:
    return next(program.parent.parent.glob("lib/python3*/site-packages"))


def test_the_projects_own_environment_comes_before_the_active_one_and_ours(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = environment(project.parent / "active")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert find_interpreter(project, "") == Path(sys.executable)

    monkeypatch.setenv("VIRTUAL_ENV", str(active.parent.parent))
    assert find_interpreter(project, "") == active

    own = environment(project / ".venv")
    assert find_interpreter(project, "") == own


def test_an_environment_whose_interpreter_is_gone_is_passed_over_and_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/no/such/python")

    assert find_interpreter(project, "") == Path(sys.executable)
    assert f"{project / '.venv'} is passed over" in caplog.text


def test_an_interpreter_can_be_named_by_path_folder_or_word(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = environment(project / "env")
    monkeypatch.setenv("PATH", str(own.parent))

    assert find_interpreter(project, str(own)) == own
    assert find_interpreter(project, "env") == own
    assert find_interpreter(project, "env/bin/python") == own
    assert find_interpreter(project, "python") == own


@pytest.mark.parametrize("wanted", ["/no/such/python", "no-such-python", ".", "/etc/passwd"])
def test_what_is_no_program_is_a_usage_error(project: Path, wanted: str) -> None:
    with pytest.raises(UsageError, match="there is no interpreter"):
        find_interpreter(project, wanted)


@pytest.mark.sandbox
def test_our_own_interpreter_tells_its_version_and_pytests(sandbox: Sandbox) -> None:
    interpreter, able = probe_interpreter(sandbox, Path(sys.executable))

    assert interpreter.version == sys.version_info[:3]
    assert interpreter.pytest == pytest.__version__
    assert Path(sys.prefix) in interpreter.prefixes
    ended, _ = able.run(Command((str(interpreter.executable), "-m", "pytest", "--version"), 60.0))
    assert ended.exit_code == 0


@pytest.mark.sandbox
def test_files_of_the_project_named_like_modules_of_python_do_not_mislead(sandbox: Sandbox) -> None:
    for name in ("json.py", "random.py", "re.py"):
        (sandbox.project / name).write_text("raise RuntimeError('not this one')\n")

    found, _ = probe_interpreter(sandbox, Path(sys.executable))

    assert found.pytest == pytest.__version__


def test_an_environment_hidden_by_the_sandbox_stays_readable_with_all_it_refers_to(sandbox: Sandbox) -> None:
    """It lies under /tmp, has pytest through a .pth file, and an editable install by a finder's mapping."""
    program = environment(sandbox.project.parent / "env")
    elsewhere = sandbox.project.parent / "elsewhere" / "editable"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("word = 'found'\n")
    packages = site_packages(program)
    (packages / "ours.pth").write_text("# a comment\nimport os\n" + str(Path(pytest.__file__).parents[1]) + "\n")
    (packages / "__editable___x_finder.py").write_text(f"MAPPING = {{'editable': {str(elsewhere)!r}}}\n")

    interpreter, able = probe_interpreter(sandbox, program)

    assert interpreter.executable == program
    assert interpreter.pytest == pytest.__version__
    script = f"print(open({str(elsewhere / '__init__.py')!r}).read())"
    assert "found" in able.run(Command((str(program), "-c", script), 60.0))[0].output_tail


@pytest.mark.sandbox
def test_without_pytest_the_interpreter_and_the_remedy_are_named(sandbox: Sandbox) -> None:
    program = environment(sandbox.project.parent / "env")

    with pytest.raises(PytestMissing, match="No module named 'pytest'") as caught:
        probe_interpreter(sandbox, program)

    assert str(program) in caught.value.message
    assert f"{program} -m pip install pytest" in caught.value.hint


@pytest.mark.sandbox
def test_a_program_that_is_no_python_is_a_usage_error(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="/bin/true does not work as a Python interpreter"):
        probe_interpreter(sandbox, Path("/bin/true"))


@pytest.mark.sandbox
def test_an_interpreter_that_is_too_old_is_a_usage_error(sandbox: Sandbox) -> None:
    fake = sandbox.project / "old-python"
    answer = {"version": [3, 7, 1], "paths": [], "pytest": "7", "why": "", "executable": str(fake)}
    fake.write_text(f"#!/bin/sh\nprintf %s '{json.dumps(answer)}' > /proc/self/fd/$DREAMSCAPE_REPORTS\n")
    fake.chmod(0o755)

    with pytest.raises(UsageError, match=r"is Python 3\.7, and tests are run from Python 3\.8 on"):
        probe_interpreter(sandbox, fake)


@pytest.mark.sandbox
def test_a_home_folder_is_never_shown_for_an_interpreter_in_its_bin(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = sandbox.project.parent / "home"
    (home / "bin").mkdir(parents=True)
    (home / ".netrc").write_text("secret")
    (home / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("HOME", str(home))

    try:
        _, able = probe_interpreter(sandbox, home / "bin" / "python")
    except PytestMissing:
        able = sandbox

    seen = able.run(Command(("/bin/cat", str(home / ".netrc")), 30.0))[0].output_tail
    assert seen == "secret" if sandbox.level is SandboxLevel.NONE else "No such file" in seen


@pytest.mark.sandbox
def test_what_was_installed_for_the_user_alone_is_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sandbox.project.parent / "home"
    system = os.path.realpath(sys.executable)
    folder = home / ".local" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "pytest.py").write_text("__version__ = '99.0'\n")
    monkeypatch.setenv("HOME", str(home))
    subprocess.run([system, "-c", "pass"], check=True)

    assert probe_interpreter(sandbox, Path(system))[0].pytest == "99.0"


@pytest.mark.sandbox
@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_a_lying_environment_of_the_project_opens_no_secrets(
    project: Path, level: SandboxLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = project.parent / "home"
    secrets = [home / ".ssh" / "id", home / ".local" / "share" / "keyrings" / "login", home / "Documents" / "letter"]
    for secret in secrets:
        secret.parent.mkdir(parents=True)
        secret.write_text("secret")
    monkeypatch.setenv("HOME", str(home))
    program = project / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    (project / ".venv" / "pyvenv.cfg").write_text(f"home = {home / '.ssh' / 'bin'}\n")
    (project / ".git").write_text(f"gitdir: {home / '.ssh'}\n")
    paths = [str(path) for secret in secrets for path in (secret, secret.parent)]
    answer = {"version": [3, 12, 1], "paths": paths, "pytest": "7", "why": "", "executable": str(program)}
    program.write_text(f"#!/bin/sh\nprintf %s '{json.dumps(answer)}' > /proc/self/fd/$DREAMSCAPE_REPORTS\n")
    program.chmod(0o755)

    _, able = probe_interpreter(a_sandbox(project, level), program)

    seen = able.run(Command(("/bin/cat", *map(str, secrets)), 30.0))[0].output_tail
    assert seen.count("No such file") == len(secrets)
