"""A landing can be taken back, or it is said what stands on it; and what became of earlier ones is seen."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.records import LandingRecord
from dreamscape.engine.branches import LandingFate, fate, heal_branches
from dreamscape.engine.landing import Change, land_as_patch, land_on_branch, land_on_head
from dreamscape.engine.undo import undo
from dreamscape.tools.git import Git

PERSON = ("-c", "user.name=P", "-c", "user.email=p@example.org", "-c", "init.defaultBranch=main")
BRANCH = "dreamscape/heal-r1"
LINES = b"".join(b"line %d\n" % number for number in range(20))


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *PERSON, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "app.py").write_bytes(LINES)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def opened(folder: Path) -> Git:
    found = Git.find(folder)
    assert found is not None
    return found


def edited(number: int, source: bytes = LINES) -> bytes:
    return source.replace(b"line %d\n" % number, b"fixed %d\n" % number)


def landed(folder: Path, mode: str, content: bytes, number: int = 1) -> LandingRecord:
    """Lands ``content`` as app.py, on the head the last one left, and remembers it as the store would."""
    repository = opened(folder)
    change = Change("r1", {"app.py": content}, f"Fix {number}")
    before = repository.commit_of(f"refs/heads/{BRANCH}") or repository.head()
    assert before is not None
    match mode:
        case "branch":
            landing = land_on_branch(repository, change, before)
        case "commit":
            before = git(folder, "rev-parse", "HEAD").strip()
            landing = land_on_head(repository, change, before)
        case _:
            landing = land_as_patch(folder, repository, change, {"app.py": (folder / "app.py").read_bytes()})
    at = datetime(2026, 1, 1, 12, number, tzinfo=UTC)
    return LandingRecord(number, "r1", f"i{number}", "f", mode, landing.ref, landing.commit, before, landing.files, at)


def said(folder: Path, *chosen: LandingRecord, kept: tuple[LandingRecord, ...] = ()) -> list[str]:
    return [sentence for _, sentence in undo(folder, Git.find(folder), chosen, kept)]


def branches(folder: Path) -> str:
    return git(folder, "branch", "--list", "dreamscape/*").strip()


def test_a_whole_run_on_its_branch_is_undone_by_deleting_it(project: Path) -> None:
    first = landed(project, "branch", edited(1))
    second = landed(project, "branch", edited(5, edited(1)), 2)

    assert said(project, first, second) == [f"the branch {BRANCH} is deleted"] * 2
    assert branches(project) == ""


def test_one_of_two_landings_on_a_branch_is_reverted_and_the_other_stays(project: Path) -> None:
    first = landed(project, "branch", edited(1))
    second = landed(project, "branch", edited(15, edited(1)), 2)

    said(project, first, kept=(second,))

    assert git(project, "show", f"{BRANCH}:app.py").encode() == edited(15)
    assert git(project, "log", "-1", "--format=%s %an", BRANCH).strip() == 'Revert "Fix 1" Dreamscape'
    assert said(project, second, kept=(replace(first, undone=first.at),)) == [f"the branch {BRANCH} is deleted"]


def test_a_branch_with_somebody_elses_commit_is_not_deleted(project: Path) -> None:
    landing = landed(project, "branch", edited(1))
    git(project, "checkout", "-q", BRANCH)
    git(project, "commit", "-q", "--allow-empty", "-m", "mine")
    mine = git(project, "rev-parse", "--short=10", "HEAD").strip()
    git(project, "checkout", "-q", "-")

    with pytest.raises(CannotGoOn, match=mine):
        said(project, landing)

    assert branches(project) == BRANCH


def test_a_rewritten_branch_is_not_deleted(project: Path) -> None:
    landing = landed(project, "branch", edited(1))
    git(project, "branch", "-f", BRANCH, "HEAD^{commit}")

    with pytest.raises(CannotGoOn, match="no longer holds"):
        said(project, landing)


def test_a_checked_out_branch_is_not_deleted_in_any_worktree(project: Path, tmp_path: Path) -> None:
    landing = landed(project, "branch", edited(1))
    git(project, "worktree", "add", "-q", str(tmp_path / "other"), BRANCH)

    with pytest.raises(CannotGoOn, match=f"checked out in {tmp_path / 'other'}") as caught:
        said(project, landing)

    assert caught.value.exit_code == 3
    assert BRANCH in branches(project)


def test_a_merged_branch_is_not_deleted_as_if_that_undid_it(project: Path) -> None:
    landing = landed(project, "branch", edited(1))
    git(project, "merge", "-q", BRANCH)

    with pytest.raises(CannotGoOn, match="merged already") as caught:
        said(project, landing)

    assert "git revert" in caught.value.hint


def test_a_landing_on_the_current_branch_is_reverted_by_a_commit_over_later_work(project: Path) -> None:
    landing = landed(project, "commit", edited(1))
    (project / "app.py").write_bytes(edited(15, edited(1)))
    git(project, "commit", "-qam", "later")

    said(project, landing)

    assert (project / "app.py").read_bytes() == edited(15)
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "log", "-1", "--format=%s").strip() == 'Revert "Fix 1"'
    assert f"This reverts commit {landing.commit}." in git(project, "log", "-1", "--format=%b")


def test_a_revert_that_conflicts_names_the_file_and_changes_nothing(project: Path) -> None:
    landing = landed(project, "commit", edited(1))
    later = edited(1).replace(b"fixed 1\n", b"fixed 1 better\n")
    (project / "app.py").write_bytes(later)
    git(project, "commit", "-qam", "later")
    head = git(project, "rev-parse", "HEAD")

    with pytest.raises(CannotGoOn, match=r"app\.py"):
        said(project, landing)

    assert git(project, "rev-parse", "HEAD") == head
    assert (project / "app.py").read_bytes() == later


def test_uncommitted_edits_keep_a_revert_away(project: Path) -> None:
    landing = landed(project, "commit", edited(1))
    (project / "app.py").write_bytes(b"mine\n")

    with pytest.raises(CannotGoOn, match="uncommitted edits"):
        said(project, landing)


def test_a_landing_taken_back_by_hand_is_not_taken_back_twice(project: Path) -> None:
    landing = landed(project, "commit", edited(1))
    git(project, "revert", "--no-edit", "HEAD")

    with pytest.raises(CannotGoOn, match="already"):
        said(project, landing)


def test_an_applied_patch_is_reversed_and_one_never_applied_only_removed(project: Path) -> None:
    first = landed(project, "patch", edited(1))
    git(project, "apply", first.ref)
    (project / "app.py").write_bytes(edited(15, (project / "app.py").read_bytes()))
    second = landed(project, "patch", b"other\n", 2)

    assert said(project, first, second) == [
        f"{second.ref} was not applied; it is removed",
        f"{first.ref} is reversed in the working tree and removed",
    ]
    assert (project / "app.py").read_bytes() == edited(15)
    assert list((project / ".dreamscape" / "patches").iterdir()) == []


def test_a_patch_under_later_edits_is_left_with_the_reason(project: Path) -> None:
    landing = landed(project, "patch", edited(1))
    (project / "app.py").write_bytes(b"something else\n")

    with pytest.raises(CannotGoOn, match=r"app\.py"):
        said(project, landing)

    assert (project / landing.ref).is_file()


def test_a_patch_is_undone_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(LINES)
    made = land_as_patch(tmp_path, None, Change("r1", {"app.py": edited(1)}, "Fix"), {"app.py": LINES})
    at = datetime(2026, 1, 1, tzinfo=UTC)
    landing = LandingRecord(1, "r1", "i", "f", "patch", made.ref, None, None, made.files, at)
    (tmp_path / "app.py").write_bytes(edited(1))

    list(undo(tmp_path, None, [landing]))

    assert (tmp_path / "app.py").read_bytes() == LINES


# What became of earlier landings


def test_an_unmerged_branch_tells_what_it_would_bring(project: Path) -> None:
    landing = landed(project, "branch", edited(1))
    (project / "app.py").write_bytes(edited(15))
    git(project, "commit", "-qam", "later")

    (branch,) = heal_branches(opened(project))

    assert (branch.name, branch.tip, branch.base) == (BRANCH, landing.commit, landing.before)
    assert branch.changes == {"app.py": edited(15, edited(1))}
    assert fate(opened(project), project, landing) is LandingFate.AWAITING


def test_a_branch_that_conflicts_with_head_says_so(project: Path) -> None:
    landed(project, "branch", edited(1))
    (project / "app.py").write_bytes(LINES.replace(b"line 1\n", b"other\n"))
    git(project, "commit", "-qam", "later")

    (branch,) = heal_branches(opened(project))

    assert branch.changes == {}
    assert "app.py" in branch.conflicts


def test_a_deleted_branch_was_rejected(project: Path) -> None:
    landing = landed(project, "branch", edited(1))
    git(project, "branch", "-D", BRANCH)

    assert fate(opened(project), project, landing) is LandingFate.REJECTED
    assert fate(opened(project), project, replace(landing, undone=landing.at)) is LandingFate.UNDONE
    assert heal_branches(opened(project)) == ()


@pytest.mark.parametrize("road", ["merge", "squash", "cherry-pick"])
def test_a_merge_by_any_road_is_seen_though_the_branch_is_gone(project: Path, road: str) -> None:
    first = landed(project, "branch", edited(1))
    second = landed(project, "branch", edited(5, edited(1)), 2)
    git(project, "commit", "-q", "--allow-empty", "-m", "later")
    match road:
        case "merge":
            git(project, "merge", "-q", "--no-edit", BRANCH)
        case "squash":
            git(project, "merge", "-q", "--squash", BRANCH)
            git(project, "commit", "-qm", "squashed")
        case _:
            git(project, "cherry-pick", str(first.commit), str(second.commit))
    git(project, "branch", "-D", BRANCH)
    (project / "app.py").write_bytes(edited(15, (project / "app.py").read_bytes()))
    git(project, "commit", "-qam", "still later")

    assert fate(opened(project), project, first) is LandingFate.MERGED
    assert fate(opened(project), project, second) is LandingFate.MERGED
