"""Sandboxes for tests: built for real, or missing with the reason (see `required`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from required import missing

from dreamscape.agent.sandbox import Command, Ended, Sandbox, SandboxLevel
from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.settings import SandboxSettings

WALLED = (SandboxLevel.NAMESPACES, SandboxLevel.BUBBLEWRAP)
EVERY = (
    SandboxLevel.NAMESPACES,
    pytest.param(SandboxLevel.BUBBLEWRAP, marks=pytest.mark.slow),
    SandboxLevel.NONE,
)
"""Bubblewrap runs the same watcher, so the fast group can do without it."""
_REFUSALS: dict[SandboxLevel, str] = {}


def a_sandbox(project: Path, level: SandboxLevel, settings: SandboxSettings | None = None) -> Sandbox:
    """A sandbox of exactly this level, in which our own interpreter can run."""
    sandbox = Sandbox(project.resolve(), level, settings or SandboxSettings(), readable=our_interpreter())
    if level not in _REFUSALS:
        _REFUSALS[level] = _refusal(sandbox)
    if _REFUSALS[level]:
        part = "bubblewrap" if level is SandboxLevel.BUBBLEWRAP else "sandbox"
        missing(part, f"no sandbox of level {level.value} can be built here: {_REFUSALS[level]}")
    return sandbox


def our_interpreter() -> tuple[Path, ...]:
    return tuple(dict.fromkeys(map(Path, (sys.prefix, sys.base_prefix, os.path.realpath(sys.executable)))))


def python(sandbox: Sandbox, script: str, *, timeout_s: float = 30.0, network: bool = False) -> Ended:
    """Runs a script inside by our own interpreter."""
    command = Command((sys.executable, "-c", script), timeout_s, network=network)
    return sandbox.run(command)[0]


def _refusal(sandbox: Sandbox) -> str:
    try:
        sandbox.run(Command(("/bin/true",), 30.0))
    except CannotGoOn as error:
        return str(error)
    return ""
