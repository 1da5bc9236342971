"""Churn counts commits from real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner.churn import Churn, read_churn

PERSON = ["-c", "user.name=A Person", "-c", "user.email=person@example.org", "-c", "commit.gpgSign=false"]


def git(project: Path, *words: str, at: str = "2024-06-01T12:00:00+0000") -> None:
    env = {**os.environ, "GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at}
    subprocess.run(["git", *PERSON, *words], cwd=project, check=True, capture_output=True, env=env)


def commit(project: Path, at: str = "2024-06-01T12:00:00+0000", **texts: str) -> None:
    for name, text in texts.items():
        file = project / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "-m", "change", at=at)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def churn(project: Path, months: int = 12) -> dict[str, int]:
    found = read_churn(project, months)
    assert found.commits is not None, found.note
    return dict(found.commits)


def test_each_commit_counts_once_for_each_file_it_changed(project: Path) -> None:
    commit(project, a="1", b="1")
    commit(project, a="2")
    commit(project, a="3", sub__c="1")

    assert churn(project) == {"a.py": 3, "b.py": 1, "sub/c.py": 1}


def test_a_renamed_file_keeps_its_commits(project: Path) -> None:
    commit(project, a="x = 1\n" * 20)
    commit(project, a="x = 1\n" * 21)
    git(project, "mv", "a.py", "b.py")
    commit(project)
    git(project, "mv", "b.py", "c.py")
    commit(project, c="x = 1\n" * 20 + "y = 1\n")

    assert churn(project) == {"c.py": 4}


def test_the_window_counts_back_from_heads_own_date(project: Path) -> None:
    commit(project, at="2011-01-10T00:00:00+0000", a="1")
    commit(project, at="2012-01-05T00:00:00+0000", a="2")
    commit(project, at="2012-06-01T00:00:00+0000", a="3")

    assert churn(project) == {"a.py": 2}
    assert churn(project, months=1) == {"a.py": 1}
    assert churn(project, months=240) == {"a.py": 3}


def test_a_project_below_the_root_sees_its_own_files_alone(project: Path) -> None:
    commit(project, a="1", sub__b="1")

    assert churn(project / "sub") == {"b.py": 1}


def test_merges_count_only_what_they_merge(project: Path) -> None:
    commit(project, a="1")
    git(project, "checkout", "--quiet", "-b", "other")
    commit(project, b="1")
    git(project, "checkout", "--quiet", "main")
    commit(project, c="1")
    git(project, "merge", "--quiet", "--no-edit", "other")

    assert churn(project) == {"a.py": 1, "b.py": 1, "c.py": 1}


def test_odd_names_are_counted(project: Path) -> None:
    for name in ("new\nline.py", "ta\tb.py", "caf\udce9.py", "\x01.py"):
        (project / name).write_text("1")
    commit(project)

    assert churn(project) == {"new\nline.py": 1, "ta\tb.py": 1, "caf\udce9.py": 1, "\x01.py": 1}


def test_settings_of_the_repository_change_nothing(project: Path) -> None:
    commit(project, a="x\n" * 9)
    git(project, "mv", "a.py", "b.py")
    commit(project)
    for key, value in {"diff.renames": "false", "log.showRoot": "false", "log.showSignature": "true"}.items():
        git(project, "config", key, value)

    assert churn(project) == {"b.py": 2}


def test_where_history_says_nothing_churn_is_absent_and_the_scan_says_so(tmp_path: Path, project: Path) -> None:
    plain, bare, shallow = tmp_path / "plain", tmp_path / "bare", tmp_path / "shallow"
    plain.mkdir()
    no_commit = read_churn(project, 12)
    commit(project, a="1")
    commit(project, a="2")
    git(tmp_path, "clone", "--quiet", "--bare", str(project), str(bare))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", str(shallow))
    (project / "ignored").mkdir()

    assert no_commit == Churn(None, "no commit yet: churn is unknown")
    assert read_churn(plain, 12) == Churn(None, "no git working tree here: churn is unknown")
    assert read_churn(bare, 12) == Churn(None, "no git working tree here: churn is unknown")
    assert read_churn(shallow, 12) == Churn(None, "a shallow clone has no history to count: churn is unknown")
    assert read_churn(project / "ignored", 12) == Churn(None, "git does not track this folder: churn is unknown")
    result = ProjectScanner(shallow, ScanSettings(), cache=None).scan()
    assert [(row.path, row.churn) for row in result.files] == [("a.py", None)]
    assert result.notes == ("a shallow clone has no history to count: churn is unknown",)


def test_broken_git_data_costs_the_signal_alone(project: Path) -> None:
    commit(project, a="1")
    (project / ".git" / "HEAD").write_text("nonsense")

    result = ProjectScanner(project, ScanSettings(), cache=None).scan()

    assert [(row.path, row.churn) for row in result.files] == [("a.py", None)]
    assert len(result.notes) == 1
