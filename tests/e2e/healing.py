"""Tiny projects to heal, and heal itself as a user runs it: in a process of its own, with a home of its own."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from plain_python import plain_python
from required import missing

from dreamscape.agent.sandbox import open_sandbox
from dreamscape.domain.errors import SandboxMissing
from dreamscape.domain.settings import SandboxSettings

PATIENCE_S = 400.0
"""A heal of a tiny project takes seconds; a busy machine may take many times that."""

GREET = {
    "greet.py": 'def greeting(name):\n    return "Hello, " - name\n',
    "test_greet.py": """\
from greet import greeting


def test_greeting():
    assert greeting("Ann") == "Hello, Ann"
    assert greeting("") == "Hello, "


def test_greeting_is_there():
    assert callable(greeting)
""",
}
"""One bug of one token; its repair is the only one that makes sense."""

GREET_REPAIRED = 'def greeting(name):\n    return "Hello, " + name\n'


@dataclass(frozen=True)
class Healed:
    """How one command ended; ``report`` is its JSON, ``{}`` where it printed none."""

    code: int
    report: dict[str, Any]
    out: str
    err: str

    @property
    def items(self) -> list[dict[str, Any]]:
        return list(self.report.get("items", []))

    @property
    def states(self) -> list[str]:
        return sorted(item["state"] for item in self.items)

    def item(self, test: str) -> dict[str, Any]:
        """The item that holds this test."""
        return next(item for item in self.items if any(test in key for key in item["tests"]))


class Patient:
    """A project to heal, beside a home folder; nothing of the machine's own configuration reaches either."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes] | None = None, *, with_git: bool = True) -> None:
        self.root = folder / "the project"
        self.home = folder / "home"
        self.temporary = folder / "tmp"
        for made in (self.root, self.home, self.temporary):
            made.mkdir(parents=True)
        self.write(files or GREET)
        if with_git:
            self.git("init", "-q", "-b", "main")
            self.commit("Begin")

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything run here."""
        inherited = {name: os.environ[name] for name in ("PATH", "DREAMSCAPE_REQUIRE", "LANG") if name in os.environ}
        own = {"HOME": self.home, "XDG_CONFIG_HOME": self.home / ".config", "TMPDIR": self.temporary}
        own["VIRTUAL_ENV"] = plain_python().parents[1]
        return {**inherited, **{name: str(place) for name, place in own.items()}}

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Text may be indented as a whole; bytes are written as they are."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Output of a git command run as the user would, without trailing newline."""
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "core.excludesFile=/dev/null")
        ran = subprocess.run(
            ["git", *who, *words],
            cwd=cwd or self.root,
            env={**self.env, "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.rstrip("\n")

    def commit(self, message: str) -> str:
        """Commits all that is there; the commit's hash."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branches(self) -> list[str]:
        """Dreamscape's branches."""
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/dreamscape").split()

    def at(self, revision: str, path: str) -> str:
        """A file's content in a revision."""
        return self.git("show", f"{revision}:{path}") + "\n"

    def run(self, *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Healed:
        """One Dreamscape command with --json."""
        ran = subprocess.run(
            [sys.executable, "-m", "dreamscape", *args, "--json"],
            cwd=cwd or self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        return Healed(ran.returncode, _json(ran.stdout), ran.stdout, ran.stderr)

    def heal(self, *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Healed:
        return self.run("heal", "--auto", *args, env=env, cwd=cwd)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """A heal in the background, saying what it does; end it with `end`."""
        return subprocess.Popen(
            [sys.executable, "-m", "dreamscape", "heal", "--auto", "--json", "-v", *args],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


NewPatient = Callable[..., Patient]
"""``(files, with_git=...)`` -> a project of these files; by default `GREET`, committed."""


def end(process: subprocess.Popen[str], number: int | None = None) -> Healed:
    """Sends a signal, if asked, and waits for the end."""
    if number is not None:
        process.send_signal(number)
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
    return Healed(process.returncode, _json(out), out, err)


def eventually(claim: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether a claim comes true within some time."""
    until = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def children(pid: int) -> list[int]:
    """All processes below one, at any depth."""
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        try:
            below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            continue
        waiting += map(int, below)
        found += map(int, below)
    return found


def needs_sandbox() -> None:
    """Skips, or fails where the machine promised to have one, if heal would find no sandbox."""
    if reason := _no_sandbox():
        missing("sandbox", reason)


@functools.cache
def _no_sandbox() -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            open_sandbox(Path(folder).resolve(), SandboxSettings())
        except SandboxMissing as error:
            return str(error)
    return ""


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
