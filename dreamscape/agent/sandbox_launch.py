"""Starts the launcher that builds a sandbox: by itself, through bubblewrap, or without walls on a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from dreamscape.agent.jail.task import Task
from dreamscape.agent.sandbox_confined import Channels
from dreamscape.agent.sandbox_places import Places, is_under, virtual_environments
from dreamscape.domain.errors import CannotGoOn

_BOOT = "import sys; sys.path.append(sys.argv.pop()); from jail.start import main; main()"
_AGENT = Path(__file__).parent

Started = tuple["subprocess.Popen[bytes]", Channels]


def start_in_namespaces(wanted: Mapping[str, object], resources: ExitStack) -> Started:
    """The launcher builds everything itself."""
    return _launch([], _own_python(_AGENT), {**wanted, "level": "namespaces"}, resources)


def start_in_bubblewrap(wanted: Mapping[str, object], project: Path, places: Places, resources: ExitStack) -> Started:
    """The launcher is the first process inside walls that bubblewrap built, and copies the project into memory."""
    program = shutil.which("bwrap")
    if program is None:
        raise CannotGoOn("bubblewrap is not installed", "install the package `bubblewrap`")
    source, agent = places.files.parent / "project", places.files.parent / "launcher"
    files: dict[bytes, bytes] = dict(wanted["files"])  # type: ignore[call-overload]  # values are as the task's fields
    handed = {os.fsdecode(name): resources.enter_context(_in_memory(content)) for name, content in files.items()}
    words = [program, *_WALLS, *(() if wanted["network"] else ("--unshare-net",))]
    words += [word for name in _KERNEL_SETTINGS if Path(name).exists() for word in ("--ro-bind", name, name)]
    bounded = ("--size", str(wanted["disk_bytes"])) if _can_bound_size(program) else ()
    words += [word for place in (*places.hidden, "/dev/shm") for word in (*bounded, "--tmpfs", str(place))]
    words += ["--dir", str(places.home), "--ro-bind", str(project), str(source), "--ro-bind", str(_AGENT), str(agent)]
    words += _shown(places.readable, places.hidden)
    words += [*bounded, "--tmpfs", str(project), *_shown([*places.uncopied, *places.mounted], [project])]
    words += [w for name, fd in handed.items() for w in ("--ro-bind-data", str(fd), str(places.files / name))]
    words += [word for path in places.masked for word in _covered(path, project)]
    task = {**wanted, "level": "inside", "files": {}, "source": os.fsencode(source)}
    return _launch(words, _own_python(agent), task, resources, tuple(handed.values()))


_WALLS = (
    *("--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--new-session", "--as-pid-1", "--cap-drop", "ALL"),
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
)
_KERNEL_SETTINGS = tuple(
    f"/proc/{name}" for name in ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "mtrr", "scsi")
)
"""Seen: bubblewrap 0.8 started by root leaves /proc/sys writable, and the host's core_pattern with it."""


@cache
def _can_bound_size(program: str) -> bool:
    """Bubblewrap learnt it in 0.8; before, only single files are bounded."""
    return b"--size" in subprocess.run([program, "--help"], capture_output=True, timeout=30.0).stdout


def start_without_walls(
    wanted: Mapping[str, object], project: Path, readable: Iterable[Path], resources: ExitStack
) -> Started:
    """Limits alone, on a copy that comes first on the import path, as do the places in it that were installed from."""
    folder = Path(
        resources.enter_context(tempfile.TemporaryDirectory(prefix="dreamscape-", ignore_cleanup_errors=True))
    )
    copy = folder / "project"
    copy.mkdir()
    for name in (path.name for path in virtual_environments(project)):
        (copy / name).symlink_to(project / name)
    env: dict[bytes, bytes] = dict(wanted["env"])  # type: ignore[call-overload]  # values are as the task's fields
    paths = [os.fsencode(path) for path in (copy, *_installed_from(project, copy, readable))]
    env[b"PYTHONPATH"] = b":".join([*paths, *filter(None, [env.get(b"PYTHONPATH")])])
    env |= {b"HOME": os.fsencode(folder / "home")}
    env[b"DREAMSCAPE_PROJECT"] = os.fsencode(copy)
    env[b"DREAMSCAPE_FILES"] = os.fsencode(folder / "files")
    task = {
        **wanted,
        "level": "none",
        "env": env,
        "source": os.fsencode(project),
        "project": os.fsencode(copy),
        "home": os.fsencode(folder / "home"),
        "files_folder": os.fsencode(folder / "files"),
    }
    return _launch([], _own_python(_AGENT), task, resources)


def _installed_from(project: Path, copy: Path, readable: Iterable[Path]) -> Iterator[Path]:
    """The copies of those folders of the project that an editable install put on the import path."""
    environments = virtual_environments(project)
    for path in readable:
        if project in path.parents and path.is_dir() and not is_under(path, environments):
            yield copy / (path.parent if (path / "__init__.py").exists() else path).relative_to(project)


def _own_python(agent: Path) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _BOOT, str(agent)]


def _launch(
    prefix: list[str],
    launcher: list[str],
    task: Mapping[str, object],
    resources: ExitStack,
    handed: tuple[int, ...] = (),
) -> Started:
    requests_reader, requests_writer = os.pipe()
    reports_reader, reports_writer = os.pipe()
    lifeline_reader, lifeline_writer = os.pipe()
    status_reader, status_writer = os.pipe()
    theirs = (requests_reader, reports_writer, lifeline_reader, status_writer)
    env: dict[bytes, bytes] = dict(task["env"])  # type: ignore[call-overload]  # values are as the task's fields
    env[b"DREAMSCAPE_REQUESTS"], env[b"DREAMSCAPE_REPORTS"] = b"%d" % requests_reader, b"%d" % reports_writer
    fds = dict(zip(("requests_fd", "reports_fd", "lifeline_fd", "status_fd"), theirs, strict=True))
    channels = Channels(requests_writer, reports_reader, status_reader, lifeline_writer)
    try:
        with _in_memory(Task(**{"source": b"", **task, "env": env, **fds}).packed()) as description:
            process = subprocess.Popen(
                [*prefix, *launcher],
                stdin=description,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                cwd="/",
                pass_fds=[*theirs, *handed],
                start_new_session=True,
            )
    except BaseException:
        for handle in (requests_writer, reports_reader, status_reader, lifeline_writer):
            os.close(handle)
        raise
    finally:
        for handle in theirs:
            os.close(handle)
    return process, channels


@contextmanager
def _in_memory(content: bytes) -> Iterator[int]:
    """A file without a name that holds this, at its beginning."""
    handle = os.memfd_create("dreamscape")
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            file.write(content)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


def _covered(path: Path, project: Path) -> tuple[str, ...]:
    """Words that make a place nobody's; in the project, which is a copy, it is not there at all."""
    if project in path.parents and not path.is_socket():
        return ()
    return ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", "/dev/null", str(path))


def _shown(paths: Iterable[Path], covered: Iterable[Path]) -> list[str]:
    """Words that show, read-only, what lies in a covered place."""
    places = tuple(covered)
    words: list[str] = []
    for path in paths:
        if is_under(path, places):
            link = path.is_symlink()
            words += ["--symlink", str(path.readlink()), str(path)] if link else ["--ro-bind", str(path), str(path)]
    return words
