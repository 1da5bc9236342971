"""Many prompts at once through a real Chromium: none lost, doubled or mixed up, and none fails with another."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from chat_site import ChatSite, served
from required import missing

from dreamscape.client import OpenAIClient
from dreamscape.client.calls import Ledger
from dreamscape.client.outside import Outside
from dreamscape.client.sites import SiteBook, SiteProfile, load_site
from dreamscape.client.tabs import open_browser
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import BrowserGone, NoAnswer, TabCrashed, UsageError
from dreamscape.domain.settings import BudgetSettings, ClientSettings


@pytest.fixture
def site() -> Iterator[ChatSite]:
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    with served(ChatSite()) as site:
        yield site


@pytest.fixture
def profile(site: ChatSite, tmp_path: Path) -> SiteProfile:
    (tmp_path / "own.toml").write_text(site.profile)
    return load_site("own", (tmp_path,))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebSites]:
    before = {child.pid for child in psutil.Process().children()}
    opened = WebSites(tmp_path / "sessions", ClientSettings(browsers=1))
    yield opened
    opened.close()
    assert {child.pid for child in psutil.Process().children()} == before


def test_prompts_at_once_stream_side_by_side_in_one_browser(
    web: WebSites, site: ChatSite, profile: SiteProfile
) -> None:
    site.fault = "wait"  # in the middle of each answer, until all have begun
    prompts = [f"prompt {number}" for number in range(12)]
    heard: list[int] = []
    with ThreadPoolExecutor(len(prompts)) as threads:
        answers = [threads.submit(web.ask, profile, "", site.address, prompt, heard.append) for prompt in prompts]
        deadline = time.monotonic() + 60
        while len(site.prompts) < 6 or not any(heard):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        site.fault = ""
        site.release.set()
        said = [answer.result(60) for answer in answers]

    assert said == [f"plain: {prompt}" for prompt in prompts]
    assert sorted(site.prompts) == sorted(prompts)
    assert 0 < min(filter(None, heard)) < len(said[0])


def test_pages_that_draw_with_the_next_frame_draw_side_by_side(
    web: WebSites, site: ChatSite, profile: SiteProfile
) -> None:
    site.ways = frozenset({"frames"})
    prompts = ["one", "two", "three"]
    with ThreadPoolExecutor(len(prompts)) as threads:
        said = threads.map(lambda prompt: web.ask(replace(profile, answer_s=10), "", site.address, prompt), prompts)

        assert list(said) == [f"plain: {prompt}" for prompt in prompts]


def test_a_page_that_fails_takes_no_other_along(
    web: WebSites, site: ChatSite, profile: SiteProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamscape.client.tabs.HUNG_S", 1.0)

    def answer(prompt: str, model: str) -> str:
        if prompt == "bad":
            site.fault = "hang"
        return prompt * 2

    site.answer = answer
    with ThreadPoolExecutor(2) as threads:
        bad = threads.submit(web.ask, profile, "", site.address, "bad")
        with pytest.raises(NoAnswer):
            bad.result(60)
        site.fault = ""
        assert web.ask(profile, "", site.address, "good") == "goodgood"


def test_a_browser_that_was_killed_is_replaced_without_asking_twice(
    web: WebSites, site: ChatSite, profile: SiteProfile
) -> None:
    assert web.ask(profile, "", site.address, "one") == "plain: one"
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or ()
        if f"--user-data-dir={web.data / 'own'}" in words and not any("--type=" in word for word in words):
            process.kill()

    assert web.ask(profile, "", site.address, "two") == "plain: two"
    assert site.prompts == ["one", "two"]


def kill_renderers() -> None:
    """Of all pages, and that of the part of the driver that lives in one."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "--type=renderer" in process.cmdline():
                process.kill()


def test_a_browser_all_of_whose_pages_died_is_told_at_once(web: WebSites, site: ChatSite, profile: SiteProfile) -> None:
    site.fault = "wait"
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(web.ask, profile, "", site.address, "one")
        assert site.asked.wait(60)
        time.sleep(0.2)  # until the wait for the answer is under way
        kill_renderers()
        died_at = time.monotonic()
        with pytest.raises(TabCrashed):
            asked.result(60)

    assert time.monotonic() - died_at < 15  # a busy machine's ten times longer
    site.fault = ""
    assert web.ask(profile, "", site.address, "two") == "plain: two"
    assert site.prompts == ["one", "two"]


def test_a_browser_that_dies_while_a_page_does_not_come_is_told_at_once(tmp_path: Path, site: ChatSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, open_browser(tmp_path / "s") as browser:
        tab = browser.open_tab()
        threading.Timer(0.5, kill_renderers).start()
        began = time.monotonic()
        with pytest.raises(TabCrashed):
            tab.go(f"http://127.0.0.1:{silent.getsockname()[1]}/", 30)

    assert time.monotonic() - began < 20


def test_closing_ends_those_who_wait_for_an_answer(web: WebSites, site: ChatSite, profile: SiteProfile) -> None:
    site.fault = "wait"
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(web.ask, profile, "", site.address, "hello")
        assert site.asked.wait(60)
        closing = threading.Thread(target=web.close)
        closing.start()
        with pytest.raises(BrowserGone):
            asked.result(60)
        closing.join()


def test_an_address_of_another_site_is_refused_before_anything_starts(web: WebSites, profile: SiteProfile) -> None:
    with pytest.raises(UsageError):
        web.ask(profile, "", "http://127.0.0.1:1/", "hello")


def test_a_second_browser_of_an_account_is_logged_in_as_the_first_is(
    tmp_path: Path, site: ChatSite, profile: SiteProfile
) -> None:
    with contextlib.closing(WebSites(tmp_path / "sessions", ClientSettings(browsers=2))) as web:
        one_each = replace(profile, streams=1)
        web.ask(one_each, "", f"{site.address}enter", "log in")
        site.wants_login = True
        site.fault = "wait"
        with ThreadPoolExecutor(2) as threads:
            both = [threads.submit(web.ask, one_each, "", site.address, prompt) for prompt in ("a", "b")]
            deadline = time.monotonic() + 60
            while len(site.prompts) < 3:
                assert time.monotonic() < deadline, [answer.exception(0) for answer in both if answer.done()]
                time.sleep(0.02)
            site.release.set()

        assert [answer.result() for answer in both] == ["plain: a", "plain: b"]


def test_the_client_asks_the_site_that_an_address_is_of_by_that_one_call(
    tmp_path: Path, site: ChatSite, profile: SiteProfile
) -> None:
    ledger = Ledger(lambda: tmp_path / "s", BudgetSettings(calls_per_day=1), lambda: datetime(2026, 11, 26, tzinfo=UTC))
    outside = Outside(ledger, frozenset)
    sites = SiteBook((tmp_path,))
    with OpenAIClient(outside, lambda: WebSites(tmp_path / "s", ClientSettings()), sites) as client:
        assert client.get_chatgpt_response("hello", model_url=f"{site.address}?model=m-1") == "m-1: hello"
        assert [state.session for state in client.status()] == [profile.name]
        with pytest.raises(UsageError, match="no chat site"):
            client.get_chatgpt_response("hello", model_url="https://elsewhere.example/")
