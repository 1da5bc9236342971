"""A person's yes lands the proposed change, if the tests still say yes, too."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stations import FakeAgent, FakeProject

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import AttemptRecord, ItemReport, ReviewCase
from dreamscape.domain.repair import ItemState
from dreamscape.engine import RepositoryLander, RunBook
from dreamscape.engine.acceptance import accept
from dreamscape.engine.diffs import unified
from dreamscape.store import open_store
from dreamscape.tools.git import Git

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OLD, NEW = b"one\nbad\nthree\n", b"one\ngood\nthree\n"


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=P", "-c", "user.email=p@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, content: bytes, name: str = "app.py") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one more")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    commit(tmp_path, OLD)
    return tmp_path


def review(old: bytes = OLD, new: bytes = NEW, *, state: str = "open", diff: str | None = None) -> ReviewCase:
    item = ItemReport(
        "i", "test", ("t.py::a",), FailureClass.WRONG_VALUE, 0.5, ItemState.REVIEW, "embedded", 9, ("app.py",), None,
        0.0, 1.0, "two behaviours pass", "f", unified({"app.py": old}, {"app.py": new}) if diff is None else diff,
    )  # fmt: skip
    return ReviewCase(1, "r", item, None, state, NOW)


def yes(folder: Path, case: ReviewCase, mode: str = "branch", content: bytes = OLD, wanted: bytes = b"good") -> str:
    """Accepts; the commit's full name."""
    found = Git.find(folder)
    assert found is not None
    tests = {
        "t.py::a": lambda files: wanted in files["app.py"],
        "t.py::held": lambda files: b"three" in files["app.py"],
    }
    agent = FakeAgent(FakeProject({"app.py": content}, tests))
    lander = RepositoryLander(folder, found, mode, "r2", found.head())
    with open_store(folder / ".git" / "memory.db") as store:
        if case.state == "open":
            store.start_run(case.run, "heal", None, NOW)
            case = replace(case, id=store.open_review(case.run, case.item, None, NOW))
        asked = AttemptRecord(
            case.run, "i", "f", FailureClass.WRONG_VALUE, "embedded", 1, False, "plausible", 9, 0.0, 1.0
        )
        store.save_attempt(asked)
        book = RunBook("r2", lander.base, mode, store, lambda: NOW, "review")
        report = accept(case, found, agent, lander, store, book)
        assert [(one.run, one.commit) for one in store.landings()] == [("r2", report.items[0].commit)]
        assert [run.exit_code for run in store.runs() if run.id == "r2"] == [0]
        assert [attempt.solved for attempt in store.attempts()] == [True], "its model was right after all"
    return str(report.items[0].commit)


def test_an_accepted_change_lands_as_its_own_commit(project: Path) -> None:
    made = yes(project, review())

    assert git(project, "rev-parse", "dreamscape/heal-r2") == made
    assert git(project, "show", f"{made}:app.py") == NEW.decode().strip()
    assert "Dreamscape-Review: 1" in git(project, "log", "-1", "--format=%B", made)
    assert (project / "app.py").read_bytes() == OLD


def test_its_commit_says_what_changed_and_which_tests_pass_now_like_any_landed_repair(project: Path) -> None:
    case = review()
    case = replace(case, item=replace(case.item, summary="work: `bad` becomes `good`"))

    made = yes(project, case)

    subject, _, body = git(project, "log", "-1", "--format=%B", made).partition("\n\n")
    assert subject == "Repair work: `bad` becomes `good`"
    assert body.splitlines() == [
        "Dreamscape-Run: r2",
        "Dreamscape-Item: i",
        "Dreamscape-Model: embedded",
        "Dreamscape-Test: t.py::a",
        "Dreamscape-Review: 1",
    ]


def test_it_lands_on_the_current_branch_where_that_is_wished(project: Path) -> None:
    made = yes(project, review(), "commit")

    assert git(project, "rev-parse", "HEAD") == made
    assert (project / "app.py").read_bytes() == NEW


def test_it_still_applies_where_other_lines_have_changed(project: Path) -> None:
    above = b"# one\n# two\n# three\n# four\n"
    commit(project, changed := b"# new\n" + above + OLD)

    made = yes(project, review(above + OLD, above + NEW), content=changed)

    assert git(project, "show", f"{made}:app.py").startswith("# new\n# one\n")
    assert git(project, "show", f"{made}:app.py").endswith("one\ngood\nthree")


def test_where_the_same_lines_have_changed_it_says_so(project: Path) -> None:
    commit(project, b"one\nother\nthree\n")

    with pytest.raises(CannotGoOn, match="no longer applies"):
        yes(project, review(), content=b"one\nother\nthree\n")


def test_what_the_tests_do_not_prove_any_more_does_not_land(project: Path) -> None:
    with pytest.raises(CannotGoOn, match="no longer holds"):
        yes(project, review(), wanted=b"better")

    assert git(project, "branch", "--list", "dreamscape/*") == ""


@pytest.mark.parametrize(
    ("case", "said"), [(review(state="superseded"), "was superseded"), (review(diff=""), "no change to accept")]
)
def test_there_must_be_something_to_accept(project: Path, case: ReviewCase, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        yes(project, case)


@pytest.mark.parametrize(
    "around",
    [b"# caf\xe9 in latin-1\n", "# café in UTF-8\n".encode(), b"# with a carriage return\r\n", b"# says \\xe9\n"],
    ids=["latin-1", "utf-8", "crlf", "an escape"],
)
def test_whatever_the_encoding_it_applies_byte_for_byte(project: Path, around: bytes) -> None:
    old, new = around + OLD, around + NEW
    commit(project, old)

    made = yes(project, review(old, new), content=old)

    shown = subprocess.run(["git", "show", f"{made}:app.py"], cwd=project, check=True, capture_output=True).stdout
    assert shown == new


def test_it_applies_in_a_folder_of_the_repository(project: Path) -> None:
    commit(project, OLD, "inner/app.py")

    made = yes(project / "inner", review())

    assert git(project, "diff", "--name-only", "main", made) == "inner/app.py"
