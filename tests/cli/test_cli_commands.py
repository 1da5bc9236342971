"""Commands that look back and decide, on a real project with a real memory."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape
from required import missing

from dreamscape.agent.sandbox import open_sandbox
from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import HealReport, ItemReport, LandingRecord
from dreamscape.domain.repair import ItemState
from dreamscape.domain.runs import Tally
from dreamscape.domain.settings import SandboxSettings
from dreamscape.engine.landing import Change, land_on_branch
from dreamscape.store import Store, open_store
from dreamscape.tools.git import Git
from dreamscape.tools.locks import project_lock


@pytest.fixture
def dreamscape(dreamscape_here: Dreamscape) -> Dreamscape:
    return dreamscape_here


RUN = "20260102-030405-abcd"
DIFF = "--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-limit = 1\n+limit = 2\n"


def git(folder: Path, *words: str) -> str:
    identity = {f"GIT_{role}_{key}": "Ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    ran = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **identity}, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "--quiet", "--initial-branch=main")
    (project / "shop.py").write_text("limit = 1\n")
    git(project, "add", "shop.py")
    git(project, "commit", "--quiet", "--message", "Open the shop")
    return project


@pytest.fixture
def memory(repository: Path) -> Iterator[Store]:
    state = repository / ".dreamscape"
    state.mkdir(mode=0o700)
    (state / ".gitignore").write_text("*\n")
    with open_store(state / "dreamscape.db") as store:
        yield store


ITEM = ItemReport(
    id="i1",
    kind="test",
    tests=("tests/test_shop.py::test_limit",),
    failure_class=FailureClass.WRONG_VALUE,
    impact=0.5,
    state=ItemState.REVIEW,
    model="embedded",
    attempts=1,
    files=("shop.py",),
    commit=None,
    cost_usd=0.25,
    seconds=2.0,
    why="two repairs differ",
    fingerprint="f1",
    diff=DIFF,
    rivals=(DIFF.replace("= 2", "= 3"),),
    examples=("limit: 2 or 3",),
)

LANDED = replace(ITEM, state=ItemState.LANDED, rivals=(), examples=())


def remember(store: Store, item: ItemReport = ITEM) -> int:
    """A finished run with one item that waits for a person; gives the review's number."""
    began = datetime.now(UTC) - timedelta(seconds=5)
    store.start_run(RUN, "heal", None, began)
    store.save_item(RUN, item)
    review = store.open_review(RUN, item, None, began)
    tally = Tally(3, 1, 0)
    store.end_run(HealReport(RUN, tally, tally, (item,), 0.25, 2.0, None, 1, ("sandbox: namespaces",)), began)
    return review


def value_of(dreamscape: Dreamscape, *words: str) -> dict[str, object]:
    result = dreamscape(*words, "--json")
    assert result.returncode == 0, result.stderr
    value: dict[str, object] = json.loads(result.stdout)
    return value


def test_status_tells_the_last_run_what_waits_and_what_may_be_spent(
    dreamscape: Dreamscape, memory: Store, repository: Path, home: Path
) -> None:
    remember(memory)
    git(repository, "switch", "--quiet", "--create", "dreamscape/heal-old")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Repair")
    git(repository, "switch", "--quiet", "main")
    (home / ".config/dreamscape").mkdir(parents=True)
    (home / ".config/dreamscape/config.toml").write_text("[budget]\nusd_per_day = 1.0\n")
    count_calls(home, [1, 900, 0.25])

    value = value_of(dreamscape, "status")

    assert value["schema"] == "dreamscape.status/1"
    assert value["last_run"]["states"] == {"review": 1}  # type: ignore[index]
    assert (value["open_reviews"], value["usd_spent_today"], value["usd_left_today"]) == (1, 0.25, 0.75)
    assert value["heal_branches"] == ["dreamscape/heal-old"]
    assert value["working"] is None
    text = dreamscape("status").stdout
    for said in (RUN, "1 open review:", "0.75 USD left", "dreamscape/heal-old"):
        assert said in text


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("", "budget today   none is set, so that no model outside is asked; 0.000021 USD spent"),
        ("calls_per_day = 9", "budget today   no money is allowed, 0.000021 USD spent"),
        ("usd_per_run = 1.0", "budget today   no limit for a day, 0.000021 USD spent"),
        ("usd_per_day = 0.0001", "budget today   0.000079 USD left, 0.000021 spent"),
        ("usd_per_day = 0.000021", "budget today   0.00 USD left, 0.000021 spent"),
    ],
)
def test_status_tells_no_money_allowed_from_money_spent(
    dreamscape: Dreamscape, repository: Path, home: Path, budget: str, said: str
) -> None:
    (home / ".config/dreamscape").mkdir(parents=True)
    (home / ".config/dreamscape/config.toml").write_text(f"[budget]\n{budget}\n")
    count_calls(home, [1, 900, 0.000021])

    assert said in dreamscape("status").stdout.splitlines()


def count_calls(home: Path, sums: list[float]) -> Path:
    """Calls, tokens and money, of this day and this month, as the ledger counts them."""
    path, now = home / ".local/share/dreamscape/sessions/calls.json", datetime.now(UTC)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({f"{now:%Y-%m-%d}": sums, f"{now:%Y-%m}": sums}))
    return path


def test_status_tells_what_every_limit_leaves(dreamscape: Dreamscape, repository: Path, home: Path) -> None:
    (home / ".config/dreamscape").mkdir(parents=True)
    limits = "usd_per_call = 0.1\nusd_per_item = 0.2\nusd_per_run = 1.0\nusd_per_month = 0.3\ncalls_per_day = 5\n"
    (home / ".config/dreamscape/config.toml").write_text(f"[budget]\n{limits}")
    counted = count_calls(home, [1, 900, 0.25])

    value, text = value_of(dreamscape, "status"), dreamscape("status").stdout
    counted.write_text("{")
    unreadable = dreamscape("status", "--json")

    left = {"usd_per_call": 0.1, "usd_per_item": 0.2, "usd_per_run": 1.0, "usd_per_month": 0.05, "calls_per_day": 4}
    assert {cap["key"]: cap["left"] for cap in value["budget"]} == pytest.approx(left)  # type: ignore[attr-defined]
    assert value["usd_left_today"] == pytest.approx(0.05)
    assert "0.20 of usd_per_item 0.20 left to each item" in text
    assert {cap["left"] for cap in json.loads(unreadable.stdout)["budget"]} == {0.0}
    assert "no outside model is asked" in unreadable.stderr and "cannot be read" in unreadable.stderr


def test_status_tells_of_a_run_that_was_cut_off_that_it_finished_nothing(
    dreamscape: Dreamscape, memory: Store, repository: Path
) -> None:
    memory.start_run("r9", "heal", None, datetime.now(UTC))
    memory.end_run(HealReport("r9", None, None, (), 0.0, 1.0, None, 130), datetime.now(UTC))

    text = dreamscape("status").stdout

    assert "exit code 130: no case finished" in text


def test_status_tells_who_works_on_the_project(dreamscape: Dreamscape, repository: Path) -> None:
    with project_lock(repository):
        value = value_of(dreamscape, "status")

    assert value["working"]["pid"] == os.getpid()  # type: ignore[index]


def test_runs_are_listed_and_shown_by_name_beginning_or_as_the_last(dreamscape: Dreamscape, memory: Store) -> None:
    remember(memory)

    listed = value_of(dreamscape, "runs", "list")
    assert [run["id"] for run in listed["runs"]] == [RUN]  # type: ignore[attr-defined]
    for name in (RUN, RUN[:8], "last"):
        assert value_of(dreamscape, "runs", "show", name)["id"] == RUN
    text = dreamscape("runs", "show", "last").stdout
    for said in (
        "3 passed, 1 failed, 0 errors before",
        "review in shop.py: two repairs differ",
        "sandbox: namespaces",
        ITEM.tests[0],
    ):
        assert said in text


@pytest.mark.parametrize(
    "words", [("runs", "show", "x"), ("undo", "x"), ("review", "show", "9"), ("review", "reject", "9")]
)
def test_what_is_not_there_is_2(dreamscape: Dreamscape, memory: Store, words: tuple[str, ...]) -> None:
    result = dreamscape(*words)

    assert result.returncode == 2
    assert f"there is no {'review' if words[0] == 'review' else 'run'}" in result.stderr
    assert "list" in result.stderr


@pytest.mark.parametrize("words", [("undo", "last"), ("review", "reject", "1"), ("review", "accept", "1")])
def test_where_nothing_is_remembered_nothing_is_made(
    dreamscape: Dreamscape, project: Path, words: tuple[str, ...]
) -> None:
    result = dreamscape(*words)

    assert result.returncode == 2
    assert "nothing is remembered" in result.stderr
    assert not (project / ".dreamscape").exists()


def test_the_demo_makes_a_project_of_its_own(dreamscape: Dreamscape) -> None:
    result = dreamscape("demo", "--project", ".")

    assert result.returncode == 2
    assert "--into" in result.stderr


def test_two_runs_that_begin_alike_are_not_guessed_between(dreamscape: Dreamscape, memory: Store) -> None:
    memory.start_run("ab1", "heal", None, datetime.now(UTC))
    memory.start_run("ab2", "heal", None, datetime.now(UTC))

    result = dreamscape("runs", "show", "ab")

    assert (result.returncode, result.stdout) == (2, "")
    assert "2 runs begin with 'ab'" in result.stderr


def test_a_review_shows_change_rivals_examples_and_reason(dreamscape: Dreamscape, memory: Store) -> None:
    number = remember(memory)

    text = dreamscape("review", "show", str(number)).stdout

    for said in ("two repairs differ", "+limit = 2", "rival 1", "+limit = 3", "limit: 2 or 3", "review accept"):
        assert said in text
    assert ITEM.tests[0] in dreamscape("review", "list").stdout


def test_a_rejected_review_is_remembered_and_waits_no_more(dreamscape: Dreamscape, memory: Store) -> None:
    number = remember(memory)

    assert value_of(dreamscape, "review", "reject", str(number))["state"] == "rejected"

    assert memory.reviews("open") == ()
    assert memory.events()[-1].kind is EventKind.REVIEW_REJECTED
    assert value_of(dreamscape, "review", "list")["reviews"] == []
    assert len(value_of(dreamscape, "review", "list", "--all")["reviews"]) == 1  # type: ignore[arg-type]
    again = dreamscape("review", "reject", str(number))
    assert (again.returncode, again.stdout) == (2, "")


def test_control_characters_of_a_project_do_not_reach_the_terminal(dreamscape: Dreamscape, memory: Store) -> None:
    number = remember(memory, replace(ITEM, why="\x1b[31mred\x07"))

    text = dreamscape("review", "show", str(number)).stdout

    assert "\x1b" not in text
    assert "\\x1b[31mred\\x07" in text


def land(repository: Path, store: Store) -> LandingRecord:
    """One repair on its branch, remembered as the engine does."""
    found = Git.find(repository)
    assert found is not None
    head = found.head()
    assert head is not None
    landing = land_on_branch(found, Change(RUN, {"shop.py": b"limit = 2\n"}, "Repair the limit"), head)
    at = datetime.now(UTC)
    data = {"tests": list(ITEM.tests), "why": "1 became 2", "files": ["shop.py"], "commit": landing.commit}
    store.add_event(Event(EventKind.ITEM_LANDED, at, RUN, "i1", data))
    record = LandingRecord(0, RUN, "i1", "f1", "branch", landing.ref, landing.commit, head, landing.files, at)
    store.save_landing(record)
    return record


def test_undo_says_that_the_change_is_not_proposed_again_and_how_it_still_lands(
    dreamscape: Dreamscape, memory: Store, repository: Path
) -> None:
    remember(memory, LANDED)
    land(repository, memory)

    text = dreamscape("undo", "last").stdout

    assert "no later run proposes this again" in text
    (kept,) = memory.reviews("rejected")
    assert f"dreamscape review accept {kept.id}" in text
    assert "turned down or undone before: 1" in dreamscape("review", "list").stdout
    assert "+limit = 2" in dreamscape("review", "show", str(kept.id)).stdout
    assert "review accept" in dreamscape("undo", "--help").stdout


def test_undo_takes_a_run_back_and_remembers_it(dreamscape: Dreamscape, memory: Store, repository: Path) -> None:
    remember(memory, LANDED)
    record = land(repository, memory)
    assert record.ref in git(repository, "branch", "--list", "--all")

    value = value_of(dreamscape, "undo", "last")

    assert value["schema"] == "dreamscape.undo/1"
    assert "heal" not in git(repository, "branch", "--list", "--all")
    assert memory.landings(RUN)[0].undone is not None
    assert memory.events()[-1].kind is EventKind.LANDING_UNDONE
    assert dreamscape("undo", RUN).returncode == 3
    assert "undone in shop.py" in dreamscape("runs", "show", RUN).stdout
    assert "1 undone" in dreamscape("status").stdout
    assert "0 (1 undone)" in dreamscape("runs", "list").stdout
    assert "Taken back" in dreamscape("devlog").stdout


def test_undo_of_what_is_merged_already_is_3_and_names_the_way_out(
    dreamscape: Dreamscape, memory: Store, repository: Path
) -> None:
    remember(memory)
    record = land(repository, memory)
    git(repository, "merge", "--quiet", record.ref)

    result = dreamscape("undo", RUN)

    assert result.returncode == 3
    assert "git revert" in result.stderr
    assert memory.landings(RUN)[0].undone is None


def test_undo_waits_for_no_other_run(dreamscape: Dreamscape, memory: Store, repository: Path) -> None:
    remember(memory)
    land(repository, memory)
    with project_lock(repository):
        refused, unhealed = dreamscape("undo", RUN), dreamscape("heal", "--auto")

    assert refused.returncode == unhealed.returncode == 5
    assert "wait until it ends" in refused.stderr
    assert "--if-locked" not in refused.stderr, "undo has no such option"
    assert "--if-locked skip" in unhealed.stderr


def test_devlog_tells_the_repair_and_a_second_one_has_nothing_to_tell(
    dreamscape: Dreamscape, memory: Store, repository: Path
) -> None:
    remember(memory)
    record = land(repository, memory)
    git(repository, "merge", "--quiet", record.ref)
    git(repository, "tag", "v1.0")
    git(repository, "remote", "add", "origin", "git@github.com:ada/shop.git")

    first = value_of(dreamscape, "devlog")
    git(repository, "tag", "--delete", "v1.0")
    second = dreamscape("devlog")

    assert first["until"] == "v1.0"
    assert f"https://github.com/ada/shop/commit/{record.commit}" in str(first["markdown"])
    assert (repository / str(first["path"])).read_text() == first["markdown"]
    assert (second.stdout, second.returncode) == ("nothing to tell\n", 0)


def test_doctor_finds_everything_a_repair_needs_here(dreamscape: Dreamscape, repository: Path) -> None:
    result = dreamscape("doctor", "--json")

    value = json.loads(result.stdout)
    checks = {check["name"]: check for check in value["checks"]}
    if checks["sandbox"]["is_ok"]:
        assert (result.returncode, value["ok"]) == (0, True), result.stdout
    for name in ("dreamscape", "git", "repository", "sandbox", "pytest", "state", "disk"):
        assert name in checks
    assert all(check["is_ok"] or check["advice"] for check in checks.values())


def test_doctor_says_what_to_do_where_something_is_missing(dreamscape: Dreamscape, project: Path) -> None:
    result = dreamscape("doctor", env={"PATH": "/nowhere"})

    assert result.returncode == 3
    assert "problem  git          not found" in result.stdout
    assert "install git" in result.stdout
    assert "problem  repository" in result.stdout


def test_doctor_reports_broken_settings_and_goes_on(dreamscape: Dreamscape, repository: Path, home: Path) -> None:
    (repository / "dreamscape.toml").write_text("[heal\n")
    (home / ".config/dreamscape").mkdir(parents=True)
    (home / ".config/dreamscape/models.toml").write_text("[[models]]\nname = 'mine'\nprovider = 'api'\ntier = 'high'\n")

    result = dreamscape("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.returncode == 3
    assert not checks["settings"]["is_ok"]
    assert str(repository / "dreamscape.toml") in checks["settings"]["found"]
    assert "goes by the defaults" in checks["settings"]["advice"]
    assert "it takes a whole number" in checks["models"]["found"]
    assert checks["git"]["is_ok"]
    assert checks["repository"]["is_ok"]


@pytest.mark.parametrize(
    "left", ["{", "[]", *(f'{{"failures": {{"a.py": {count}}}}}' for count in ('"many"', "-1", "0.5", "NaN"))]
)
def test_what_another_hand_wrote_about_failures_is_not_believed(
    dreamscape: Dreamscape, project: Path, left: str
) -> None:
    (project / "a.py").write_text("A = 1\n")
    (project / ".dreamscape").mkdir()
    (project / ".dreamscape" / "signals.json").write_text(left)

    (row,) = value_of(dreamscape, "scan")["files"]  # type: ignore[misc]

    assert row["failures"] is None


def test_a_report_is_a_page_with_the_trends_of_earlier_ones(dreamscape: Dreamscape, project: Path) -> None:
    (project / "a.py").write_text("import b\n\nA = b.B\n")
    (project / "b.py").write_text("B = 1\n")

    first = value_of(dreamscape, "report")
    value_of(dreamscape, "report", "--output", "page.html")
    scanned = dreamscape("scan", "--format", "html").stdout

    assert first["path"] == str(project / ".dreamscape/reports/report.html")
    page = (project / "page.html").read_text()
    for text in (page, scanned):
        assert text.startswith("<!doctype html>")
        assert 'data-path="a.py"' in text
        assert 'data-a="a.py" data-b="b.py"' in text
        assert "impact over the last scans" in text
    assert "impact over the last scans" not in Path(str(first["path"])).read_text()
    assert dreamscape("scan", "--diff", "HEAD", "--format", "html").returncode == 2


def test_config_tells_value_and_origin(dreamscape: Dreamscape, project: Path) -> None:
    (project / "dreamscape.toml").write_text("[heal]\nmax_minutes = 7.0\n")

    value = value_of(dreamscape, "config", "explain", "heal.max_minutes")
    shown = dreamscape("config", "explain", "heal.max_minutes", env={"DREAMSCAPE_HEAL__MAX_MINUTES": "8"}).stdout
    table = dreamscape("config", "show").stdout

    assert (value["value"], value["origin"]) == (7.0, str(project / "dreamscape.toml"))
    assert shown == "heal.max_minutes = 8.0   (environment DREAMSCAPE_HEAL__MAX_MINUTES)\n"
    assert "sandbox.level" in table
    assert dreamscape("config", "explain", "heal.nonsense").returncode == 2
    section = dreamscape("config", "explain", "heal").stdout
    assert "heal.max_minutes" in section
    assert "sandbox.level" not in section


def test_models_lists_what_is_free_first(dreamscape: Dreamscape) -> None:
    models = value_of(dreamscape, "models", "list")["models"]

    assert [model["provider"] for model in models][:2] == ["remembered", "embedded"]  # type: ignore[index, attr-defined]
    assert "embedded" in dreamscape("models", "list").stdout


@pytest.fixture
def failing(repository: Path) -> Path:
    """The repository with a test that its code does not pass yet, on a machine that can confine it."""
    try:
        open_sandbox(repository, SandboxSettings())
    except CannotGoOn as error:
        missing("sandbox", error.message)
    (repository / "tests").mkdir()
    (repository / "tests" / "test_shop.py").write_text(
        "import shop\n\ndef test_limit():\n    assert shop.limit == 2\n\ndef test_kind():\n    assert shop.limit > 0\n"
    )
    (repository / "conftest.py").write_text("")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Test the limit")
    return repository


@pytest.mark.sandbox
def test_an_accepted_review_is_proven_once_more_and_lands(dreamscape: Dreamscape, memory: Store, failing: Path) -> None:
    number = remember(memory)

    value = value_of(dreamscape, "review", "accept", str(number))

    assert value["state"] == "accepted"
    assert git(failing, "show", f"{value['ref']}:shop.py") == "limit = 2"
    assert (failing / "shop.py").read_text() == "limit = 1\n"
    assert memory.reviews("open") == ()
    kinds = [event.kind for event in memory.events()]
    assert kinds[-3:] == [EventKind.ITEM_LANDED, EventKind.REVIEW_ACCEPTED, EventKind.RUN_ENDED]
    assert "## Repaired" in dreamscape("devlog").stdout


@pytest.mark.sandbox
def test_an_accepted_change_that_no_longer_holds_does_not_land_and_goes_on_waiting(
    dreamscape: Dreamscape, memory: Store, failing: Path
) -> None:
    number = remember(memory, replace(ITEM, diff=DIFF.replace("= 2", "= -2")))

    result = dreamscape("review", "accept", str(number))

    assert result.returncode == 3
    assert "no longer holds" in result.stderr
    assert len(memory.reviews("open")) == 1
    assert "heal" not in git(failing, "branch", "--list", "--all")
