"""What a mere look at the command line may load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"sqlalchemy", "alembic", "selenium", "radon", "numpy", "pydantic", "rich", "httpx", "pathspec", "psutil"}

LOADED = """
import atexit, json, sys
where = sys.argv.pop(1)
atexit.register(lambda: open(where, "w").write(json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))))
from dreamscape.__main__ import main
main()
"""


def loaded_by(tmp_path: Path, *args: str, **env: str) -> tuple[set[str], int]:
    """The top-level modules a call leaves loaded, and its exit code."""
    report = tmp_path / "modules.json"
    ended = subprocess.run(
        [sys.executable, "-c", LOADED, str(report), *args],
        cwd=tmp_path,
        env={**os.environ, **env},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return set(json.loads(report.read_text())), ended.returncode


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--help",), 0),
        (("-h",), 0),
        (("--version",), 0),
        ((), 2),
        (("nonsense",), 2),
        (("statsu",), 2),
        (("--nonsense",), 2),
        (("status", "--nonsense"), 2),
        (("status", "--help"), 0),
        (("review", "--help"), 0),
        (("review", "nonsense"), 2),
        (("review", "show", "--help"), 0),
        (("devlog", "--help"), 0),
        (("ask", "--help"), 0),
        (("ask", "hello"), 2),
        (("--project", ".", "--json", "status", "--nonsense"), 2),
    ],
)
def test_help_version_and_wrong_usage_load_nothing_heavy(tmp_path: Path, args: tuple[str, ...], code: int) -> None:
    loaded, ended = loaded_by(tmp_path, *args)

    assert ended == code
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    ("words", "typers_own"),
    [
        ("dreamscape ", set()),
        ("dreamscape sta", set()),
        ("dreamscape review ", set()),
        ("dreamscape status --", {"pydantic"}),  # Typer checks each option's default with it
    ],
)
def test_completion_loads_nothing_heavy(tmp_path: Path, words: str, typers_own: set[str]) -> None:
    loaded, ended = loaded_by(
        tmp_path,
        _DREAMSCAPE_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )

    assert ended == 0
    assert loaded & HEAVY <= typers_own
