"""In a folder of a larger repository: which project is taken is said, and a typed path means what it means there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape


@pytest.fixture
def dreamscape(dreamscape_here: Dreamscape) -> Dreamscape:
    return dreamscape_here


@pytest.fixture
def inner(project: Path) -> Path:
    """A folder of a repository; both hold an ``app.py``, and only the folder a ``cart.py``."""
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    folder = project / "services" / "shop"
    folder.mkdir(parents=True)
    (project / "app.py").write_text("def outer():\n    return 1\n")
    (project / "setup.py").write_text("NAME = 'all'\n")
    for name in ("app.py", "cart.py"):
        (folder / name).write_text("def inner():\n    return 1\n")
    return folder


def test_below_the_root_it_says_that_the_whole_repository_is_taken(
    dreamscape: Dreamscape, project: Path, inner: Path
) -> None:
    below = dreamscape("scan", cwd=inner)

    assert below.returncode == 0
    assert below.stderr.count(f"this takes the whole repository {project}") == 1
    assert "--project ." in below.stderr
    assert dreamscape("scan", "--ignore", "x/", cwd=inner).stderr.count("whole repository") == 1
    for elsewhere in (dreamscape("scan", cwd=project), dreamscape("scan", "--project", ".", cwd=inner)):
        assert elsewhere.stderr == ""
    assert dreamscape("scan", "-q", cwd=inner).stderr == ""


def test_heal_says_so_too(dreamscape: Dreamscape, inner: Path) -> None:
    ended = dreamscape("heal", "--auto", cwd=inner)

    assert ended.returncode == 3, "the repository has no commit"
    assert ended.stderr.count("whole repository") == 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("cart.py", "services/shop/cart.py"),
        ("./cart.py", "services/shop/cart.py"),
        ("app.py", "services/shop/app.py"),
        ("../../app.py", "app.py"),
        ("setup.py", "setup.py"),
        ("services/shop/cart.py", "services/shop/cart.py"),
    ],
)
def test_a_path_is_what_it_is_here_and_else_what_it_is_in_the_project(
    dreamscape: Dreamscape, inner: Path, typed: str, found: str
) -> None:
    explained = dreamscape("scan", "--explain", typed, "--json", cwd=inner)
    decided = dreamscape("scan", "--why-ignored", typed, "--json", cwd=inner)

    assert explained.returncode == decided.returncode == 0, explained.stderr + decided.stderr
    assert json.loads(explained.stdout)["path"] == json.loads(decided.stdout)["path"] == found


def test_a_path_of_the_project_is_understood_from_anywhere(dreamscape: Dreamscape, project: Path, inner: Path) -> None:
    ended = dreamscape("scan", "--explain", "cart.py", "--project", str(inner), "--json", cwd=project.parent)

    assert json.loads(ended.stdout)["path"] == "cart.py"


def test_what_is_not_there_is_looked_for_in_the_project_from_elsewhere(
    dreamscape: Dreamscape, project: Path, inner: Path
) -> None:
    ended = dreamscape("scan", "--why-ignored", "gen.py", "--project", str(inner), cwd=project.parent)

    assert ended.stdout == "gen.py does not exist\ngen.py would be scanned: no rule leaves it out\n"


def test_an_interpreter_named_by_a_path_is_looked_for_here_first(dreamscape: Dreamscape, inner: Path) -> None:
    python = inner / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho I am no Python >&2; exit 1\n")
    python.chmod(0o755)
    subprocess.run(["git", "add", "."], cwd=inner, check=True)
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    subprocess.run(["git", *who, "commit", "--quiet", "--message", "Begin"], cwd=inner, check=True)

    ended = dreamscape("heal", "--auto", "--python", "env/bin/python", cwd=inner)

    assert f"{python} " in ended.stderr
    assert "there is no interpreter" not in ended.stderr
