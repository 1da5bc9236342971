"""What a project's repository holds, asked of real ones, hostile ones included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreamscape.tools.git import Git
from dreamscape.tools.git_process import GitFailed

PERSON = ("-c", "user.name=P", "-c", "user.email=p@example.org", "-c", "init.defaultBranch=main")


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *PERSON, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "app.py").write_bytes(b"one\n")
    (folder / "gone.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "gone.sh").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first\n\nwith a body")
    return folder


def opened(folder: Path) -> Git:
    found = Git.find(folder)
    assert found is not None
    return found


def test_a_folder_outside_any_repository_has_none(tmp_path: Path) -> None:
    assert Git.find(tmp_path) is None
    assert Git.find(tmp_path / "absent") is None


def test_an_empty_repository_has_no_head_and_nothing_to_override(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    repository = opened(tmp_path)

    assert repository.head() is None
    assert repository.branch() == "main" or repository.branch() == "master"
    assert repository.base_overrides() == {}
    assert repository.log() == ()
    assert repository.unmerged_branches() == {}


def test_a_bare_repository_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare")

    assert opened(tmp_path).is_bare


def test_the_root_is_found_from_below_and_paths_count_from_the_project(project: Path) -> None:
    (project / "sub dir").mkdir()
    (project / "sub dir" / "m.py").write_bytes(b"m\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "second")
    (project / "sub dir" / "m.py").write_bytes(b"edited\n")
    (project / "app.py").write_bytes(b"edited\n")

    repository = opened(project / "sub dir")

    assert repository.root == project.resolve()
    assert repository.tracked() == {"m.py"}
    assert repository.base_overrides() == {"m.py": b"m\n"}
    assert repository.read("HEAD", "m.py") == b"m\n"
    assert repository.is_tracked("m.py")
    assert [file.path for commit in repository.log() for file in commit.files] == ["m.py"]
    assert set(repository.dirty()) == {"app.py", "sub dir/m.py"}


def test_a_detached_head_has_no_branch(project: Path) -> None:
    git(project, "checkout", "-q", "--detach")

    repository = opened(project)

    assert repository.branch() is None
    assert repository.head() == git(project, "rev-parse", "HEAD").strip()


def test_uncommitted_edits_are_taken_back_and_deleted_files_restored(project: Path) -> None:
    (project / "app.py").write_bytes(b"staged\n")
    git(project, "add", "app.py")
    (project / "app.py").write_bytes(b"and edited\n")
    (project / "gone.sh").unlink()
    (project / "new.py").write_bytes(b"new\n")
    git(project, "add", "new.py")
    (project / "loose.py").write_bytes(b"loose\n")

    state = opened(project).base_state()

    assert state.overrides == {"app.py": b"one\n", "gone.sh": b"#!/bin/sh\n"}
    assert state.executable == {"gone.sh"}
    assert state.notes == ()


def test_the_base_stays_where_it_was_though_head_moves_on(project: Path) -> None:
    repository = opened(project)
    base = repository.head()
    assert base is not None
    (project / "app.py").write_bytes(b"two\n")
    (project / "later.py").write_bytes(b"later\n")
    git(project, "add", "app.py", "later.py")
    git(project, "commit", "-qm", "moved on")
    (project / "gone.sh").unlink()

    laid = repository.base_against(base)

    assert laid == {"app.py": b"one\n", "later.py": None, "gone.sh": b"#!/bin/sh\n"}
    assert repository.blobs(base, ["app.py", "later.py"]).keys() == {"app.py"}


def test_edits_hidden_from_status_are_seen(project: Path) -> None:
    git(project, "update-index", "--assume-unchanged", "app.py")
    git(project, "update-index", "--skip-worktree", "gone.sh")
    (project / "app.py").write_bytes(b"hidden\n")
    (project / "gone.sh").write_bytes(b"hidden too\n")

    assert opened(project).base_overrides() == {"app.py": b"one\n", "gone.sh": b"#!/bin/sh\n"}


def test_a_file_removed_from_the_index_alone_is_still_heads(project: Path) -> None:
    git(project, "rm", "-q", "--cached", "app.py")
    (project / "app.py").write_bytes(b"edited\n")

    assert opened(project).base_overrides() == {"app.py": b"one\n"}


def test_a_conflicted_file_counts_as_heads(project: Path) -> None:
    git(project, "checkout", "-qb", "side")
    (project / "app.py").write_bytes(b"side\n")
    git(project, "commit", "-qam", "side")
    git(project, "checkout", "-q", "-")
    (project / "app.py").write_bytes(b"main\n")
    git(project, "commit", "-qam", "main")
    subprocess.run(["git", *PERSON, "merge", "-q", "side"], cwd=project, capture_output=True)

    repository = opened(project)

    assert repository.base_overrides() == {"app.py": b"main\n"}
    assert repository.unfinished() == "merge"


def test_overrides_have_the_line_endings_a_checkout_writes(project: Path) -> None:
    (project / ".gitattributes").write_bytes(b"*.txt text eol=crlf\n")
    (project / "t.txt").write_bytes(b"a\r\nb\r\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "crlf")
    (project / "t.txt").write_bytes(b"edited\r\n")
    (project / ".gitattributes").write_bytes(b"")

    repository = opened(project)

    assert repository.base_overrides() == {"t.txt": b"a\r\nb\r\n", ".gitattributes": b"*.txt text eol=crlf\n"}
    assert repository.read("HEAD", "t.txt") == b"a\nb\n"


def test_a_changed_link_is_noted_and_left_alone(project: Path) -> None:
    (project / "link").symlink_to("app.py")
    git(project, "add", ".")
    git(project, "commit", "-qm", "link")
    (project / "link").unlink()
    (project / "link").symlink_to("gone.sh")

    state = opened(project).base_state()

    assert state.overrides == {}
    assert state.notes == ("link is a link or a submodule that differs from HEAD: used as it stands",)


@pytest.mark.parametrize(
    "name", [b"sp ace.py", b"caf\xc3\xa9.py", b"latin\xe9.py", b'q"uote\t.py', b"new\nline.py", b"-x.py"]
)
def test_names_of_every_kind_come_through(project: Path, name: bytes) -> None:
    path = os.fsdecode(name)
    (project / path).write_bytes(b"content\n")
    git(project, "add", "--", path)
    git(project, "commit", "-qm", "odd")
    (project / path).write_bytes(b"edited\n")

    repository = opened(project)

    assert repository.base_overrides() == {path: b"content\n"}
    assert path in repository.tracked()
    assert repository.is_tracked(path)
    assert repository.log()[0].files[0].path == path
    assert repository.changes_between("HEAD^", "HEAD") == {path: b"content\n"}


def test_asking_changes_neither_index_nor_tree(project: Path) -> None:
    (project / "app.py").write_bytes(b"one\n")
    os.utime(project / "app.py", (1, 1))
    index = project / ".git" / "index"
    before = (index.read_bytes(), index.stat().st_mtime_ns, sorted((project / ".git").iterdir()))

    repository = opened(project)
    assert repository.base_overrides() == {}
    assert repository.dirty() == ()
    repository.log()

    assert (index.read_bytes(), index.stat().st_mtime_ns, sorted((project / ".git").iterdir())) == before


def test_a_hostile_configuration_runs_nothing(project: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch '{seen}'\ncat\n")
    spy.chmod(0o755)
    (project / ".gitattributes").write_bytes(b"*.py filter=spy diff=spy\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "attributes")
    for key in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "diff.spy.command",
        "diff.spy.textconv", "filter.spy.clean", "filter.spy.smudge", "filter.spy.process", "gpg.program",
        "core.alternateRefsCommand",
    ):  # fmt: skip
        git(project, "config", key, str(spy))
    for key in ("log.showSignature", "commit.gpgSign", "filter.spy.required", "color.ui", "diff.noprefix"):
        git(project, "config", key, "true" if key != "color.ui" else "always")
    hooks = project / ".git" / "hooks"
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).write_bytes(spy.read_bytes())
        (hooks / hook).chmod(0o755)
    (project / "app.py").write_bytes(b"edited\n")
    seen.unlink(missing_ok=True)

    repository = opened(project)
    assert repository.base_overrides() == {"app.py": b"one\n"}
    assert repository.dirty() == ("app.py",)
    assert b"a/.gitattributes b/.gitattributes" in repository.diff("HEAD^", "HEAD")
    assert repository.log()[0].subject == "attributes"
    assert repository.local_filters == {"spy"}

    assert not seen.exists()


def test_a_work_tree_pointed_elsewhere_is_not_believed(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    git(project, "config", "core.worktree", str(tmp_path / "elsewhere"))

    assert Git.find(project) is None


def test_variables_of_an_outer_git_do_not_leak_in(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")

    assert opened(project).head() is not None


def test_tags_before_and_at_head(project: Path) -> None:
    git(project, "tag", "v1")
    assert opened(project).previous_tag() is None
    git(project, "commit", "-q", "--allow-empty", "-m", "second")
    git(project, "tag", "-m", "two", "v2")

    repository = opened(project)

    assert repository.tags_at() == ("v2",)
    assert repository.previous_tag() == "v1"
    assert repository.latest_tag("HEAD^") == "v1"


def test_the_log_tells_renames_bodies_and_ranges(project: Path) -> None:
    git(project, "tag", "v1")
    git(project, "mv", "app.py", "main.py")
    git(project, "commit", "-qm", "rename\n\nbody line\n\nTrailer: x")
    git(project, "commit", "-q", "--allow-empty", "-m", "nothing")

    log = opened(project).log("v1..HEAD")

    assert [(commit.subject, len(commit.files)) for commit in log] == [("nothing", 0), ("rename", 1)]
    assert (log[1].files[0].status, log[1].files[0].old_path, log[1].files[0].path) == ("R", "app.py", "main.py")
    assert log[1].body == "body line\n\nTrailer: x"


def test_unmerged_heal_branches_and_where_they_are_checked_out(project: Path, tmp_path: Path) -> None:
    git(project, "branch", "dreamscape/heal-merged")
    git(project, "checkout", "-qb", "dreamscape/heal-open")
    git(project, "commit", "-q", "--allow-empty", "-m", "open")
    git(project, "checkout", "-q", "-")
    git(project, "worktree", "add", "-q", str(tmp_path / "tree"), "dreamscape/heal-open")

    repository = opened(project)

    assert list(repository.unmerged_branches()) == ["dreamscape/heal-open"]
    assert repository.checked_out()["dreamscape/heal-open"] == tmp_path / "tree"


def test_a_revision_that_is_not_there_is_a_plain_sentence(project: Path) -> None:
    with pytest.raises(GitFailed, match=r"unknown revision|bad revision"):
        opened(project).log("nowhere..HEAD")


def test_it_works_without_home_and_imports_nothing_heavy(project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from dreamscape.tools.git import Git\n"
        "assert Git.find(Path(sys.argv[1])).head()\n"
        "assert not {'sqlalchemy', 'pydantic', 'typer'} & set(sys.modules)"
    )
    where = Path(__file__).parents[2]

    ran = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", f"PYTHONPATH={where}", sys.executable, "-c", code, str(project)],
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_a_repository_git_does_not_trust_is_refused_with_its_own_advice(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (project, *project.rglob("*")):
        os.chown(place, 12345, 12345)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    with pytest.raises(GitFailed, match="dubious ownership") as caught:
        Git.find(project)

    assert "safe.directory" in caught.value.hint


def test_a_linked_worktree_is_a_project_like_any_other(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    (tmp_path / "tree" / "app.py").write_bytes(b"edited\n")

    repository = opened(tmp_path / "tree")

    assert (repository.branch(), repository.dirty()) == ("side", ("app.py",))
    assert repository.base_overrides() == {"app.py": b"one\n"}


def test_heal_branches_that_only_a_remote_has_are_unmerged_too(project: Path, tmp_path: Path) -> None:
    git(project, "checkout", "-qb", "dreamscape/heal-open")
    git(project, "commit", "-q", "--allow-empty", "-m", "open")
    git(project, "checkout", "-q", "-")
    git(tmp_path, "clone", "-q", str(project), "clone")
    clone = tmp_path / "clone"

    assert list(opened(clone).unmerged_branches()) == ["origin/dreamscape/heal-open"]

    git(clone, "branch", "-q", "dreamscape/heal-open", "origin/dreamscape/heal-open")
    assert list(opened(clone).unmerged_branches()) == ["dreamscape/heal-open"]
