"""The page of a ranking, from the command line to the file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from scan_command import Scan

from dreamscape.cli.app import main
from dreamscape.scanner import project as project_module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("import b\n\n\ndef f():\n    b.g()\n")
    (folder / "b.py").write_text("def g():\n    return 1\n")
    return folder


def test_one_walk_and_one_memory_draw_a_page(scan: Scan, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    walk, cache = project_module.walk, project_module.Cache
    monkeypatch.setattr(project_module, "walk", lambda *words: done.append("walk") or walk(*words))
    monkeypatch.setattr(project_module, "Cache", lambda *words: done.append("memory") or cache(*words))

    for words in (["scan", "--format", "html"], ["report", "--format", "html"]):
        done.clear()
        assert main(words) == 0
        assert sorted(done) == ["memory", "walk"]


def test_a_pipe_gets_the_page_and_stays_a_pipe(scan: Scan, project: Path) -> None:
    pipe = project / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()

    code = main(["report", "--output", str(pipe)])
    reader.join(10)

    assert code == 0
    assert pipe.is_fifo()
    assert read[0].startswith(b"<!doctype html>")
