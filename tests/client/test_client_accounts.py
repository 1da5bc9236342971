"""An account keeps the site's peace, asks again only what was not sent, and remembers between runs."""

from __future__ import annotations

import contextlib
import json
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dreamscape.client.accounts import TRIES, Account, read_state
from dreamscape.client.breaker import FAILURES, REST_S, Breaker
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.domain import errors

SITE = SiteProfile("chat", "https://chat.example/", ("#box",), ("#send",), (".answer",), (".copy",))


@dataclass
class Scripted:
    """A tab that says what it was told to, one by one, for each action; what it is asked is written down."""

    said: dict[str, list[object]]
    asked: list[str] = field(default_factory=list)

    def go(self, url: str, seconds: float) -> None:
        self.asked.append(url)

    def is_open(self, url: str, seconds: float) -> bool:
        return False

    def open_ahead(self, url: str) -> None:
        raise errors.BrowserGone("no")

    def call(self, script: str, action: str, *texts: str, on_word: Callable[[int], None]) -> str:
        self.asked.append(action)
        said = self.said[action].pop(0) if len(self.said[action]) > 1 else self.said[action][0]
        if isinstance(said, Exception):
            raise said
        on_word(7)
        return json.dumps(said)

    def close(self) -> None:
        pass

    def open_tab(self) -> Scripted:
        return self

    def is_well(self) -> bool:
        return True

    def memory_mib(self) -> float:
        return 0.0


ENTERED, ANSWERED = {"state": "entered", "way": "value", "protocol": "h2"}, {"state": "answered", "text": "yes"}


def account_of(tab: Scripted, folder: Path, site: SiteProfile = SITE, breaker: Breaker | None = None) -> Account:
    @contextlib.contextmanager
    def opened(number: int) -> Iterator[Scripted]:
        yield tab

    pool = Pool(opened, PoolLimits())  # type: ignore[arg-type]  # a stand-in
    return Account(site, pool, folder, "chat", breaker or Breaker("chat"))


def test_an_answer_and_how_far_it_was_reach_the_caller(tmp_path: Path) -> None:
    heard: list[int] = []
    account = account_of(Scripted({"enter": [ENTERED], "converse": [ANSWERED]}), tmp_path)

    assert account.ask(SITE.url, "hello", heard.append) == "yes"
    assert heard == [7]
    assert read_state(tmp_path / "chat.account.json").prompts == 1
    assert stat.S_IMODE((tmp_path / "chat.account.json").stat().st_mode) == 0o600


def test_an_answer_is_not_lost_with_the_browser_that_was_to_open_the_next_page(tmp_path: Path) -> None:
    account = account_of(Scripted({"enter": [ENTERED], "converse": [ANSWERED]}), tmp_path)

    assert [account.ask(SITE.url, "hello") for _ in range(2)] == ["yes", "yes"]


@pytest.mark.parametrize("error", [errors.BrowserGone, errors.TabCrashed, errors.PageHung])
def test_what_was_certainly_not_sent_is_tried_again(tmp_path: Path, error: type[errors.NoAnswer]) -> None:
    tab = Scripted({"enter": [error("no"), ENTERED], "converse": [ANSWERED]})

    assert account_of(tab, tmp_path).ask(SITE.url, "hello") == "yes"
    assert tab.asked.count("converse") == 1


def test_it_is_not_tried_for_ever(tmp_path: Path) -> None:
    tab = Scripted({"enter": [errors.PageHung("no")]})
    with pytest.raises(errors.PageHung) as hung:
        account_of(tab, tmp_path).ask(SITE.url, "hello")

    assert tab.asked.count("enter") == TRIES
    assert hung.value.is_unsent


@pytest.mark.parametrize("error", [errors.BrowserGone, errors.TabCrashed, errors.PageHung])
def test_what_may_have_been_sent_is_never_sent_again(tmp_path: Path, error: type[errors.NoAnswer]) -> None:
    tab = Scripted({"enter": [ENTERED], "converse": [error("no")]})
    with pytest.raises(error) as caught:
        account_of(tab, tmp_path).ask(SITE.url, "hello")

    assert tab.asked.count("converse") == 1
    assert not caught.value.is_unsent


@pytest.mark.parametrize(
    ("state", "error"), [("challenge", errors.ChallengeShown), ("logged_out", errors.SessionExpired)]
)
def test_what_only_a_person_can_mend_stops_the_account(
    tmp_path: Path, state: str, error: type[errors.NoAnswer]
) -> None:
    tab = Scripted({"enter": [{"state": state}, ENTERED], "converse": [ANSWERED]})
    account = account_of(tab, tmp_path)
    for _ in range(2):
        with pytest.raises(error):
            account.ask(SITE.url, "hello")

    assert tab.asked.count("enter") == 1


def test_a_prompt_that_a_resting_account_refuses_was_not_sent(tmp_path: Path) -> None:
    for name, state in (("stopped", "challenge"), ("resting", "rate_limit")):
        (folder := tmp_path / name).mkdir()
        account = account_of(Scripted({"enter": [{"state": state}]}), folder)
        for _ in range(2):
            with pytest.raises(errors.NoAnswer) as refused:
                account.ask(SITE.url, "hello")
            assert refused.value.is_unsent


def test_after_a_rate_limit_the_account_rests_in_later_runs_too(tmp_path: Path) -> None:
    tab = Scripted({"enter": [ENTERED], "converse": [{"state": "rate_limit"}, ANSWERED]})
    with pytest.raises(errors.RateLimited):
        account_of(tab, tmp_path).ask(SITE.url, "hello")

    with pytest.raises(errors.RateLimited) as resting:
        account_of(tab, tmp_path).ask(SITE.url, "hello")
    assert "asked again from" in resting.value.hint
    assert tab.asked.count("enter") == 1

    state = tmp_path / "chat.account.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"cool_until": time.time() - 1}))
    assert account_of(tab, tmp_path).ask(SITE.url, "hello") == "yes"


def failing(account: Account, times: int) -> None:
    for _ in range(times):
        with pytest.raises(errors.AnswerUnfinished):
            account.ask(SITE.url, "hello")


def left_alone(account: Account) -> bool:
    try:
        account.ask(SITE.url, "hello")
    except errors.SiteUnreachable as error:
        return "left alone" in error.message
    return False


def test_a_site_that_fails_again_and_again_is_left_alone_by_all_its_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = Breaker("chat")
    tab = Scripted({"enter": [ENTERED], "converse": [*[{"state": "failed"}] * (FAILURES + 1), ANSWERED]})
    one, other = (account_of(tab, tmp_path, breaker=breaker) for _ in range(2))
    failing(one, FAILURES - 1)
    failing(other, 1)

    assert left_alone(one)
    assert left_alone(other)
    assert tab.asked.count("enter") == FAILURES

    later = time.monotonic() + REST_S
    monkeypatch.setattr("dreamscape.client.breaker.time.monotonic", lambda: later)
    failing(other, 1)  # the one prompt that tries it
    later += REST_S
    assert left_alone(one)
    later += REST_S
    assert one.ask(SITE.url, "hello") == "yes"
    assert other.ask(SITE.url, "hello") == "yes"


def test_one_prompt_alone_tries_a_site_that_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = Breaker("chat")
    for _ in range(FAILURES):
        breaker.note(errors.SiteChanged("no"))
    later = time.monotonic() + REST_S
    monkeypatch.setattr("dreamscape.client.breaker.time.monotonic", lambda: later)

    breaker.refuse_while_resting()
    with pytest.raises(errors.SiteUnreachable):
        breaker.refuse_while_resting()


def test_prompts_that_fail_together_make_a_site_rest_no_longer_than_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = Breaker("chat")
    for _ in range(4 * FAILURES):  # all under way when the network went
        breaker.note(errors.AnswerUnfinished("no"))
    later = time.monotonic() + REST_S
    monkeypatch.setattr("dreamscape.client.breaker.time.monotonic", lambda: later)

    breaker.refuse_while_resting()
    breaker.note(errors.AnswerUnfinished("no"))
    later += REST_S
    with pytest.raises(errors.SiteUnreachable):  # twice as long, since it failed when it was tried
        breaker.refuse_while_resting()
    later += REST_S
    breaker.refuse_while_resting()


def test_a_memory_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "chat.account.json").write_text('{"cool_until": [')

    assert account_of(Scripted({"enter": [ENTERED], "converse": [ANSWERED]}), tmp_path).ask(SITE.url, "hello") == "yes"


def test_a_redirect_is_followed_before_the_prompt_is_entered(tmp_path: Path) -> None:
    from dreamscape.client.tabs import PageLeft

    tab = Scripted({"enter": [PageLeft("gone"), PageLeft("gone"), ENTERED], "converse": [ANSWERED]})

    assert account_of(tab, tmp_path, replace(SITE, at_once=1)).ask(SITE.url, "hello") == "yes"
