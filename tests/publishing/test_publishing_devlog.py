"""The devlog of a real repository and a real memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dreamscape.domain.errors import UsageError
from dreamscape.domain.events import Event, EventKind
from dreamscape.publishing import Devlog
from dreamscape.publishing.devlog import Draft
from dreamscape.store import Store, open_store

START = datetime(2026, 1, 1, tzinfo=UTC)


class Diary:
    """A project whose clock is set by hand: commits, tags, events and devlogs each take a minute."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.now = START

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def git(self, *words: str) -> str:
        stamp = self.now.isoformat()
        identity = {f"GIT_{role}_{key}": "Ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        env = {**os.environ, **identity, "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        ran = subprocess.run(["git", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def commit(self, subject: str) -> str:
        self.clock()
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str) -> None:
        self.git("tag", name)

    def event(self, kind: EventKind, item: str | None = None, run: str = "r1", **data: object) -> int:
        return self.store.add_event(Event(kind, self.clock(), run, item, data))

    def landed(self, item: str, test: str, commit: str = "", run: str = "r1") -> int:
        return self.event(
            EventKind.ITEM_LANDED,
            item,
            run,
            tests=[test],
            state="landed",
            files=["shop/cart.py"],
            commit=commit or None,
            why="< became <=",
        )

    def write(self, since: str | None = None, until: str | None = None) -> Draft:
        return Devlog(self.folder, self.store, self.clock).write(since, until)


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Diary]:
    folder = tmp_path / "shop"
    folder.mkdir()
    with open_store(tmp_path / "memory.db") as store:
        diary = Diary(folder, store)
        diary.git("init", "--quiet", "--initial-branch=main")
        diary.store.start_run("r1", "heal", None, diary.clock())
        diary.store.start_run("r2", "heal", None, diary.clock())
        yield diary


def test_a_release_tells_its_repairs_commits_and_numbers_each_with_its_source(diary: Diary) -> None:
    diary.commit("Begin")
    diary.tag("v1.0")
    feature = diary.commit("Add *carts*")
    started = diary.event(EventKind.RUN_STARTED)
    tested = diary.event(EventKind.BASELINE_TESTED, passed=9, failed=1, errors=0)
    repair = diary.commit("Repair test_total")
    landed = diary.landed("i1", "tests/test_cart.py::test_total", repair)
    diary.tag("v1.1")

    draft = diary.write()

    assert draft.text == (
        "# shop: v1.0 to v1.1\n\n"
        "## Repaired\n\n"
        f"- `tests/test_cart.py::test_total`: < became <=, in `shop/cart.py` (`{repair[:7]}`, event {landed})\n\n"
        "## Other commits\n\n"
        f"- Add \\*carts\\*, by Ada (`{feature[:7]}`)\n\n"
        "## Numbers\n\n"
        f"- Heal runs: 1 (event {started})\n"
        f"- Repaired: 1 (event {landed})\n"
        f"- Tests before the first run: 9 passed, 1 failed, 0 errors (event {tested})\n"
        f"- Commits: 2, from first to last (`{feature[:7]}`, `{repair[:7]}`)\n"
    )
    assert draft.path == diary.folder / ".dreamscape" / "drafts" / "devlog-v1.0..v1.1.md"
    assert draft.path.read_text() == draft.text
    told = diary.store.events()[-1]
    assert told.kind is EventKind.DEVLOG_WRITTEN
    assert told.data["until"] == repair


def test_a_release_can_be_told_again_and_stays_the_same(diary: Diary) -> None:
    diary.commit("Begin")
    diary.landed("i1", "t::a")
    diary.tag("v1.0")

    assert diary.write().text == diary.write().text


def test_what_happened_after_a_release_was_told_belongs_to_the_next(diary: Diary) -> None:
    diary.commit("Begin")
    diary.landed("i1", "t::first")
    diary.tag("v1.0")
    diary.write()
    diary.landed("i2", "t::second", run="r2")
    diary.commit("Go on")
    diary.tag("v1.1")

    text = diary.write().text

    assert "t::second" in text
    assert "t::first" not in text


def test_without_a_tag_on_head_the_story_goes_on_where_the_last_devlog_stopped(diary: Diary) -> None:
    diary.commit("Begin")
    diary.tag("v1.0")
    diary.commit("First")
    diary.landed("i1", "t::first")
    first = diary.write()
    second_commit = diary.commit("Second")
    diary.landed("i2", "t::second", run="r2")

    second = diary.write()

    assert "First" in first.text
    assert "Second" in second.text
    assert "First" not in second.text
    assert "t::first" not in second.text
    assert second.story.until == second_commit[:7]


def test_a_tag_newer_than_the_last_devlog_begins_the_story(diary: Diary) -> None:
    diary.commit("Begin")
    diary.commit("Told")
    diary.write()
    diary.commit("Released")
    diary.tag("v2.0")
    diary.commit("After")

    draft = diary.write()

    assert draft.story.since == "v2.0"
    assert "After" in draft.text
    assert "Released" not in draft.text


def test_a_devlog_whose_end_was_rewritten_away_is_no_beginning(diary: Diary) -> None:
    diary.commit("Begin")
    diary.tag("v1.0")
    diary.commit("Gone")
    diary.write()
    diary.git("reset", "--quiet", "--hard", "v1.0")
    diary.commit("Instead")

    assert diary.write().story.since == "v1.0"


def test_nothing_to_tell_writes_and_remembers_nothing(diary: Diary) -> None:
    diary.commit("Begin")
    diary.write()
    before = diary.store.events()

    draft = diary.write()

    assert (draft.text, draft.path) == ("", None)
    assert diary.store.events() == before


def test_the_range_can_be_chosen(diary: Diary) -> None:
    diary.commit("One")
    diary.tag("a")
    diary.commit("Two")
    diary.landed("i1", "t::early")
    diary.clock()
    diary.commit("Three")
    diary.tag("b")
    diary.landed("i2", "t::late", run="r2")
    diary.commit("Four")

    text = diary.write(since="a", until="b").text

    assert "Two" in text
    assert "Three" in text
    assert "t::early" in text
    for outside in ("One", "Four", "t::late"):
        assert outside not in text


@pytest.mark.parametrize("choice", [{"since": "nowhere"}, {"until": "nowhere"}, {"since": "--all"}])
def test_a_revision_that_is_not_there_is_refused(diary: Diary, choice: dict[str, str]) -> None:
    diary.commit("Begin")

    with pytest.raises(UsageError, match="there is no revision"):
        diary.write(**choice)


def test_without_git_events_alone_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    with open_store(tmp_path / "plain.db") as store:
        diary = Diary(folder, store)
        diary.store.start_run("r1", "heal", None, diary.clock())
        number = diary.landed("i1", "t::a")

        text = diary.write().text
        again = diary.write()

        assert f"(event {number})" in text
        assert again.path is None
        with pytest.raises(UsageError):
            diary.write(since="v1.0")


def test_a_repair_that_is_not_merged_says_so(diary: Diary) -> None:
    diary.commit("Begin")
    diary.git("switch", "--quiet", "--create", "dreamscape/heal-r1")
    repair = diary.commit("Repair")
    diary.git("switch", "--quiet", "main")
    diary.landed("i1", "t::a", repair)

    text = diary.write().text

    assert "not merged yet" in text
    assert f"`{repair[:7]}`" in text


@pytest.mark.parametrize(
    ("remote", "link"),
    [
        ("https://github.com/ada/shop.git", "https://github.com/ada/shop/commit/"),
        ("https://token:secret@github.com/ada/shop", "https://github.com/ada/shop/commit/"),
        ("git@github.com:ada/shop.git", "https://github.com/ada/shop/commit/"),
        ("ssh://git@gitlab.com:22/group/sub/shop.git", "https://gitlab.com/group/sub/shop/-/commit/"),
        ("https://codeberg.org/ada/shop", "https://codeberg.org/ada/shop/commit/"),
    ],
)
def test_commits_are_linked_to_a_known_forge(diary: Diary, remote: str, link: str) -> None:
    diary.git("remote", "add", "origin", remote)
    commit = diary.commit("Begin")

    text = diary.write().text

    assert f"[`{commit[:7]}`]({link}{commit})" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "remote", ["https://example.org/ada/shop.git", "/srv/shop.git", "https://github.com/a/b)c", ""]
)
def test_commits_elsewhere_are_named_by_their_hash(diary: Diary, remote: str) -> None:
    if remote:
        diary.git("remote", "add", "origin", remote)
    commit = diary.commit("Begin")

    assert f"by Ada (`{commit[:7]}`)" in diary.write().text
