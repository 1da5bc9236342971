"""How these tests call the command line: as a user does, in a process of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape

from dreamscape.cli.app import main


@pytest.fixture(autouse=True)
def same_logging() -> Iterator[None]:
    """Takes back what the command line does to logging, which other tests read."""
    ours = logging.getLogger("dreamscape")
    before = (ours.handlers[:], ours.propagate, ours.level)
    yield
    ours.handlers[:], ours.propagate = before[0], before[1]
    ours.setLevel(before[2])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def dreamscape(home: Path, project: Path) -> Dreamscape:
    """Runs ``dreamscape ARGS`` in the project, with an empty home and no terminal."""

    def run(*args: str, cwd: Path = project, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dreamscape", *args],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], "HOME": str(home), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def dreamscape_here(
    home: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Dreamscape:
    """The same in this process, which saves the start-up."""

    def run(*args: str, cwd: Path = project, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        with monkeypatch.context() as changed:
            changed.chdir(cwd)
            for name, value in {"HOME": str(home), **(env or {})}.items():
                changed.setenv(name, value)
            code = main(args)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(args, code, out, err)

    return run
