"""What files lived through, counted in real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner.churn import PARTIAL, History, read_history
from dreamscape.scanner.history import FilePast

PERSON = ["-c", "user.name=A Person", "-c", "user.email=person@example.org", "-c", "commit.gpgSign=false"]


def git(project: Path, *words: str, at: str = "2024-06-01T12:00:00+0000", author: str = "A Person") -> None:
    env = {**os.environ, "GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at, "GIT_AUTHOR_NAME": author}
    subprocess.run(["git", *PERSON, *words], cwd=project, check=True, capture_output=True, env=env)


def commit(
    project: Path, says: str = "change", at: str = "2024-06-01T12:00:00+0000", author: str = "A Person", **texts: str
) -> None:
    for name, text in texts.items():
        file = project / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "-m", says, at=at, author=author)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def churn(project: Path, months: int = 12) -> dict[str, int]:
    return {path: past.commits for path, past in pasts(project, months).items()}


def pasts(project: Path, months: int = 12) -> dict[str, FilePast]:
    found = read_history(project, months)
    assert found.files is not None, found.note
    return dict(found.files)


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
    no_commit = read_history(project, 12)
    commit(project, a="1")
    commit(project, a="2")
    git(tmp_path, "clone", "--quiet", "--bare", str(project), str(bare))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project}", str(shallow))
    (project / "ignored").mkdir()

    assert no_commit == History(None, "no commit yet: churn is unknown")
    assert read_history(plain, 12) == History(None, "no git working tree here: churn is unknown")
    assert read_history(bare, 12) == History(None, "no git working tree here: churn is unknown")
    assert read_history(shallow, 12) == History(None, "a shallow clone has no history to count: churn is unknown")
    assert read_history(project / "ignored", 12) == History(None, "git does not track this folder: churn is unknown")
    result = ProjectScanner(shallow, ScanSettings(), cache=None).scan()
    assert [(row.path, row.churn) for row in result.files] == [("a.py", None)]
    assert result.notes == ("a shallow clone has no history to count: churn is unknown",)


def test_broken_git_data_costs_the_signal_alone(project: Path) -> None:
    commit(project, a="1")
    (project / ".git" / "HEAD").write_text("nonsense")

    result = ProjectScanner(project, ScanSettings(), cache=None).scan()

    assert [(row.path, row.churn) for row in result.files] == [("a.py", None)]
    assert len(result.notes) == 1


def test_fixes_are_commits_that_say_so_and_touch_few_files(project: Path) -> None:
    commit(project, a="1", b="1")
    commit(project, "Fixed the total (#12)", a="2")
    commit(project, "Regression: total is 0\n\nA bug in b.", a="3", b="2")
    commit(project, "prefix and debug names", a="4")
    commit(project, "fix everything", **{f"many{at}": "1" for at in range(10)}, a="5")

    assert {path: past.fixed for path, past in pasts(project).items() if "many" not in path} == {"a.py": 2, "b.py": 1}


def test_what_is_long_ago_counts_less_and_authors_count_once(project: Path) -> None:
    commit(project, at="2023-06-01T12:00:00+0000", old="1")
    commit(project, at="2024-06-01T12:00:00+0000", author="One", new="1")
    commit(project, at="2024-06-01T12:00:00+0000", author="Two", new="2")
    commit(project, at="2024-06-01T12:00:00+0000", author="Two", new="3")

    found = pasts(project)

    assert found["new.py"].churn == found["new.py"].lately == 3.0
    assert found["old.py"].churn == pytest.approx(0.5, abs=0.01)
    assert found["old.py"].lately == pytest.approx(1 / 16, abs=0.01)
    assert (found["new.py"].authors, found["old.py"].authors) == (2, 1)
    assert (found["new.py"].age, found["old.py"].age) == (0.0, pytest.approx(12, abs=0.1))


def test_a_bulk_commit_is_no_change_and_one_of_many_files_counts_in_part(project: Path) -> None:
    commit(project, **{f"f{at}": "1" for at in range(60)})
    commit(project, **{f"f{at}": "2" for at in range(20)})

    found = pasts(project)

    assert (found["f0.py"].commits, found["f0.py"].churn) == (1, 0.5)
    assert (found["f59.py"].commits, found["f59.py"].churn) == (0, 0.0)


def test_commits_the_project_says_to_ignore_are_no_changes(project: Path) -> None:
    commit(project, a="1")
    commit(project, "Format", a="1 ")
    ignored = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True)
    (project / ".git-blame-ignore-revs").write_text(f"# formatting\n{ignored.stdout}")
    commit(project, "Name it")

    assert churn(project) == {"a.py": 1}


def test_a_file_that_changes_together_with_fixed_ones_is_told_from_one_that_does_not(project: Path) -> None:
    commit(project, a="1", b="1", c="1")
    for at in range(4):
        commit(project, "fix it", a=f"x{at}", b=f"y{at}")
        commit(project, c=f"z{at}")

    found = pasts(project)

    assert found["a.py"].neighbours > 2
    assert found["c.py"].neighbours < found["a.py"].neighbours


def test_what_was_found_is_remembered_until_head_moves(project: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    commit(project, a="1")
    first = read_history(project, 12, memory)
    again = read_history(project, 12, memory)
    told = memory.read_bytes().replace(b'"a.py"', b'"b.py"')
    memory.write_bytes(told)
    trusted = read_history(project, 12, memory)
    commit(project, a="2")

    assert first == again
    assert trusted.files is not None
    assert list(trusted.files) == ["b.py"]
    assert read_history(project, 12, memory) == read_history(project, 12)


@pytest.mark.parametrize("left", [b"", b"[]", b"{}", b"nonsense", b'{"key": 1}', b"\xff"])
def test_a_damaged_memory_is_read_anew(project: Path, tmp_path: Path, left: bytes) -> None:
    commit(project, a="1")
    memory = tmp_path / "memory.json"
    memory.write_bytes(left)

    assert read_history(project, 12, memory) == read_history(project, 12)


def test_a_partial_clone_is_read_without_its_contents_and_says_so(project: Path, tmp_path: Path) -> None:
    commit(project, a="x = 1\n" * 30, b="y = 1\n" * 30)
    git(project, "mv", "a.py", "moved.py")
    commit(project, moved="x = 1\n" * 29 + "z = 2\n")
    git(project, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"file://{project}", str(partial))

    found = read_history(partial, 12)

    assert found.note == PARTIAL
    assert found.files is not None
    assert found.files["b.py"].commits == 1
