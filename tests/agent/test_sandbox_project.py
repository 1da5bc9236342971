"""What a command finds as its project: overrides, files, channels, wherever the project lies and whatever it is."""

from __future__ import annotations

import json
import os
import py_compile
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from required import missing
from sandboxes import EVERY, WALLED, a_sandbox, our_interpreter, python

from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel, open_sandbox
from dreamscape.domain.errors import CannotGoOn, DiskFull, UsageError
from dreamscape.domain.runs import RunEnd
from dreamscape.domain.settings import SandboxSettings

pytestmark = pytest.mark.sandbox


@pytest.fixture(params=EVERY, ids=lambda level: level.value)
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    project = tmp_path / "project"
    (project / "package").mkdir(parents=True)
    (project / "module.py").write_text("answer = 'old'\n")
    (project / "package" / "inner.py").write_text("answer = 'inner'\n")
    return a_sandbox(project, request.param)


def said(sandbox: Sandbox, script: str, overrides: Mapping[str, bytes | None] | None = None) -> str:
    ended, _ = sandbox.run(Command((sys.executable, "-c", script), 30.0, overrides=overrides or {}))
    assert (ended.end, ended.exit_code) == (RunEnd.EXITED, 0), ended
    return ended.output_tail.strip()


def test_an_override_is_seen_by_its_command_alone(sandbox: Sandbox) -> None:
    script = "import module; print(module.answer)"

    assert said(sandbox, script, {"module.py": b"answer = 'new'\n"}) == "new"
    assert said(sandbox, script) == "old"
    assert (sandbox.project / "module.py").read_text() == "answer = 'old'\n"


def test_an_override_counts_though_a_compiled_file_claims_to_be_as_new(sandbox: Sandbox) -> None:
    module = sandbox.project / "module.py"
    py_compile.compile(str(module), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    script = "import module; print(module.answer)"

    assert said(sandbox, script, {"module.py": b"answer = 'new'\n"}) == "new"
    assert list(sandbox.project.glob("__pycache__/*.pyc"))


def test_a_file_and_a_folder_can_be_absent(sandbox: Sandbox) -> None:
    script = "import os; print(sorted(os.listdir()))"

    assert said(sandbox, script, {"module.py": None, "package": None, "never-was": None}) == "[]"
    assert sorted(path.name for path in sandbox.project.iterdir()) == ["module.py", "package"]


def test_an_override_makes_the_folders_it_needs_and_keeps_the_mode(sandbox: Sandbox) -> None:
    (sandbox.project / "tool").write_text("#!/bin/sh\necho old\n")
    (sandbox.project / "tool").chmod(0o755)
    script = "import subprocess; print(subprocess.check_output(['./tool']), open('a/b/c').read())"

    assert said(sandbox, script, {"tool": b"#!/bin/sh\necho new\n", "a/b/c": b"deep"}) == r"b'new\n' deep"


def test_an_override_in_place_of_a_link_does_not_follow_it(sandbox: Sandbox) -> None:
    outside = sandbox.project.parent / "outside"
    outside.write_text("untouched")
    (sandbox.project / "link").symlink_to(outside)

    assert said(sandbox, "print(open('link').read())", {"link": b"mine"}) == "mine"
    assert outside.read_text() == "untouched"


def test_an_override_behind_a_link_that_leads_out_is_refused(sandbox: Sandbox) -> None:
    outside = sandbox.project.parent / "outside"
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    (sandbox.project / "link").symlink_to(outside)

    with pytest.raises(CannotGoOn, match="leads out of the project"):
        said(sandbox, "", {"link/victim": b"mine"})
    assert (outside / "victim").read_text() == "untouched"


def test_the_base_applies_to_every_command_and_the_command_wins(sandbox: Sandbox) -> None:
    based = sandbox.with_base({"module.py": b"answer = 'base'\n", "package/inner.py": None})

    assert said(based, "import module; print(module.answer)") == "base"
    assert said(based, "import module; print(module.answer)", {"module.py": b"answer = 'mine'\n"}) == "mine"
    assert said(based, "import os; print(os.listdir('package'))") == "[]"


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "a/../../b", ""])
def test_an_override_outside_the_project_is_refused(sandbox: Sandbox, path: str) -> None:
    with pytest.raises(UsageError):
        sandbox.start(Command((sys.executable,), 1.0, overrides={path: b""}))


def test_files_can_be_read_inside_but_not_changed_where_there_are_walls(sandbox: Sandbox) -> None:
    script = """
import os
path = os.path.join(os.environ["DREAMSCAPE_FILES"], "guest.zip")
print(open(path).read())
try:
    open(path, "w")
except OSError as error:
    print(error.strerror)
"""
    ended, _ = sandbox.run(Command((sys.executable, "-c", script), 30.0, files={"guest.zip": b"content"}))

    expected = ["content"] if sandbox.level is SandboxLevel.NONE else ["content", "Read-only file system"]
    assert ended.output_tail.splitlines() == expected


def test_a_command_answers_requests_as_long_as_it_is_asked(sandbox: Sandbox) -> None:
    script = """
import os
requests = os.fdopen(int(os.environ["DREAMSCAPE_REQUESTS"]), "rb")
reports = os.fdopen(int(os.environ["DREAMSCAPE_REPORTS"]), "wb")
for line in requests:
    reports.write(line.upper())
    reports.flush()
print("asked no more")
"""
    with sandbox.start(Command((sys.executable, "-c", script), 30.0)) as confined:
        for word in (b"one\n", b"two\n"):
            confined.requests.write(word)
            confined.requests.flush()
            assert confined.reports.readline() == word.upper()
        confined.requests.close()
        ended = confined.wait()

    assert (ended.exit_code, ended.output_tail) == (0, "asked no more\n")


def test_all_reports_come_back_however_many(sandbox: Sandbox) -> None:
    script = "import os; f = os.fdopen(int(os.environ['DREAMSCAPE_REPORTS']), 'wb'); f.write(bytes(5 << 20))"

    _, reports = sandbox.run(Command((sys.executable, "-c", script), 30.0))

    assert reports == bytes(5 << 20)


def test_a_command_starts_in_the_folder_it_asks_for_with_what_it_adds_to_the_environment(sandbox: Sandbox) -> None:
    script = """
import os
print(os.path.relpath(os.getcwd(), os.environ["DREAMSCAPE_PROJECT"]), os.environ["PYTHONHASHSEED"])
"""
    command = Command((sys.executable, "-c", script), 30.0, env={"PYTHONHASHSEED": "7"}, cwd="package")

    assert sandbox.run(command)[0].output_tail == "package 7\n"


@pytest.mark.parametrize("installed", ["src", "src/inside"])
def test_an_editable_install_of_the_project_tests_what_was_overridden(sandbox: Sandbox, installed: str) -> None:
    """The path a .pth file names, or the package a finder maps to."""
    (sandbox.project / "src" / "inside").mkdir(parents=True)
    (sandbox.project / "src" / "inside" / "__init__.py").write_text("answer = 'old'\n")
    able = sandbox.reading([sandbox.project / installed])
    script = f"import sys; sys.path.append({str(sandbox.project / 'src')!r}); import inside; print(inside.answer)"

    assert said(able, script, {"src/inside/__init__.py": b"answer = 'new'\n"}) == "new"


def test_a_program_that_is_not_there_is_told_by_its_name(sandbox: Sandbox) -> None:
    with pytest.raises(CannotGoOn, match="/no/such/program"):
        sandbox.run(Command(("/no/such/program",), 5.0))


def test_many_sandboxes_run_at_once(sandbox: Sandbox) -> None:
    commands = [Command((sys.executable, "-c", f"print({number})"), 60.0) for number in range(4)]
    confined = [sandbox.start(command) for command in commands]
    try:
        assert [one.wait().output_tail for one in confined] == [f"{number}\n" for number in range(4)]
    finally:
        for one in confined:
            one.__exit__(None, None, None)


def test_the_folder_for_temporary_files_may_lie_in_the_project(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = sandbox.project / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    assert said(sandbox, "import module; print(module.answer)") == "old"
    assert list(scratch.iterdir()) == []


def test_our_own_state_is_not_seen(sandbox: Sandbox) -> None:
    (sandbox.project / ".dreamscape").mkdir()
    (sandbox.project / ".dreamscape" / "dreamscape.db").write_text("secret")

    assert said(sandbox, "import os; print(os.path.isdir('.dreamscape') and os.listdir('.dreamscape'))") in (
        "[]",
        "False",
    )


def test_what_does_not_fit_is_told_as_a_full_disk(tmp_path: Path) -> None:
    sandbox = a_sandbox(tmp_path, SandboxLevel.NAMESPACES, SandboxSettings(disk_mib=2))

    with pytest.raises(DiskFull, match="no space is left"):
        sandbox.run(Command((sys.executable, "-c", ""), 30.0, overrides={"big": bytes(5 << 20)}))


@pytest.mark.parametrize("level", EVERY, ids=lambda level: level.value)
@pytest.mark.parametrize("name", ["with space, comma:colon\\ and = ö", os.fsdecode(b"not utf-8 \xff\xfe")])
def test_any_name_of_a_project_will_do(tmp_path: Path, level: SandboxLevel, name: str) -> None:
    project = tmp_path / name
    project.mkdir()
    (project / os.fsdecode(b"f\xff")).write_text("x")
    sandbox = a_sandbox(project, level)

    script = "import os; open('new', 'w'); print(os.fsencode(os.getcwd()) + b'|', sorted(os.listdir(b'.')))"
    output = said(sandbox, script, {os.fsdecode(b"g\xff"): b""})

    assert output.endswith(r"[b'f\xff', b'g\xff', b'new']")
    assert level is SandboxLevel.NONE or repr(os.fsencode(name))[2:-1] in output
    assert [path.name for path in project.iterdir()] == [os.fsdecode(b"f\xff")]


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_a_project_may_lie_in_the_home_folder(
    tmp_path: Path, level: SandboxLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    project = home / "code" / "project"
    project.mkdir(parents=True)
    (home / ".netrc").write_text("secret")
    (project / "module.py").write_text("answer = 'seen'\n")
    monkeypatch.setenv("HOME", str(home))
    sandbox = a_sandbox(project, level)

    script = f"import module, os; print(module.answer, os.listdir({str(home)!r}), os.path.exists(os.environ['HOME']))"

    assert said(sandbox, script) == "seen ['code'] True"


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_a_project_may_be_the_home_folder(tmp_path: Path, level: SandboxLevel, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module.py").write_text("answer = 'seen'\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert said(a_sandbox(tmp_path, level), "import module; open('x', 'w'); print(module.answer)") == "seen"
    assert [path.name for path in tmp_path.iterdir()] == ["module.py"]


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_a_linked_worktree_still_finds_its_repository(tmp_path: Path, level: SandboxLevel) -> None:
    main, linked = tmp_path / "main", tmp_path / "linked"
    git = ("git", "-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run([*git, "init", "-q", main], check=True)
    subprocess.run([*git, "-C", main, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    subprocess.run([*git, "-C", main, "worktree", "add", "-q", linked], check=True)
    sandbox = a_sandbox(linked, level)

    script = """
import subprocess
print(subprocess.run(['git', 'log', '--format=%s'], capture_output=True, text=True).stdout)
print(subprocess.run(['git', 'branch', 'new'], capture_output=True, text=True).stderr)
"""
    output = said(sandbox, script)

    assert output.startswith("first")
    assert "Read-only file system" in output


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_only_with_the_network_allowed_is_the_hosts_network_seen(tmp_path: Path, level: SandboxLevel) -> None:
    sandbox = a_sandbox(tmp_path, level)
    script = "import socket; print(sorted(name for _, name in socket.if_nameindex()))"

    outside = sorted(path.name for path in Path("/sys/class/net").iterdir())
    assert python(sandbox, script).output_tail.strip() == "['lo']"
    assert set(outside) >= set(json.loads(python(sandbox, script, network=True).output_tail.replace("'", '"')))
    assert len(json.loads(python(sandbox, script, network=True).output_tail.replace("'", '"'))) == len(outside)


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_with_the_network_allowed_no_daemon_of_the_host_is_reached_by_a_nameless_socket(
    tmp_path: Path, level: SandboxLevel
) -> None:
    sandbox = a_sandbox(tmp_path, level)
    name = f"\0dreamscape-{tmp_path}"
    script = f"""
import socket
socket.socketpair()[0].close()
socket.socket().close()
socket.socket(socket.AF_UNIX).connect({name!r})
"""

    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(name)
        daemon.listen()
        daemon.settimeout(0)
        output = python(sandbox, script, network=True).output_tail

        assert "line 5" in output
        with pytest.raises(BlockingIOError):
            daemon.accept()


@pytest.mark.parametrize("level", WALLED, ids=lambda level: level.value)
def test_what_ordinary_users_cannot_read_is_kept_from_roots_tests_too(tmp_path: Path, level: SandboxLevel) -> None:
    sandbox = a_sandbox(tmp_path, level)
    script = """
import os
for folder, folders, files in os.walk("/etc"):
    for name in files:
        path = os.path.join(folder, name)
        try:
            if os.path.isfile(path) and not os.stat(path).st_mode & 0o004 and open(path, "rb").read(1):
                print(path)
        except OSError:
            pass
print(len(open("/etc/passwd").read()) > 0)
"""

    assert python(sandbox, script).output_tail.split() == ["True"]


def test_the_strongest_level_is_chosen_and_none_only_when_asked_for(tmp_path: Path) -> None:
    try:
        chosen = open_sandbox(tmp_path, SandboxSettings()).level
    except CannotGoOn as error:
        missing("sandbox", str(error))

    assert chosen in WALLED
    assert open_sandbox(tmp_path, SandboxSettings(level="none")).level is SandboxLevel.NONE
    assert list(tmp_path.iterdir()) == []


def test_where_no_walls_can_be_built_that_is_said_with_what_to_install(tmp_path: Path) -> None:
    """Inside a sandbox there can be no second one, neither ours nor bubblewrap's."""
    repository = Path(__file__).parents[2]
    sandbox = a_sandbox(tmp_path, SandboxLevel.NAMESPACES).reading([repository / "dreamscape"])
    script = f"""
import sys
sys.path.append({str(repository)!r})
from pathlib import Path
from dreamscape.agent.sandbox import open_sandbox
from dreamscape.domain.errors import SandboxMissing
from dreamscape.domain.settings import SandboxSettings
try:
    open_sandbox(Path.cwd(), SandboxSettings())
except SandboxMissing as error:
    print(error.exit_code, error.message, "|", error.hint)
"""
    output = said(sandbox, script)

    assert output.startswith("3 no sandbox can be built here (namespaces: ")
    assert "install the package `bubblewrap`" in output


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        open_sandbox(tmp_path / "nowhere", SandboxSettings())


def _as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can prepare this")


def test_what_is_mounted_inside_the_project_can_be_read_but_not_written(tmp_path: Path) -> None:
    _as_root()
    (tmp_path / "data").mkdir()
    a_sandbox(tmp_path, SandboxLevel.NAMESPACES)

    output = _in_own_mounts(
        tmp_path,
        f"mount -t tmpfs none {tmp_path}/data && echo mounted > {tmp_path}/data/file",
        "print(open('data/file').read()); open('data/file', 'w')",
    )

    assert "mounted" in output
    assert "Read-only file system" in output


def test_where_no_overlay_can_be_laid_the_project_is_copied(tmp_path: Path) -> None:
    """Overlays may be stacked twice only, so over a project that is one on one there can be no third."""
    _as_root()
    project = tmp_path / "project"
    project.mkdir()
    a_sandbox(project, SandboxLevel.NAMESPACES)
    layers = " && ".join(
        f"mkdir -p {layer} && mount -t tmpfs none {layer} && mkdir {layer}/u {layer}/w "
        f"&& mount -t overlay none {project} -o lowerdir={project},upperdir={layer}/u,workdir={layer}/w"
        for layer in (tmp_path / "1", tmp_path / "2")
    )

    output = _in_own_mounts(
        project,
        f"{layers} && echo old > {project}/file && mkdir -p {project}/.venv && touch {project}/.venv/pyvenv.cfg",
        "print(open('file').read(), open('over').read()); open('file', 'w').write('new'); print(open('file').read());"
        "print('userxattr' in open('/proc/self/mounts').read()); open('.venv/x', 'w')",
    )

    assert output.split()[-4:] == ["old", "ride", "new", "False"]
    assert "Read-only file system" in output


def _in_own_mounts(project: Path, prepare: str, script: str) -> str:
    """What a script printed in a sandbox of a process that sees other mounts than this one."""
    driver = f"""
import subprocess, sys
from pathlib import Path
from dreamscape.agent.sandbox import Command, Sandbox, SandboxLevel
from dreamscape.domain.settings import SandboxSettings
subprocess.run({prepare!r}, shell=True, check=True)
readable = tuple(map(Path, {list(map(str, our_interpreter()))!r}))
sandbox = Sandbox(Path({str(project)!r}), SandboxLevel.NAMESPACES, SandboxSettings(), readable=readable)
command = Command((sys.executable, "-c", {script!r}), 60.0, overrides={{"over": b"ride"}})
sys.stdout.write(sandbox.run(command)[0].output_tail)
"""
    ran = subprocess.run(["unshare", "-m", sys.executable, "-c", driver], capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_root_runs_the_code_of_another_users_project_as_that_user(tmp_path: Path) -> None:
    _as_root()
    project = tmp_path / "project"
    project.mkdir()
    (project / "file").write_text("old")
    (project / "file").chmod(0o600)
    sandbox = a_sandbox(project, SandboxLevel.NAMESPACES)
    for path in (project, project / "file"):
        os.chown(path, 12345, 12345)
    script = """
import os
for path in ("file", "over", os.path.expanduser("~/x")):
    open(path, "a").write("+new")
print(os.getuid())
"""

    assert said(sandbox, script, {"over": b""}) == "12345"
    assert (project / "file").read_text() == "old"
    assert python(sandbox, "import os\nwhile True: os.fork()").end is RunEnd.PROCESSES
