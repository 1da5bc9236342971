"""The shipped demo project and its history go in, a git repository with several different bugs comes out."""

from __future__ import annotations

import shutil
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn
from dreamscape.tools.git_process import run_git


def make_demo(folder: Path, shipped: Path, now: datetime) -> None:
    """Makes the project in ``folder``, which must be empty; its last commit is two days before ``now``.

    Raises CannotGoOn where git is missing or refuses.
    """
    shutil.copytree(shipped / "project", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    _git(folder, ["init", "--quiet", "--initial-branch=main"])
    for commit in tomllib.loads((shipped / "history.toml").read_text("utf-8"))["commits"]:
        for edit in commit.get("edits", ()):
            file = folder / edit["path"]
            file.write_text(file.read_text("utf-8").replace(edit["find"], edit["replace"], 1), "utf-8")
        commit_all(folder, commit["message"], commit["author"], now - timedelta(days=commit["days_ago"]))
        if "tag" in commit:
            tag(folder, commit["tag"], now - timedelta(days=commit["days_ago"]))


def commit_all(folder: Path, message: str, author: str, at: datetime) -> None:
    """Commits everything as it stands."""
    _git(folder, ["add", "--all"])
    _git(folder, ["commit", "--quiet", "--message", message], author, at)


def merge(folder: Path, branch: str) -> None:
    """Merges a branch that only runs ahead."""
    _git(folder, ["merge", "--quiet", "--ff-only", branch])


def tag(folder: Path, name: str, at: datetime) -> None:
    """Tags HEAD as a release."""
    _git(folder, ["tag", "--annotate", "--message", name, name], "Ada", at)


def _git(folder: Path, words: list[str], person: str = "Ada", at: datetime | None = None) -> None:
    environment: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": person, f"GIT_{role}_EMAIL": f"{person.lower()}@example.org"}
        if at is not None:
            environment[f"GIT_{role}_DATE"] = at.isoformat()
    ran = run_git(["-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false", *words], folder, b"", environment)
    if ran.returncode:
        raise CannotGoOn(
            f"the demo needs git, which said: {ran.stderr.decode(errors='replace').strip()}", "install git"
        )
