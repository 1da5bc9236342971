"""Patches nobody has applied yet are seen, so that no night writes them again."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from dreamscape.engine import RepositoryLander
from dreamscape.tools.git import Git

OLD = {"app.py": b"one\ntwo\nthree\n", "café bar/x.py": b"x = 1\n"}


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=P", "-c", "user.email=p@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(params=["plain", "repository", "folder of a repository"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "inner" if request.param == "folder of a repository" else tmp_path
    for name, data in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if request.param != "plain":
        git(tmp_path, "init", "-q")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", "one")
    return folder


def lander(project: Path, run: str, mode: str = "patch") -> RepositoryLander:
    found = Git.find(project)
    return RepositoryLander(project, found, mode, run, found.head() if found else None)


def changes(project: Path) -> Mapping[str, bytes | None]:
    found = lander(project, "r9").unmerged()
    return found[0][1] if found else {}


def test_patches_that_wait_are_told_together_the_later_on_top_of_the_earlier(project: Path) -> None:
    first = lander(project, "r1")
    first.land({"app.py": b"one\n2\nthree\n"}, OLD, "Two", ())
    first.land({"app.py": b"one\n2\n3\n"}, {"app.py": b"one\n2\nthree\n"}, "Three", ())
    lander(project, "r2").land({"café bar/x.py": b"x = 2\n"}, OLD, "X", ())

    assert changes(project) == {"app.py": b"one\n2\n3\n", "café bar/x.py": b"x = 2\n"}
    assert (project / "app.py").read_bytes() == OLD["app.py"]


def test_what_was_applied_or_is_in_the_way_waits_no_more(project: Path) -> None:
    lander(project, "r1").land({"app.py": b"one\n2\nthree\n"}, OLD, "Two", ())
    (project / "app.py").write_bytes(b"one\n2\nthree\n")
    (project / ".dreamscape" / "patches" / "r0.patch").write_bytes(b"no patch at all\n")
    if Git.find(project):
        git(project, "commit", "-qam", "applied")

    assert changes(project) == {}


def test_patches_are_no_reason_not_to_land_on_a_branch(project: Path) -> None:
    lander(project, "r1").land({"app.py": b"one\n2\nthree\n"}, OLD, "Two", ())

    assert lander(project, "r9", "branch").unmerged() == ()
