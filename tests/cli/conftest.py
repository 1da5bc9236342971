"""How these tests call the command line: as a user does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape


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
