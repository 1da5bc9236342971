"""A repair lands where it should and nothing else of the user's moves: not even what is half done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from healing import GREET, GREET_REPAIRED, NewPatient, Patient

SHAPE = {
    "schema": str,
    "run": str,
    "baseline": dict,
    "final": dict,
    "items": list,
    "cost_usd": float,
    "seconds": float,
    "branch": str,
    "exit_code": int,
}
ITEM = {
    "id": str,
    "kind": str,
    "tests": list,
    "failure_class": str,
    "impact": float,
    "state": str,
    "model": str,
    "attempts": int,
    "files": list,
    "commit": str,
    "cost_usd": float,
    "seconds": float,
    "why": str,
}
UNFINISHED = {
    **GREET,
    "staged.py": "OLD = 1\n",
    "edited.py": "OLD = 1\n",
    "deleted.py": "OLD = 1\n",
    "renamed.py": "OLD = 1\n",
    ".gitignore": "*.log\n.dreamscape/\n",
}


def half_done(project: Patient) -> None:
    """Everything a working tree can be in the middle of."""
    project.write({"stashed.py": "S = 1\n"})
    project.git("stash", "push", "-q", "--include-untracked")
    project.write({"staged.py": "NEW = 2\n", "edited.py": "NEW = 2\n"})
    project.git("add", "staged.py")
    project.write({"staged.py": "NEWER = 3\n", "untracked.py": "U = 1\n", "notes.log": "ignored\n"})
    (project.root / "deleted.py").unlink()
    project.git("mv", "renamed.py", "moved.py")
    # an edit that would break the test if it were seen
    project.write({"greet.py": "raise SystemExit('half written')\n"})


def everything(project: Patient) -> dict[str, object]:
    """All a user can lose, byte for byte."""
    root = project.root
    files = {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".dreamscape"}.intersection(path.relative_to(root).parts)
    }
    kept = ("index", "HEAD", "config", "logs/HEAD", "logs/refs/stash", "refs/stash")
    inside = {name: (root / ".git" / name).read_bytes() for name in kept if (root / ".git" / name).exists()}
    refs = [line for line in project.git("for-each-ref").splitlines() if "dreamscape/heal-" not in line]
    return {"files": files, "git": inside, "refs": refs, "home": sorted(project.home.rglob("*"))}


def test_a_repair_lands_on_a_branch_of_its_own_and_the_half_done_work_around_it_stays_as_it_is(
    patient: NewPatient,
) -> None:
    project = patient(UNFINISHED)
    half_done(project)
    before = everything(project)

    healed = project.heal()

    assert healed.code == 0, healed.err
    assert everything(project) == before
    report = healed.report
    assert {key: type(report[key]) for key in SHAPE} == SHAPE
    assert report["schema"] == "dreamscape.heal/1"
    assert report["branch"] == f"dreamscape/heal-{report['run']}"
    assert report["baseline"] == {"passed": 1, "failed": 1, "errors": 0}
    assert report["final"] == {"passed": 2, "failed": 0, "errors": 0}
    assert any("uncommitted edits are not seen" in note for note in report["notes"])
    (item,) = healed.items
    assert {key: type(item[key]) for key in ITEM} == ITEM
    assert (item["kind"], item["state"], item["model"]) == ("test", "landed", "embedded")
    assert item["tests"] == ["test_greet.py::test_greeting"]
    assert item["files"] == ["greet.py"]
    assert project.git("rev-parse", report["branch"]) == item["commit"]
    assert project.git("rev-parse", f"{report['branch']}~1") == project.git("rev-parse", "main")
    assert project.git("diff", "--name-only", "main", report["branch"]) == "greet.py"
    assert project.at(report["branch"], "greet.py") == GREET_REPAIRED
    message = project.git("log", "-1", "--format=%an%n%B", report["branch"])
    assert message.startswith("Dreamscape\n")
    assert f"Dreamscape-Run: {report['run']}" in message
    assert "Dreamscape-Test: test_greet.py::test_greeting" in message


def test_it_works_with_nothing_but_a_path_in_its_environment_and_on_a_detached_head(patient: NewPatient) -> None:
    project = patient()
    project.write({"later.py": "LATER = 1\n"})
    project.commit("Later")
    project.git("checkout", "-q", "--detach", "HEAD~1")

    ran = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", sys.executable, "-m", "dreamscape", "heal", "--auto"],
        cwd=project.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        start_new_session=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "landed" in ran.stdout
    assert "1 passed, 1 failed" in ran.stdout
    (branch,) = project.branches()
    assert project.at(branch, "greet.py") == GREET_REPAIRED
    assert project.git("rev-parse", f"{branch}~1") == project.git("rev-parse", "HEAD")
    assert project.git("rev-parse", "--abbrev-ref", "HEAD") == "HEAD"


def test_commit_mode_commits_to_the_current_branch_and_undo_reverts_it(patient: NewPatient) -> None:
    project = patient()
    begin = project.git("rev-parse", "HEAD")

    healed = project.heal("--land", "commit")

    assert healed.code == 0, healed.err
    assert (healed.report["mode"], healed.report["branch"]) == ("commit", "main")
    assert project.read("greet.py") == GREET_REPAIRED
    assert project.git("rev-parse", "HEAD~1") == begin
    assert project.git("status", "--porcelain", "--untracked-files=no") == ""
    assert project.branches() == []
    ranked = {row["path"]: row for row in project.run("scan").report["files"]}
    assert (ranked["greet.py"]["failures"], ranked["test_greet.py"]["failures"]) == (1, 0)
    assert any("1 past failure" in reason for reason in ranked["greet.py"]["why"])

    undone = project.run("undo", healed.report["run"])

    assert undone.code == 0, undone.err
    assert project.read("greet.py") == GREET["greet.py"]
    assert project.git("rev-parse", "HEAD~2") == begin
    assert project.git("status", "--porcelain", "--untracked-files=no") == ""


def test_commit_mode_refuses_a_tree_with_uncommitted_edits_before_any_work(patient: NewPatient) -> None:
    project = patient(UNFINISHED)
    half_done(project)
    before = everything(project)

    healed = project.heal("--land", "commit")

    assert healed.code == 3
    assert "clean tree" in healed.err
    assert everything(project) == before


@pytest.mark.parametrize(
    "with_git", [pytest.param(True, marks=pytest.mark.slow), False], ids=["with git", "without git"]
)
def test_patch_mode_writes_a_patch_that_applies_and_undo_takes_it_back(patient: NewPatient, with_git: bool) -> None:
    project = patient(with_git=with_git)

    healed = project.heal("--land", "patch")

    assert healed.code == 0, healed.err
    assert healed.states == ["landed"]
    assert healed.report["branch"] is None
    assert healed.report["final"] == {"passed": 2, "failed": 0, "errors": 0}
    assert project.read("greet.py") == GREET["greet.py"]
    (patch,) = (project.root / ".dreamscape" / "patches").iterdir()
    assert healed.report["patches"] == [str(patch.relative_to(project.root))]
    if not with_git:
        second = project.heal("--land", "patch")
        assert second.states == ["awaiting_merge"], second.out
        assert list(patch.parent.iterdir()) == [patch]
    applied = ["git", "apply", str(patch)] if with_git else ["patch", "-p1", "-i", str(patch)]
    subprocess.run(applied, cwd=project.root, check=True, capture_output=True)
    assert project.read("greet.py") == GREET_REPAIRED

    undone = project.run("undo", healed.report["run"])

    assert undone.code == 0, undone.err
    assert project.read("greet.py") == GREET["greet.py"]
    assert not patch.exists()


@pytest.mark.slow
def test_undo_deletes_the_branch_and_the_undone_change_does_not_come_again(patient: NewPatient) -> None:
    project = patient()
    healed = project.heal()

    undone = project.run("undo", healed.report["run"])

    assert undone.code == 0, undone.err
    assert project.branches() == []
    again = project.heal()
    assert again.code == 1
    assert "landed" not in again.states
    assert project.branches() == []


@pytest.mark.slow
def test_a_project_in_a_folder_of_a_repository_lands_under_its_folder(tmp_path: Path, patient: NewPatient) -> None:
    project = patient({f"services/hello/{name}": content for name, content in GREET.items()})

    healed = project.heal("--project", "services/hello")

    assert healed.code == 0, healed.err
    assert healed.items[0]["files"] == ["greet.py"]
    assert project.git("diff", "--name-only", "main", healed.report["branch"]) == "services/hello/greet.py"
    assert (project.root / "services" / "hello" / ".dreamscape").is_dir()
    assert not (project.root / ".dreamscape").exists()
    assert sorted(path.name for path in project.root.iterdir()) == [".git", "services"]


def test_of_two_repairs_that_break_each_other_only_the_first_lands(patient: NewPatient) -> None:
    project = patient(
        {
            **GREET,
            "part.py": 'def parting(name):\n    return "Goodbye, " - name\n',
            "test_part.py": """\
                from greet import greeting
                from part import parting


                def test_parting():
                    assert parting("Ann") == "Goodbye, Ann"
                    assert parting("") == "Goodbye, "


                def works(function):
                    try:
                        return bool(function("Ann"))
                    except TypeError:
                        return False


                def test_never_both():
                    assert not (works(greeting) and works(parting))
                """,
        }
    )

    healed = project.heal()

    assert healed.code == 1
    assert healed.states == ["landed", "unsolved"]
    (landed,) = [item for item in healed.items if item["state"] == "landed"]
    assert project.git("diff", "--name-only", "main", healed.report["branch"]) == landed["files"][0]
    assert healed.report["baseline"] == {"passed": 2, "failed": 2, "errors": 0}
    assert healed.report["final"] == {"passed": 3, "failed": 1, "errors": 0}


def test_what_is_told_of_the_working_tree_is_what_is_seen_of_it(patient: NewPatient) -> None:
    project = patient({**GREET, "real.py": "x = 1\n", "other.py": "x = 2\n"})
    (project.root / "alias.py").symlink_to("real.py")
    project.commit("Link")
    (project.root / "alias.py").unlink()
    (project.root / "alias.py").symlink_to("other.py")
    project.write({"staged.py": "y = 1\n", "real.py": "x = 3\n"})
    project.git("add", "staged.py")

    notes = project.heal().report["notes"]

    assert "uncommitted edits are not seen: real.py" in notes
    assert any(note.startswith("alias.py is a link") for note in notes)


def test_a_result_that_cannot_be_written_is_kept_and_the_run_named(patient: NewPatient) -> None:
    project = patient()
    command = [sys.executable, "-m", "dreamscape", "heal", "--auto"]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            command,
            cwd=project.root,
            env=project.env,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )

    assert ran.returncode == 3
    (branch,) = project.branches()
    assert f"the run is kept: dreamscape runs show {branch.removeprefix('dreamscape/heal-')}" in ran.stderr
