"""What a branch made worse, on real repositories: against where it began, of what it changed, without touching it."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scan_command import Scan, sarif_run

from dreamscape.domain.errors import CannotGoOn, NotARepository, UsageError
from dreamscape.domain.scan_diff import ScanDiff
from dreamscape.domain.settings import ScanSettings
from dreamscape.guest.trees import told
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner import looks as looks_module

PLAIN = "def f(a):\n    return a\n\n\ndef g(a):\n    return a if a else 0\n"
HARDER = PLAIN.replace("return a\n", "return [x for x in a if x and a or not x]\n")
HARD = "def h(a):\n" + "".join(f"    if a == {at}:\n        return {at}\n" for at in range(12))


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Change")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """On the branch `work`, which began at the first of main's two commits and changed nothing yet."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, a=PLAIN, b=f"import a\n{PLAIN}", c=PLAIN, d="x = 1\n")
    git(folder, "branch", "work")
    commit(folder, c=HARDER)
    git(folder, "checkout", "-q", "work")
    return folder


def diff(project: Path, revision: str = "main", cache: Path | None = None, limit: float | None = None) -> ScanDiff:
    return ProjectScanner(project, ScanSettings(), cache=cache).diff(revision, limit=limit)


def test_a_function_that_grew_is_named_with_what_it_was(project: Path) -> None:
    commit(project, a=HARDER)

    found = diff(project)
    (change,) = found.files
    (function,) = change.functions

    assert found.base == git(project, "rev-parse", "main~").strip()
    assert (change.path, change.path_before, change.is_worse) == ("a.py", "a.py", True)
    assert (change.complexity_before, change.complexity) == (3, 7)
    assert change.impact_before is not None and change.impact > change.impact_before
    assert (function.name, function.line, function.complexity_before, function.complexity) == ("f", 1, 1, 5)


def test_a_new_simple_function_is_named_in_a_file_that_rose_and_is_no_finding(scan: Scan, project: Path) -> None:
    many = "".join(f"def n{at}(a):\n    return a or {at}\n\n\n" for at in range(9))
    commit(project, a=f"{PLAIN}\n\ndef new(a):\n    return [x for x in a if x]\n\n\n{many}", simple="def f(): pass\n")

    (change,) = diff(project).files
    text = scan("--diff", "main").out
    results = sarif_run(scan("--diff", "main", "--format", "sarif").out)["results"]

    assert (change.path, change.complexity_before, change.is_worse) == ("a.py", 3, True)
    assert [(one.name, one.complexity, one.is_worse) for one in change.functions[:2]] == [
        ("new", 3, False),
        ("n0", 2, False),
    ]
    assert "  new() in line 9: complexity 3, new\n" in text
    assert "  and 2 more functions; --json names all\n" in text
    assert [one["ruleId"] for one in results] == ["file-made-worse"]


def test_what_was_measured_before_is_what_a_scan_of_the_base_measures(project: Path, tmp_path: Path) -> None:
    commit(project, a=HARDER, b=HARD, c=f"{PLAIN}\n{HARD}")
    git(project, "worktree", "add", "-q", "--detach", str(tmp_path / "base"), "main~")
    then = ProjectScanner(tmp_path / "base", ScanSettings(), cache=None).scan()

    measured = {row.path: row.complexity for row in then.files}
    assert {change.path: change.complexity_before for change in diff(project).files} == {
        path: measured[path] for path in ("a.py", "b.py", "c.py")
    }


def test_what_main_did_meanwhile_and_what_became_simpler_is_not_the_branches_doing(project: Path) -> None:
    commit(project, a="def f(a):\n    return a\n")

    found = diff(project)

    assert (found.changed, found.files) == (1, ())


@pytest.mark.parametrize("text", ["# said\n\n" + PLAIN, PLAIN.replace("\n", "\r\n"), PLAIN.replace("a", "b")])
def test_comments_line_ends_and_names_make_nothing_worse(project: Path, text: str) -> None:
    (project / "a.py").write_bytes(text.encode())

    assert diff(project).files == ()


def test_a_file_that_was_only_touched_is_no_change(project: Path) -> None:
    commit(project, a=HARDER)
    for name in ("a.py", "b.py", "c.py"):
        os.utime(project / name, (1, 1))
    (project / "d.py").write_bytes(b"x = 1\r\n")

    found = diff(project, limit=0.0)

    assert (found.changed, [change.path for change in found.files]) == (1, ["a.py"])


def test_commits_alone_make_nothing_worse(project: Path) -> None:
    for text in (HARDER, HARD, PLAIN + "# Fix a bug\n"):
        commit(project, a=text)

    assert diff(project).files == ()


def test_new_files_count_over_the_line_and_untracked_ones_are_new(project: Path) -> None:
    commit(project, hard=HARD * 3, easy="x = 1\n")
    (project / "loose.py").write_text(HARD * 9)
    (project / ".git" / "info" / "exclude").write_text("private.py\n")
    (project / "private.py").write_text(HARD * 4)

    found = diff(project)

    assert {(change.path, change.path_before, change.impact_before) for change in found.files} == {
        ("hard.py", None, None),
        ("loose.py", None, None),
    }
    assert found.changed == 3
    assert all(change.impact > found.line for change in found.files)


def test_a_renamed_file_is_compared_with_what_it_was(project: Path) -> None:
    git(project, "mv", "a.py", "moved.py")
    commit(project, b=f"import moved\n{PLAIN}")
    assert diff(project).files == ()

    commit(project, moved=HARDER)
    (change,) = diff(project).files

    assert (change.path, change.path_before) == ("moved.py", "a.py")
    assert [function.name for function in change.functions] == ["f"]


def test_deleted_files_and_links_are_no_rows(project: Path) -> None:
    (project / "a.py").unlink()
    (project / "b.py").unlink()
    (project / "b.py").symlink_to("c.py")
    (project / "d.py").unlink()
    (project / "d.py").mkdir()

    assert (diff(project).changed, diff(project).files) == (0, ())


def test_a_link_that_became_a_file_is_new(project: Path) -> None:
    (project / "link.py").symlink_to("a.py")
    commit(project)
    git(project, "branch", "base")
    (project / "link.py").unlink()
    (project / "link.py").write_text(HARD * 3)

    assert [(change.path, change.path_before) for change in diff(project, "base").files] == [("link.py", None)]


def test_todays_rules_hold_for_both_sides(project: Path) -> None:
    git(project, "mv", "a.py", "old.py")
    (project / ".scannerignore").write_text("old.py\na.py\nc.py\n")
    commit(project, c=HARDER, d=HARDER)

    found = diff(project)

    assert [change.path for change in found.files] == ["d.py"]


def test_a_changed_file_that_cannot_be_measured_is_told_and_an_old_one_not(project: Path) -> None:
    commit(project, old="def f(:\n", was="def f(:\n")
    git(project, "branch", "base")
    commit(project, a="def f(:\n", was=HARD * 3)

    found = diff(project, "base")

    assert [row.path for row in found.skipped] == ["a.py"]
    assert [(change.path, change.path_before, change.impact_before) for change in found.files] == [
        ("was.py", "was.py", None)
    ]


def test_a_file_that_was_too_large_before_has_no_before(project: Path) -> None:
    commit(project, big="x = 1\n" * 200_000)
    git(project, "branch", "base")
    commit(project, big=HARD * 3)

    assert [(change.path_before, change.impact_before) for change in diff(project, "base").files] == [("big.py", None)]


def test_only_what_differs_is_parsed_and_nothing_twice(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(project, a=HARD)
    git(project, "branch", "base")
    commit(project, a=HARDER)
    memory = project / ".dreamscape" / "scan-cache.db"
    ProjectScanner(project, ScanSettings(), cache=memory).scan()
    parsed: list[bytes] = []
    measure = looks_module.measure_bounded
    monkeypatch.setattr(looks_module, "measure_bounded", lambda source: parsed.append(source) or measure(source))

    first, second = diff(project, "base", memory), diff(project, "base", memory)

    assert parsed == [HARD.encode()]
    assert first.files == second.files == diff(project, "base").files


class Newer:
    """A Python to which every source is `PLAIN`."""

    version = "9.9"

    def trees(self, sources: Mapping[str, bytes]) -> Mapping[str, object]:
        return {name: told(ast.parse(PLAIN)) for name in sources}


def test_what_was_too_new_for_this_python_is_parsed_by_the_projects(project: Path) -> None:
    commit(project, a="this is too new\n")
    git(project, "branch", "base")
    commit(project, a=HARDER)
    scanner = ProjectScanner(project, ScanSettings(), cache=project / ".dreamscape" / "scan-cache.db", newer=Newer())

    first, found, second = scanner.scan(), scanner.diff("base"), scanner.scan()

    assert (first.cache.misses, second.cache.misses) == (4, 0)
    assert [(change.complexity_before, change.complexity) for change in found.files] == [(3, 7)]


def test_the_repository_stays_as_it_is(project: Path) -> None:
    commit(project, a=HARDER)
    (project / "b.py").write_text(HARDER)
    os.utime(project / "c.py")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    diff(project)

    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_an_unfinished_merge_is_compared_as_it_lies(project: Path) -> None:
    commit(project, c=HARD)
    subprocess.run(["git", "merge", "main"], cwd=project, capture_output=True, check=False)
    (project / "c.py").write_text(HARD * 2)

    assert [change.path for change in diff(project).files] == ["c.py"]


def test_a_submodules_files_are_no_change_of_the_branch(project: Path, tmp_path: Path) -> None:
    git(project, "clone", "-q", str(project), str(tmp_path / "lib"))
    git(project, "submodule", "add", "-q", str(tmp_path / "lib"), "lib")
    commit(project)
    git(project, "branch", "base")
    commit(project / "lib", a=HARDER)
    commit(project)

    assert diff(project, "base").changed == 0


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9.py"), "new\nline.py", "sp ace.py", "ünï.py", ":x.py"])
def test_odd_names_are_compared_too(project: Path, name: str) -> None:
    (project / name).write_text(PLAIN)
    commit(project)
    git(project, "branch", "base")
    (project / name).write_text(HARDER)

    (change,) = diff(project, "base").files
    assert change.path_before == change.path == os.fsencode(name).decode("utf-8", "backslashreplace")


def test_a_project_below_the_root_sees_its_own_files_alone(project: Path) -> None:
    (project / "sub").mkdir()
    commit(project, sub__a=PLAIN)
    (project / "sub" / "a.py").write_text(PLAIN)
    commit(project)
    git(project, "branch", "base")
    (project / "sub" / "a.py").write_text(HARDER)
    commit(project, a=HARDER)

    assert [change.path for change in diff(project / "sub", "base").files] == ["a.py"]


@pytest.mark.parametrize("revision", ["nope", "", "main..work", "-x", "--all", "main:a.py", "🙂"])
def test_what_names_no_commit_is_said_in_a_sentence(project: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="names no commit here"):
        diff(project, revision)


def test_histories_that_never_met_cannot_be_compared(project: Path) -> None:
    git(project, "checkout", "-q", "--orphan", "other")
    commit(project, a=HARD)

    with pytest.raises(UsageError, match="have no commit in common"):
        diff(project)


def test_a_shallow_clone_says_what_to_fetch(project: Path, tmp_path: Path) -> None:
    commit(project, a=HARDER)
    clone = tmp_path / "clone"
    git(project, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{project}", str(clone))

    with pytest.raises(CannotGoOn, match="not in this shallow clone"):
        diff(clone, "origin/main")


def test_a_partial_clone_says_what_it_lacks(project: Path, tmp_path: Path) -> None:
    commit(project, d="x = 2\n")
    git(project, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(project, "clone", "-q", "--filter=blob:none", f"file://{project}", str(clone))

    with pytest.raises(CannotGoOn, match="partial clone"):
        diff(clone, "origin/main")


def test_without_git_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(NotARepository):
        diff(tmp_path)


def test_the_text_tells_what_rose_and_against_what(scan: Scan, project: Path) -> None:
    commit(project, a=HARDER, bad="def f(:\n")

    ended = scan("--diff", "main")
    base = git(project, "rev-parse", "main~")[:10]

    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("a.py: impact 0.")
    assert "complexity 3 -> 7" in ended.out.splitlines()[0]
    assert "  f() in line 1: complexity 1 -> 5\n" in ended.out
    assert f"1 of 1 changed file became worse since this branch left main at {base}" in ended.out
    assert "changed, but could not be measured:\n  bad.py: syntax error" in ended.out
    assert scan("--diff", "main", "--strict").code == 1


def test_the_formats_tell_the_same(scan: Scan, project: Path) -> None:
    commit(project, a=HARDER, hard=HARD * 3, bad="def f(:\n")

    found: dict[str, Any] = json.loads(scan("--diff", "main", "--json").out)
    rows = list(csv.DictReader(io.StringIO(scan("--diff", "main", "--format", "csv").out)))
    comment = scan("--diff", "main", "--format", "markdown").out
    run = sarif_run(scan("--diff", "main", "--format", "sarif", "--top", "1").out)

    assert found["schema"] == "dreamscape.scan-diff/1"
    assert [row["path"] for row in found["files"]] == ["hard.py", "a.py"]
    assert [row["path"] for row in rows] == ["hard.py", "a.py", "bad.py"]
    assert (rows[1]["functions"], rows[1]["is_worse"]) == ("f() in line 1: complexity 1 -> 5", "true")
    assert "| `a.py` | 0." in comment
    assert "- could not be measured: `bad.py`" in comment
    assert [one["ruleId"] for one in run["results"]] == [
        "new-file-over-line",
        *["function-more-complex"] * 3,
        "file-made-worse",
        "function-more-complex",
    ]
    assert len({one["partialFingerprints"]["dreamscape/v1"] for one in run["results"]}) == 6


def test_only_changed_files_fail_the_build_and_they_are_listed(scan: Scan, project: Path) -> None:
    (project / "a.py").write_text(PLAIN + "# said\n")

    ended = scan("--diff", "main", "--fail-over", "0")

    assert ended.code == 1
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == ["a.py"]
    assert "a.py: impact" in ended.out
    assert scan("--diff", "main", "--fail-over", "1").code == 0
    assert scan("--diff", "HEAD", "--fail-over", "1").code == 0
    assert scan("--fail-over", "0").code == 1


def test_a_bad_revision_ends_with_2_and_one_without_git_with_3(scan: Scan, project: Path, tmp_path: Path) -> None:
    assert scan("--diff", "nope").code == 2
    assert scan("--diff", "main", "--backtest").code == 2
    assert scan("--diff", "main", "--project", str(tmp_path)).code == 3


def test_a_file_that_only_moved_up_among_the_others_is_told_so(scan: Scan, project: Path) -> None:
    commit(project, longest=HARD * 40, long=HARD * 30, short=HARD)
    git(project, "branch", "base")
    (project / "longest.py").unlink()
    commit(project, long=f"{HARD * 30}# said\n")

    (change,) = diff(project, "base").files

    assert (change.path, change.impact_before is not None and change.impact > change.impact_before) == ("long.py", True)
    assert (change.risk_before, change.complexity_before) == (change.risk, change.complexity)
    assert "no risk, reach or complexity rose: only its place among the files did" in scan("--diff", "base").out
