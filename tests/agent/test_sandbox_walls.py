"""A hostile test suite, as root and as an ordinary user, at every level that promises walls."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from required import missing
from sandboxes import a_sandbox

from dreamscape.agent.sandbox import SandboxLevel

pytestmark = pytest.mark.sandbox

_NOBODY = 65534
_SYSTEM_PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Attack:
    """What came of it inside, and what the host looked like before and after."""

    results: dict[str, object]
    before: dict[str, bytes]
    after: dict[str, bytes]
    victims: dict[str, str]
    heard: list[str]

    def refused(self, name: str) -> bool:
        return str(self.results[name]).startswith("refused")

    def done(self, name: str) -> bool:
        return str(self.results[name]).startswith("done")


_CASES = {
    "namespaces": (SandboxLevel.NAMESPACES, "self", True),
    "namespaces-ordinary-user": (SandboxLevel.NAMESPACES, "nobody", True),
    "namespaces-without-a-user-namespace": (SandboxLevel.NAMESPACES, "root", False),
    "bubblewrap": (SandboxLevel.BUBBLEWRAP, "self", True),
    "bubblewrap-ordinary-user": (SandboxLevel.BUBBLEWRAP, "nobody", True),
}


@pytest.fixture(scope="module", params=_CASES.values(), ids=_CASES.keys())
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    level, user, own_user_namespace = request.param
    if user == "nobody":
        _require_another_user()
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root can do without a user namespace")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dreamscape attack ")))
        project = _project(folder)
        if user != "nobody":
            a_sandbox(project, level)
        listeners, prepared = _prepare(stack, folder, user)
        if user == "nobody":
            subprocess.run(["chown", "-R", f"{_NOBODY}:{_NOBODY}", folder], check=True)
        before = _content(project)
        results = _run(project, user, level.value, str(own_user_namespace), json.dumps(prepared))
        heard = [name for name, listener in listeners.items() if _was_called(listener)]
        victims = {name: (folder / name).read_text() for name in ("sibling", "home/secret", "outside/victim")}
        yield Attack(results, before, _content(project), victims, heard)


def _require_another_user() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None or not Path(_SYSTEM_PYTHON).exists():
        pytest.skip("only root can become an ordinary user")
    version = subprocess.run(
        [_SYSTEM_PYTHON, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True
    )
    if version.stdout.strip() != b"True":
        pytest.skip("the system's Python is too old for Dreamscape")


def _project(folder: Path) -> Path:
    project = folder / "the project"
    (project / "package").mkdir(parents=True)
    (project / "kept.txt").write_text("kept")
    (project / "package" / "module.py").write_text("x = 1\n")
    (project / "link-out").symlink_to("../outside")
    for name in ("sibling", "home/secret", "outside/victim"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("untouched")
    return project


def _prepare(stack: ExitStack, folder: Path, user: str) -> tuple[dict[str, socket.socket], dict[str, object]]:
    """Listeners of the host that nothing inside may reach."""
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    paths = {
        "in /tmp": str(folder / "s"),
        "in the project": str(folder / "the project" / "s"),
        "abstract": f"\0{folder}",
    }
    if os.geteuid() == 0:
        paths["in /run"] = f"/run/dreamscape-{os.getpid()}.sock"
        paths["elsewhere"] = f"/var/lib/dreamscape-{os.getpid()}.sock"
    listeners = {"tcp": tcp}
    for name, path in paths.items():
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen()
        if not path.startswith("\0"):
            stack.callback(Path(path).unlink)
            Path(path).chmod(0o777)
        listeners[name] = listener
    if os.geteuid() == 0 and user != "nobody":  # who cannot see where root's processes are
        paths["bound under a relative name"] = f"/var/lib/dreamscape-{os.getpid()}-relative.sock"
        listeners["relative"] = _bound_under_a_relative_name(stack, Path(paths["bound under a relative name"]))
    prepared = {
        "port": tcp.getsockname()[1],
        "sockets": paths,
        "sibling": str(folder / "sibling"),
        "secret": str(folder / "home" / "secret"),
    }
    return listeners, prepared


def _bound_under_a_relative_name(stack: ExitStack, path: Path) -> socket.socket:
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    before = Path.cwd()
    os.chdir(path.parent)
    # The folder must still be that of the process when the sandbox starts, as a daemon's is.
    stack.callback(os.chdir, before)
    listener.bind(path.name)
    listener.listen()
    stack.callback(path.unlink)
    path.chmod(0o777)
    return listener


def _was_called(listener: socket.socket) -> bool:
    listener.setblocking(False)
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _run(project: Path, user: str, *arguments: str) -> dict[str, object]:
    driver = Path(__file__).with_name("sandbox_driver.py")
    repository = Path(__file__).parents[2]
    words = [sys.executable]
    if user == "nobody":
        words = ["setpriv", "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups", _SYSTEM_PYTHON]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(project.parent / "home"),
        "PYTHONPATH": str(repository),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "SSH_AUTH_SOCK": "/tmp/agent",
    }
    words += [str(driver), str(project), *arguments]
    ran = subprocess.run(words, env=env, capture_output=True, text=True, timeout=180)
    if ran.returncode != 0 and "SandboxMissing" in ran.stderr:
        missing("sandbox", ran.stderr)
    assert ran.returncode == 0, ran.stderr
    results: dict[str, object] = json.loads(ran.stdout)
    return results


def _content(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.readlink().as_posix().encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_the_project_is_byte_for_byte_what_it_was(attack: Attack) -> None:
    assert attack.done("delete the whole project")
    assert attack.after == attack.before


def test_nothing_outside_the_project_was_written_or_read(attack: Attack) -> None:
    assert set(attack.victims.values()) == {"untouched"}
    assert not Path("/etc/dreamscape-gotcha").exists()
    for name in (
        "read beside the project",
        "read a secret in the real home",
        "write to /etc",
        "write to /usr",
        "write to the root folder",
        "write a kernel setting",
        "write to /sys",
    ):
        assert attack.refused(name), (name, attack.results[name])


def test_no_listener_of_the_host_was_reached(attack: Attack) -> None:
    assert attack.heard == []
    names = [name for name in attack.results if name.startswith(("tcp", "udp", "unix socket", "resolve", "vsock"))]
    assert [name for name in names if not attack.refused(name)] == []


def test_the_processes_of_one_sandbox_can_talk_over_localhost(attack: Attack) -> None:
    assert attack.results["talk over localhost"] == "done: hello"


def test_no_device_but_the_harmless_ones_can_be_opened(attack: Attack) -> None:
    names = [name for name in attack.results if name.startswith("open /dev/")]
    assert [name for name in [*names, "make a device"] if not attack.refused(name)] == []


def test_the_watcher_cannot_be_signalled_read_or_traced(attack: Attack) -> None:
    assert 1 in attack.results["processes"]  # type: ignore[operator]
    assert attack.refused("open the watcher's memory")
    assert attack.refused("read the watcher's environment")
    assert attack.refused("read the watcher's files")


def test_no_power_is_left_and_none_can_be_gained(attack: Attack) -> None:
    powers = attack.results["powers"]
    assert isinstance(powers, dict)
    assert {powers[name] for name in ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:")} == {"0" * 16}
    assert powers["NoNewPrivs:"] == "1"
    for name in (
        "mount",
        "make the root writable again",
        "enter a new user namespace",
        "become another user",
        "raise a limit",
    ):
        assert attack.refused(name), (name, attack.results[name])


def test_the_environment_holds_the_allow_list_alone(attack: Attack) -> None:
    allowed = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONDONTWRITEBYTECODE", "TZ", "LD_LIBRARY_PATH"}
    names = set(attack.results["environment"])  # type: ignore[call-overload]

    assert {name for name in names if not name.startswith("DREAMSCAPE_")} <= allowed


def test_what_a_decent_test_suite_needs_is_there(attack: Attack) -> None:
    for name in (
        "write to /tmp",
        "write to HOME",
        "write to /dev/shm",
        "write to /dev/null",
        "write in the project",
        "change a file of the project",
        "open a pseudo terminal",
        "fork",
    ):
        assert attack.done(name), (name, attack.results[name])


def test_no_file_descriptor_of_ours_is_left_open(attack: Attack) -> None:
    assert attack.results["leave descriptors"] == "done: []"
