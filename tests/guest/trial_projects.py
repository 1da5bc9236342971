"""A small project with one bug, and candidates for it, put to the real candidate server in the real sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from guest_suites import lay
from plain_python import plain_python
from required import missing

from dreamscape.agent.interpreter import probe_interpreter
from dreamscape.agent.sandbox import open_sandbox
from dreamscape.agent.trials import TrialServer
from dreamscape.domain.errors import SandboxMissing
from dreamscape.domain.repair import Candidate, Edit
from dreamscape.domain.settings import HealSettings, SandboxSettings

CALC = """
    import functools

    def start():
        return 3

    LIMIT = start()

    def counted(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper

    def biggest(values):
        best = 0
        for value in values:
            if value < best:
                best = value
        return best

    class Account:
        def __init__(self, cents=0):
            self.__cents = cents

        @property
        def cents(self):
            return self.__cents

        @counted
        def add(self, cents):
            self.__cents += cents
            return self

    def remembered(value, seen=[]):
        seen.append(value)
        return len(seen)
    """
TESTS = """
    import pytest
    from calc import LIMIT, Account, biggest, remembered

    def test_biggest():
        assert biggest([1, 5, 2]) == 5

    def test_nothing_is_zero():
        assert biggest([]) == 0

    @pytest.mark.parametrize("cents", [1, 2])
    def test_cents(cents):
        assert Account(cents).add(1).cents == cents + 1

    def test_remembered():
        assert remembered(1) == 1

    def test_limit():
        assert LIMIT == 3
    """
FILE = "test_calc.py"
FAILING = f"{FILE}::test_biggest"
OTHERS = [f"{FILE}::{name}" for name in ("test_nothing_is_zero", "test_cents[1]", "test_remembered", "test_limit")]


def calc(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """The project with the bug."""
    return lay(folder, files or {"calc.py": CALC, FILE: TESTS})


def server(
    project: Path,
    python: Path | str | None = None,
    *,
    edited: str = "calc.py",
    test_files: Sequence[str] = (FILE,),
    pytest_args: tuple[str, ...] = (),
    overrides: Mapping[str, bytes | None] | None = None,
) -> TrialServer:
    """A server for the project, not yet started."""
    try:
        sandbox = open_sandbox(project, SandboxSettings())
    except SandboxMissing as error:
        missing("sandbox", str(error))
    interpreter, sandbox = probe_interpreter(sandbox, Path(python or plain_python()))
    sources = {edited: (overrides or {}).get(edited) or (project / edited).read_bytes()}
    settings = HealSettings(test_timeout_s=5.0, pytest_args=pytest_args)
    return TrialServer(sandbox, interpreter, settings, sources, test_files, workers=2, base_overrides=overrides)


def change(project: Path, old: str, new: str, file: str = "calc.py") -> Candidate:
    """The candidate that puts ``new`` in the place of the first ``old``."""
    start = (project / file).read_bytes().index(old.encode())
    return Candidate((Edit(file, start, start + len(old.encode()), new.encode()),), "test", 1.0, f"{old} -> {new}")
