"""Runs commands of the project where they can do no harm; in: a `Command`; out: how it `Ended`, and what it reported.

with sandbox.start(command) as confined:
    confined.requests.write(...)
    confined.reports.readline()
    ended = confined.wait()
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from dreamscape.agent.sandbox_confined import Confined, Ended
from dreamscape.agent.sandbox_launch import Started, start_in_bubblewrap, start_in_namespaces, start_without_walls
from dreamscape.agent.sandbox_level import SandboxLevel
from dreamscape.agent.sandbox_places import Places, environment, interpreter_of_ours, places_of, user_of
from dreamscape.domain.errors import CannotGoOn, SandboxMissing, UsageError
from dreamscape.domain.runs import RunEnd
from dreamscape.domain.settings import SandboxSettings

__all__ = ["Command", "Confined", "Ended", "Sandbox", "SandboxLevel", "open_sandbox"]

_MIB = 1024 * 1024
_REPORTS_MIB = 256
"""What `Sandbox.run` reads of reports before it takes the command for one that floods; chosen."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run inside; everything is seen by this one command alone.

    ``argv[0]`` is absolute; ``env`` is added to the allow-list; ``overrides`` maps project-relative posix paths to
    other contents or None for absent, on top of the sandbox's base; ``files`` can be read inside under the folder
    that the environment variable DREAMSCAPE_FILES names; ``cwd`` is relative to the project, which inside lies where
    DREAMSCAPE_PROJECT says (its own path, but for level none).
    """

    argv: tuple[str, ...]
    timeout_s: float
    env: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, bytes | None] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    network: bool = False
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A way of running commands on one project that leaves no trace on it; makes as many confined trees as asked.

    Safe to use from several threads at once. ``base`` are overrides that apply to every command, ``readable`` host
    paths that stay readable where the sandbox would hide them.
    """

    project: Path
    level: SandboxLevel
    settings: SandboxSettings
    own_user_namespace: bool = True
    base: Mapping[str, bytes | None] = field(default_factory=dict)
    readable: tuple[Path, ...] = ()

    def with_base(self, base: Mapping[str, bytes | None]) -> Sandbox:
        """The same sandbox with more overrides for every command; later ones win."""
        return replace(self, base={**self.base, **base})

    def reading(self, paths: Iterable[Path]) -> Sandbox:
        """The same sandbox in which these paths of the host can be read, too."""
        return replace(self, readable=tuple(dict.fromkeys([*self.readable, *paths])))

    def start(self, command: Command) -> Confined:
        """Starts a command without waiting for anything.

        Raises UsageError where the command is not one; what goes wrong inside is raised by `Confined.wait`.
        """
        _check(command, self.base)
        own = interpreter_of_ours() if self.level is SandboxLevel.BUBBLEWRAP else []
        places = places_of(self.project, [*self.readable, *own], network=command.network)
        task = self._task(command, places)

        def start(resources: ExitStack) -> Started:
            match self.level:
                case SandboxLevel.NAMESPACES:
                    return start_in_namespaces(task, resources)
                case SandboxLevel.BUBBLEWRAP:
                    return start_in_bubblewrap(task, self.project, places, resources)
                case SandboxLevel.NONE:
                    return start_without_walls(task, self.project, self.readable, resources)

        return Confined(start, command.timeout_s)

    def run(self, command: Command) -> tuple[Ended, bytes]:
        """Runs a command to its end; returns how it ended and all it wrote to its reports channel."""
        with self.start(command) as confined:
            confined.requests.close()
            reports = confined.read_reports(_REPORTS_MIB * _MIB)
            flooded = len(reports) > _REPORTS_MIB * _MIB
            if flooded:
                confined.kill()
            ended = confined.wait()
            return (replace(ended, end=RunEnd.OUTPUT) if flooded else ended), reports

    def _task(self, command: Command, places: Places) -> dict[str, object]:
        """The launcher's task but for what depends on the level."""
        limits = self.settings
        user, group = user_of(self.project)
        return {
            "own_user_namespace": self.own_user_namespace,
            "network": command.network,
            "argv": [os.fsencode(word) for word in command.argv],
            "env": environment(command.argv[0], command.env, self.project, places),
            "project": os.fsencode(self.project),
            "cwd": os.fsencode(command.cwd),
            "home": os.fsencode(places.home),
            "overrides": {os.fsencode(path): data for path, data in {**self.base, **command.overrides}.items()},
            "files": {os.fsencode(name): data for name, data in command.files.items()},
            "files_folder": os.fsencode(places.files),
            "hidden": [os.fsencode(path) for path in places.hidden],
            "readable": [os.fsencode(path) for path in places.readable],
            "masked": [os.fsencode(path) for path in places.masked],
            "mounted": [os.fsencode(path) for path in places.mounted],
            "uncopied": [os.fsencode(path) for path in places.uncopied],
            "user": user,
            "group": group,
            "timeout_s": float(command.timeout_s),
            "memory_bytes": limits.memory_mib * _MIB,
            "disk_bytes": limits.disk_mib * _MIB,
            "output_bytes": limits.output_mib * _MIB,
            "processes": limits.processes,
        }


def open_sandbox(project: Path, settings: SandboxSettings) -> Sandbox:
    """The strongest sandbox this machine can build around this project, found by running something in it.

    Raises CannotGoOn elsewhere than on Linux, SandboxMissing naming what to install, UsageError for a missing folder.
    """
    if sys.platform != "linux":
        raise CannotGoOn("heal works on Linux only: nothing of a project may run outside a sandbox", "run it on Linux")
    if not project.is_dir():
        raise UsageError(f"{project} is not a folder")
    project = project.resolve()
    if settings.level == "none":
        return Sandbox(project, SandboxLevel.NONE, settings)
    refusals = []
    for sandbox in _ladder(project, settings):
        try:
            _probe(sandbox)
        except (CannotGoOn, OSError) as error:
            refusals.append(f"{sandbox.level.value}: {error}")
        else:
            return sandbox
    raise SandboxMissing(
        f"no sandbox can be built here ({'; '.join(refusals)})",
        "install the package `bubblewrap`, or allow user namespaces (sysctl user.max_user_namespaces=10000; on Ubuntu "
        "also kernel.apparmor_restrict_unprivileged_userns=0; in a container run it with user namespaces allowed)",
    )


def _ladder(project: Path, settings: SandboxSettings) -> Iterator[Sandbox]:
    yield Sandbox(project, SandboxLevel.NAMESPACES, settings)
    if os.geteuid() == 0:
        yield Sandbox(project, SandboxLevel.NAMESPACES, settings, own_user_namespace=False)
    yield Sandbox(project, SandboxLevel.BUBBLEWRAP, settings)


_PROBE = """set -e
rm -r .dreamscape-probe; mkdir .dreamscape-probe; test ! -e .dreamscape-probe/old
echo written > .dreamscape-probe/new; echo written > /tmp/new
test ! -w /; test ! -w /usr"""


def _probe(sandbox: Sandbox) -> None:
    """Raises CannotGoOn where the sandbox does not do what it promises."""
    command = Command(("/bin/sh", "-c", _PROBE), timeout_s=30.0, overrides={".dreamscape-probe/old": b""})
    ended, _ = sandbox.run(command)
    if ended.end is not RunEnd.EXITED or ended.exit_code != 0:
        raise CannotGoOn(f"the probe ended with {ended.end.value} {ended.exit_code}: {ended.output_tail.strip()}")


def _check(command: Command, base: Iterable[str]) -> None:
    if not command.argv or not os.path.isabs(command.argv[0]):  # noqa: PTH117
        raise UsageError(f"a command starts with an absolute path, not {command.argv[:1]}")
    for path in [*base, *command.overrides, command.cwd or "here"]:
        parts = PurePosixPath(path)
        if not parts.parts or parts.is_absolute() or ".." in parts.parts:
            raise UsageError(f"{path} does not lie inside the project")
    for name in command.files:
        if "/" in name or name in ("", ".", ".."):
            raise UsageError(f"{name!r} is no file name")
