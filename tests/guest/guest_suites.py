"""Small suites laid on disk and run for real: in the sandbox, by an interpreter of this machine."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from plain_python import plain_python
from required import missing

from dreamscape.agent.guest_zip import ZIP_NAME, launch, packed
from dreamscape.agent.interpreter import probe_interpreter
from dreamscape.agent.protocol import Record
from dreamscape.agent.runner import SuiteRunner
from dreamscape.agent.sandbox import open_sandbox
from dreamscape.domain.errors import SandboxMissing
from dreamscape.domain.failures import Failure
from dreamscape.domain.runs import TestRun
from dreamscape.domain.settings import HealSettings, SandboxSettings


def lay(project: Path, files: Mapping[str, str]) -> Path:
    """Writes the files, indentation taken away."""
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
    return project


def runner(project: Path, python: Path | str | None = None, *, level: str = "auto", **settings: Any) -> SuiteRunner:
    """A runner for this project in the strongest sandbox there is."""
    try:
        sandbox = open_sandbox(project, SandboxSettings(level=level, output_mib=1))
    except SandboxMissing as error:
        missing("sandbox", str(error))
    interpreter, sandbox = probe_interpreter(sandbox, Path(python or plain_python()))
    return SuiteRunner(sandbox, interpreter, HealSettings(**settings))


def run(project: Path, python: Path | str | None = None, **asked: Any) -> TestRun:
    """Runs the project's suite once, with a limit of 30 s for a test."""
    return runner(project, python, test_timeout_s=30.0).run(**asked)


def told_outside(project: Path, python: Path | str | None = None, **env: str) -> Record:
    """What the guest tells without a sandbox around it: folders above the project are there."""
    request = {"only": None, "deselect": [], "ignore": [], "order": "given", "seed": 0, "coverage": "none"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ZIP_NAME).write_bytes(packed())
        Path(folder, "run.json").write_text(json.dumps({**request, "test_timeout_s": 30.0}))
        reading, writing = os.pipe()
        channels = {"DREAMSCAPE_FILES": folder, "DREAMSCAPE_REPORTS": str(writing)}
        command = launch(python or plain_python(), "plugin", ["-p", "no:cacheprovider"])
        with subprocess.Popen(
            command, cwd=project, env={**os.environ, **channels, **env}, pass_fds=[writing], stdout=subprocess.DEVNULL
        ):
            os.close(writing)
            record = Record()
            with os.fdopen(reading, "rb") as lines:
                for line in lines:
                    record.read(line)
    return record


def outcomes(run: TestRun) -> dict[str, str]:
    """Key -> outcome, without the file's name."""
    return {result.test.partition("::")[2] or result.test: result.outcome.value for result in run.results}


def failure(run: TestRun, name: str) -> Failure:
    """The one failure of the test whose key ends so."""
    (found,) = [failure for failure in run.failures if failure.test.endswith(name)]
    return found


def interpreters() -> list[Path]:
    """Further interpreters of this machine from 3.8 on, oldest first, beside our own: pyenv's and those in PATH."""
    places = [*Path.home().glob(".pyenv/versions/3.*/bin/python"), *Path("/usr/bin").glob("python3.[0-9]*")]
    named = {path.resolve(): _minor(path) for path in places if not path.name.endswith("-config")}
    ours = Path(sys.base_prefix).resolve()
    others = (path for path, minor in named.items() if minor >= 8 and ours not in path.parents)
    return sorted(others, key=lambda path: (named[path], path))


def interpreters_and_pytests() -> list[tuple[Path, str]]:
    """Every further interpreter with its newest pytest, the oldest of them with older ones too."""
    found = interpreters()
    older = ["pytest==7.4.4", "pytest==8.3.5"] + (["pytest==6.2.5"] if found and "3.8" in str(found[0]) else [])
    return [(python, "pytest") for python in found] + [(python, version) for python in found[:1] for version in older]


@functools.cache
def _minor(python: Path) -> int:
    asked = subprocess.run([python, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, check=False)
    return int(asked.stdout or -1)


@functools.cache
def environment(python: Path, *packages: str) -> Path:
    """The interpreter of a virtual environment with these packages, made once and kept with the temporary files."""
    name = "-".join(["dreamscape-venv", str(_minor(python)), *packages]).replace("=", "")
    folder = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    if not (folder / "ready").exists():
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True, capture_output=True)
        installed = subprocess.run(
            [folder / "bin/python", "-m", "pip", "install", "-q", *packages],
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode:
            missing("packages", f"{' '.join(packages)} cannot be installed: {installed.stderr[-300:]}")
        (folder / "ready").touch()
    return folder / "bin/python"
