"""The command line, called in this process: for tests of what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from scan_command import Ended, Scan

from dreamscape.cli.app import main


@pytest.fixture
def scan(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Calls ``dreamscape scan`` in the test's own ``project``."""
    monkeypatch.setenv("HOME", str(project.parent))
    monkeypatch.chdir(project)

    def run(*words: str) -> Ended:
        capsys.readouterr()
        code = main(["scan", *words])
        return Ended(code, *capsys.readouterr())

    return run
