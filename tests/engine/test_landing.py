"""A proven change gets into the repository whole, and nothing else there moves."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.domain.errors import CannotGoOn
from dreamscape.engine.landing import Change, HeadMoved, land_as_patch, land_on_branch, land_on_head, move_ref
from dreamscape.engine.patches import patch_of
from dreamscape.tools.git import Git

PERSON = ("-c", "user.name=P", "-c", "user.email=p@example.org", "-c", "init.defaultBranch=main")
RUN = "2026-01-01-a1"
BRANCH = f"dreamscape/heal-{RUN}"


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *PERSON, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def stored(folder: Path, name: str) -> bytes:
    return subprocess.run(["git", "cat-file", "blob", name], cwd=folder, check=True, capture_output=True).stdout


def opened(folder: Path) -> Git:
    found = Git.find(folder)
    assert found is not None
    return found


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD").strip()


def change(**files: bytes) -> Change:
    named = {name.replace("_", "."): content for name, content in files.items()}
    return Change(RUN, named, "Fix the sum", "Why it was wrong.", (("Dreamscape-Run", RUN), ("Tests", "a::b\nX: y")))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "app.py").write_bytes(b"one\ntwo\nthree\n")
    (folder / "tool.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def everything(folder: Path) -> dict[str, object]:
    """All a user can lose: files with mode and time, the index, the stash, branches, where HEAD is."""
    files = {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    index = folder / ".git" / "index"
    refs = [line for line in git(folder, "for-each-ref").splitlines() if "dreamscape/heal" not in line]
    return {
        "files": files,
        "index": (index.read_bytes(), index.stat().st_mtime_ns),
        "refs": refs,
        "HEAD": (folder / ".git" / "HEAD").read_bytes(),
        "stash": git(folder, "stash", "list"),
    }


def test_a_landing_on_a_branch_is_one_commit_with_our_name_and_trailers(project: Path) -> None:
    base = head(project)

    landing = land_on_branch(opened(project), change(app_py=b"one\n2\nthree\n"), base)

    assert landing.ref == BRANCH
    assert landing.files == ("app.py",)
    assert "-two\n+2\n" in landing.diff
    assert git(project, "rev-parse", BRANCH).strip() == landing.commit
    assert git(project, "log", "--format=%an %ae %cn %P", f"{base}..{BRANCH}").split() == [
        "Dreamscape", "dreamscape@localhost", "Dreamscape", base,
    ]  # fmt: skip
    message = git(project, "log", "-1", "--format=%B", BRANCH)
    assert message.strip() == f"Fix the sum\n\nWhy it was wrong.\n\nDreamscape-Run: {RUN}\nTests: a::b X: y"
    assert git(project, "log", "-1", "--format=%(trailers:key=Dreamscape-Run,valueonly)", BRANCH).strip() == RUN


def test_a_dirty_tree_index_stash_and_untracked_files_come_through_byte_identical(project: Path) -> None:
    (project / "app.py").write_bytes(b"stashed\n")
    git(project, "stash")
    (project / "tool.sh").write_bytes(b"staged\n")
    git(project, "add", "tool.sh")
    (project / "tool.sh").write_bytes(b"and edited\n")
    (project / "app.py").write_bytes(b"edited\n")
    (project / "loose.py").write_bytes(b"loose\n")
    (project / "added.py").write_bytes(b"added\n")
    git(project, "add", "added.py")
    before = everything(project)

    repository = opened(project)
    first = land_on_branch(repository, change(app_py=b"1\n"), head(project))
    assert first.commit is not None
    land_on_branch(repository, change(tool_sh=b"2\n", loose_py=b"3\n"), first.commit)

    assert everything(project) == before
    assert git(project, "diff", "--name-only", f"{head(project)}..{BRANCH}").split() == [
        "app.py",
        "loose.py",
        "tool.sh",
    ]


def test_landings_of_a_run_stack_and_keep_the_exec_bit(project: Path) -> None:
    repository = opened(project)
    first = land_on_branch(repository, change(app_py=b"1\n"), head(project))
    assert first.commit is not None

    land_on_branch(repository, change(tool_sh=b"2\n"), first.commit)

    assert git(project, "ls-tree", BRANCH, "tool.sh").startswith("100755")
    assert git(project, "rev-list", "--count", f"HEAD..{BRANCH}").strip() == "2"


def test_a_branch_that_has_moved_is_not_overwritten(project: Path) -> None:
    repository = opened(project)
    first = land_on_branch(repository, change(app_py=b"1\n"), head(project))

    with pytest.raises(HeadMoved):
        land_on_branch(repository, change(app_py=b"2\n"), head(project))

    assert git(project, "rev-parse", BRANCH).strip() == first.commit


def test_moving_a_ref_is_compare_and_swap(project: Path) -> None:
    repository = opened(project)
    base = head(project)
    git(project, "commit", "-q", "--allow-empty", "-m", "second")

    with pytest.raises(HeadMoved):
        move_ref(repository, "refs/heads/main", base, base, "late")
    with pytest.raises(HeadMoved):
        move_ref(repository, "refs/heads/main", base, None, "not new")
    with pytest.raises(HeadMoved):
        move_ref(repository, "refs/heads/absent", None, base, "not there")


@pytest.mark.parametrize(
    "path", ["../out.py", "a/../../out.py", ".git/config", "sub/.GIT/hooks/x", "/etc/x", "link/x.py", "link", "dir", ""]
)
def test_paths_that_lead_out_are_refused(project: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").mkdir()
    (project / "link").symlink_to(tmp_path / "outside")
    (project / "dir").mkdir()
    (project / "dir" / "x").write_bytes(b"x")
    git(project, "add", ".")
    git(project, "commit", "-qm", "link")
    repository = opened(project)
    wanted = Change(RUN, {path: b"evil\n"}, "x")

    with pytest.raises(CannotGoOn):
        land_on_branch(repository, wanted, head(project))
    with pytest.raises(CannotGoOn):
        land_on_head(repository, wanted, head(project))
    if path != "dir":
        with pytest.raises(CannotGoOn):
            land_as_patch(project, repository, wanted, {})

    assert list((tmp_path / "outside").iterdir()) == []
    assert BRANCH not in git(project, "branch", "--list", "dreamscape/*")


def test_a_checked_out_branch_is_not_moved_under_its_users_feet(project: Path, tmp_path: Path) -> None:
    repository = opened(project)
    first = land_on_branch(repository, change(app_py=b"1\n"), head(project))
    git(project, "worktree", "add", "-q", str(tmp_path / "tree"), BRANCH)

    with pytest.raises(CannotGoOn, match="checked out in"):
        land_on_branch(repository, change(app_py=b"2\n"), str(first.commit))


def test_a_branch_called_dreamscape_is_named_as_the_obstacle(project: Path) -> None:
    git(project, "branch", "dreamscape")

    with pytest.raises(CannotGoOn, match="a branch called dreamscape"):
        land_on_branch(opened(project), change(app_py=b"1\n"), head(project))


def test_a_change_that_changes_nothing_does_not_land(project: Path) -> None:
    with pytest.raises(CannotGoOn, match="already"):
        land_on_branch(opened(project), change(app_py=b"one\ntwo\nthree\n"), head(project))


def test_no_hook_runs_and_nothing_is_signed(project: Path, tmp_path: Path) -> None:
    spy = f"#!/bin/sh\ntouch {tmp_path}/seen\nexit 1\n"
    for hook in ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "reference-transaction"):
        (project / ".git" / "hooks" / hook).write_text(spy)
        (project / ".git" / "hooks" / hook).chmod(0o755)
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", str(project / ".git" / "hooks" / "pre-commit"))
    repository = opened(project)

    landing = land_on_branch(repository, change(app_py=b"1\n"), head(project))
    land_on_head(repository, change(app_py=b"2\n"), head(project))

    assert not (tmp_path / "seen").exists()
    assert (
        b"gpgsig"
        not in subprocess.run(
            ["git", "cat-file", "commit", str(landing.commit)], cwd=project, capture_output=True, check=True
        ).stdout
    )


def test_line_endings_are_stored_as_the_commits_attributes_say(project: Path) -> None:
    (project / ".gitattributes").write_bytes(b"*.txt text eol=crlf\n")
    (project / "t.txt").write_bytes(b"a\r\nb\r\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "crlf")
    (project / ".gitattributes").write_bytes(b"* -text\n")
    repository = opened(project)

    landing = land_on_branch(repository, Change(RUN, {"t.txt": b"a\r\nc\r\n"}, "x"), head(project))

    assert stored(project, f"{BRANCH}:t.txt") == b"a\nc\n"
    assert repository.files_at(str(landing.commit), ["t.txt"]) == {"t.txt": b"a\r\nc\r\n"}


def test_a_file_stored_with_carriage_returns_keeps_them_under_autocrlf(project: Path) -> None:
    (project / "dos.py").write_bytes(b"a\r\nb\r\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "dos")
    git(project, "config", "core.autocrlf", "input")

    land_on_branch(opened(project), Change(RUN, {"dos.py": b"a\r\nc\r\n"}, "x"), head(project))

    assert stored(project, f"{BRANCH}:dos.py") == b"a\r\nc\r\n"


def test_a_file_behind_the_repositorys_own_filter_is_refused(project: Path) -> None:
    (project / ".gitattributes").write_bytes(b"*.key filter=crypt\n")
    (project / "a.key").write_bytes(b"a\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "key")
    git(project, "config", "filter.crypt.clean", "rev")
    git(project, "config", "filter.crypt.required", "true")
    repository = opened(project)

    with pytest.raises(CannotGoOn, match="'crypt'"):
        land_on_branch(repository, Change(RUN, {"a.key": b"b\n"}, "x"), head(project))
    land_on_branch(repository, change(app_py=b"1\n"), head(project))


CONTENT = st.binary(max_size=300) | st.lists(
    st.sampled_from([b"a", b"b", b"\r\n", b"\n", b"\r", b"\xef\xbb\xbf", b"\xe9", b" ", b"\t", b"+", b"-"]), max_size=60
).map(b"".join)


@pytest.fixture(scope="module")
def one_repository() -> Path:
    folder = Path(tempfile.mkdtemp())
    git(folder, "init", "-q")
    (folder / "f").write_bytes(b"first")
    (folder / "f").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


@settings(max_examples=25)
@given(content=CONTENT.filter(lambda content: content != b"first"))
def test_what_lands_is_what_was_proven_byte_for_byte(one_repository: Path, content: bytes) -> None:
    repository = opened(one_repository)
    repository.ask("update-ref", "-d", f"refs/heads/{BRANCH}")

    landing = land_on_branch(repository, Change(RUN, {"f": content}, "x"), head(one_repository))

    assert stored(one_repository, f"{landing.commit}:f") == content
    assert git(one_repository, "ls-tree", str(landing.commit), "f").startswith("100755")
    assert repository.changes_between("HEAD", str(landing.commit)) == {"f": content}


# On the current branch


def test_a_landing_on_the_current_branch_leaves_a_clean_tree(project: Path) -> None:
    (project / "loose.py").write_bytes(b"loose\n")

    landing = land_on_head(opened(project), change(tool_sh=b"2\n", new_py=b"new\n"), head(project))

    assert head(project) == landing.commit
    assert git(project, "status", "--porcelain") == "?? loose.py\n"
    assert (project / "tool.sh").read_bytes() == b"2\n"
    assert stat.S_IMODE((project / "tool.sh").stat().st_mode) == 0o755
    assert "dreamscape: Fix the sum" in git(project, "reflog", "-1", "HEAD")


def test_the_current_branch_is_left_alone_unless_clean_attached_and_where_it_was(project: Path) -> None:
    repository = opened(project)
    base = head(project)
    wanted = change(app_py=b"1\n", new_py=b"n\n")

    (project / "tool.sh").write_bytes(b"edited\n")
    with pytest.raises(CannotGoOn, match=r"tool\.sh"):
        land_on_head(repository, wanted, base)
    git(project, "checkout", "-q", "tool.sh")
    (project / "new.py").write_bytes(b"mine\n")
    with pytest.raises(CannotGoOn, match=r"untracked file is in the way: new\.py"):
        land_on_head(repository, wanted, base)
    (project / "new.py").unlink()
    git(project, "commit", "-q", "--allow-empty", "-m", "moved on")
    with pytest.raises(HeadMoved):
        land_on_head(repository, wanted, base)
    git(project, "checkout", "-q", "--detach")
    with pytest.raises(CannotGoOn, match="detached"):
        land_on_head(repository, wanted, head(project))

    assert git(project, "status", "--porcelain") == ""
    assert (project / "app.py").read_bytes() == b"one\ntwo\nthree\n"


def test_a_landing_that_cannot_end_is_taken_back(project: Path) -> None:
    repository = opened(project)
    (project / ".git" / "refs" / "heads" / f"{repository.branch()}.lock").write_bytes(b"")
    before = head(project)

    with pytest.raises(CannotGoOn):
        land_on_head(repository, change(app_py=b"1\n", new_py=b"n\n"), before)

    assert head(project) == before
    assert git(project, "status", "--porcelain") == ""
    assert not (project / "new.py").exists()


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_end_at_any_moment_leaves_a_sound_repository(project: Path, end: signal.Signals) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from dreamscape.engine.landing import Change, land_on_head
        from dreamscape.tools.git import Git
        git = Git.find(Path(sys.argv[1]))
        print("begins", flush=True)
        for number in range(1000):
            files = {"app.py": b"%d\\n" % number, "tool.sh": b"%d\\n" % number}
            land_on_head(git, Change("r", files, str(number)), git.head())
    """
    for moment in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(project)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.11 + 0.017 * moment)
            process.send_signal(end)
        time.sleep(0.3)

        git(project, "fsck", "--strict")
        if end is signal.SIGINT:
            assert git(project, "status", "--porcelain") == ""
        else:
            git(project, "reset", "-q", "--hard")


# As a patch


def applied(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *words], cwd=folder, check=True, capture_output=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )  # fmt: skip


@settings(max_examples=60)
@given(
    old=st.none() | CONTENT,
    new=st.none() | CONTENT,
    name=st.sampled_from(["a.py", "sub dir/b c.py", "caf\u00e9.py", 'q"\\.py', "t\tn\n.py", os.fsdecode(b"l\xe9.py")]),
)
def test_a_patch_applies_and_reverses_to_the_same_bytes(old: bytes | None, new: bytes | None, name: str) -> None:
    patch = patch_of(name, old, new)

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "p")
        file = folder / name
        file.parent.mkdir(parents=True)
        if old is not None:
            file.write_bytes(old)
        Path(place, "patch").write_bytes(patch)
        if old == new:
            assert patch == b""
            return
        applied(folder, "../patch")
        assert (file.read_bytes() if file.exists() else None) == new
        applied(folder, "-R", "../patch")
        assert (file.read_bytes() if file.exists() else None) == old


def test_a_patch_needs_no_repository_and_touches_no_source(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_bytes(b"one\r\ntwo")
    wanted = change(app_py=b"one\r\n2", new_py=b"\0\1")

    landing = land_as_patch(tmp_path, None, wanted, {"app.py": b"one\r\ntwo"})
    second = land_as_patch(tmp_path, None, change(app_py=b"one\r\n3"), {"app.py": b"one\r\n2"})

    assert (landing.commit, landing.ref) == (None, f".dreamscape/patches/{RUN}.patch")
    assert second.ref == f".dreamscape/patches/{RUN}-2.patch"
    assert (tmp_path / "app.py").read_bytes() == b"one\r\ntwo"
    applied(tmp_path, landing.ref)
    applied(tmp_path, second.ref)
    assert (tmp_path / "app.py").read_bytes() == b"one\r\n3"
    assert (tmp_path / "new.py").read_bytes() == b"\0\1"


def test_a_patch_of_a_project_below_the_root_applies_from_anywhere(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "m.py").write_bytes(b"m\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "sub")
    below = project / "sub"

    landing = land_as_patch(below, opened(below), change(m_py=b"2\n"), {"m.py": b"m\n"})
    git(below, "apply", landing.ref)

    assert (below / "m.py").read_bytes() == b"2\n"


@pytest.mark.parametrize("rule", [b"* text eol=crlf\n", b"* text=auto\n", b"* -text\n", b""])
def test_a_patch_fits_the_working_tree_whatever_its_line_endings(project: Path, rule: bytes) -> None:
    (project / ".gitattributes").write_bytes(rule)
    (project / "dos.py").write_bytes(b"a\r\nb\r\nc\r\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "dos")
    wanted = Change(RUN, {"dos.py": b"a\r\nB\r\nc\r\n"}, "x")

    landing = land_as_patch(project, opened(project), wanted, {"dos.py": b"a\r\nb\r\nc\r\n"})
    git(project, "apply", landing.ref)
    assert (project / "dos.py").read_bytes() == b"a\r\nB\r\nc\r\n"
    git(project, "apply", "-R", landing.ref)
    assert (project / "dos.py").read_bytes() == b"a\r\nb\r\nc\r\n"


def test_a_linked_worktree_lands_in_its_own_place(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(project, "worktree", "add", "-q", str(tree), "-b", "side")
    before = everything(project)

    repository = opened(tree)
    land_on_branch(repository, change(app_py=b"1\n"), head(tree))
    land_on_head(repository, change(app_py=b"2\n"), head(tree))

    assert git(tree, "status", "--porcelain") == ""
    assert git(tree, "log", "-1", "--format=%an", "side").strip() == "Dreamscape"
    after = everything(project)
    assert (after["files"], after["index"], after["HEAD"]) == (before["files"], before["index"], before["HEAD"])


def test_a_project_below_the_root_lands_on_its_own_files(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "app.py").write_bytes(b"m\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "sub")
    repository = opened(project / "sub")

    land_on_branch(repository, change(app_py=b"1\n"), head(project))
    land_on_head(repository, change(app_py=b"2\n"), head(project))

    assert git(project, "show", f"{BRANCH}:sub/app.py") == "1\n"
    assert (project / "sub" / "app.py").read_bytes() == b"2\n"
    assert git(project, "status", "--porcelain", "--untracked-files=no") == ""


def test_it_lands_without_home_terminal_or_identity(project: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from dreamscape.engine.landing import Change, land_on_branch, land_on_head
        from dreamscape.tools.git import Git
        git = Git.find(Path(sys.argv[1]))
        land_on_branch(git, Change("r", {"app.py": b"1\\n"}, "one"), git.head())
        land_on_head(git, Change("r", {"app.py": b"2\\n"}, "two"), git.head())
        assert not {"sqlalchemy", "alembic"} & set(sys.modules)
    """
    where = Path(__file__).parents[2]

    subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", f"PYTHONPATH={where}", sys.executable, "-c", code, str(project)],
        check=True,
        stdin=subprocess.DEVNULL,
    )

    assert git(project, "log", "--format=%s %an", "-1").strip() == "two Dreamscape"
    assert git(project, "log", "--format=%s %an", "-1", "dreamscape/heal-r").strip() == "one Dreamscape"
