"""``dreamscape scan --watch`` as a process: a ranking for every save that changes one, and nothing else."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamscape.cli.app import main
from dreamscape.scanner.watch import may_matter

LONGEST_S = 30.0
"""Nothing waited for takes longer, even on a machine that does much else."""


class Watch:
    """A process that watches, and the lines it writes."""

    def __init__(self, project: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dreamscape", "scan", "--watch", *words],
            cwd=project,
            env={**os.environ, "HOME": str(project.parent)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
        )
        assert self.process.stdout is not None
        self._out = self.process.stdout.fileno()
        self.rest = b""

    def line(self) -> bytes:
        """The next whole line."""
        ends = time.monotonic() + LONGEST_S
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self._out], [], [], ends - time.monotonic())
            assert ready, f"no line; {self.process.poll()}"
            part = os.read(self._out, 1 << 16)
            assert part, self.process.stderr.read() if self.process.stderr else ""
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def paths(self) -> set[str]:
        """The files of the next ranking."""
        found: dict[str, Any] = json.loads(self.line())
        assert found["schema"] == "dreamscape.scan/1"
        return {row["path"] for row in found["files"]}

    def ended_by(self, number: int) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_S)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "a.py").write_text("def f(): pass\n")
    (folder / ".venv" / "lib").mkdir(parents=True)
    return folder


@pytest.fixture
def watch(project: Path) -> Iterator[Watch]:
    watch = Watch(project, "--json")
    yield watch
    watch.process.kill()
    watch.process.communicate()


def test_each_save_that_changes_the_ranking_gives_one_line_and_nothing_else_does(project: Path, watch: Watch) -> None:
    assert watch.paths() == {"pkg/a.py"}

    save(project / "notes.txt", "no source")
    save(project / ".venv" / "lib" / "x.py", "left out")
    save(project / "pkg" / "b.py", "x = 1\n")
    assert watch.paths() == {"pkg/a.py", "pkg/b.py"}

    (project.parent / "new" / "deep").mkdir(parents=True)
    save(project.parent / "new" / "deep" / "c.py", "x = 1\n")
    (project.parent / "new").rename(project / "new")
    assert watch.paths() == {"pkg/a.py", "pkg/b.py", "new/deep/c.py"}

    save(project / "new" / "deep" / "c.py", "def c(x):\n    return x if x else 1\n")
    assert watch.paths() == {"pkg/a.py", "pkg/b.py", "new/deep/c.py"}

    save(project / ".scannerignore", "pkg/\n")
    assert watch.paths() == {"new/deep/c.py"}

    (project / "new").rename(project / "away")
    assert watch.paths() == {"away/deep/c.py"}
    assert (watch.ended_by(signal.SIGINT), watch.rest) == (130, b"")


def save(path: Path, text: str) -> None:
    """At once, as editors do: no scan sees half of it."""
    draft = path.with_name(".draft")
    draft.write_text(text)
    draft.replace(path)


def test_a_termination_ends_it_as_every_command(watch: Watch) -> None:
    watch.paths()

    assert watch.ended_by(signal.SIGTERM) == 143


def test_a_reader_that_goes_away_ends_it(project: Path, watch: Watch) -> None:
    watch.paths()
    assert watch.process.stdout is not None
    watch.process.stdout.close()
    (project / "pkg" / "b.py").write_text("x = 1\n")

    assert watch.process.wait(LONGEST_S) == 141


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "csv"],
        ["--output", "x"],
        ["--diff", "HEAD"],
        ["--fail-over", "1"],
        ["--strict"],
        ["--learn"],
        ["--project", "nowhere"],
    ],
)
def test_what_cannot_be_watched_ends_with_2(
    project: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)

    assert main(["scan", "--watch", *words]) == 2
    assert capsys.readouterr().err.startswith("dreamscape: ")


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        *((path, True) for path in ("/p/a.py", "/p/b.pyw", "/p/.gitignore", "/p/.scannerignore", "/p/folder")),
        *((path, False) for path in ("/p/a.txt", "/p/a.pyc", "/p/.a.py.swp", "/p/x.db-journal")),
    ],
)
def test_only_sources_rules_and_folders_matter(path: str, matters: bool) -> None:
    assert may_matter(path) is matters
