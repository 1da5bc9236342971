"""Who asks one prompt after the other finds the next page open; nobody gets one that is not as it should be."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_site import ChatSite, served
from conversing import profile_of

from dreamscape.client.accounts import Account
from dreamscape.client.breaker import Breaker
from dreamscape.client.page import ChatPage
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.tabs import Browser, PageLeft, Tab


@pytest.fixture
def site() -> Iterator[ChatSite]:
    with served(ChatSite()) as site:
        yield site


@pytest.fixture
def opened_ahead(tabs: Browser, site: ChatSite) -> Iterator[Tab]:
    """A tab that opens the site's page."""
    tab = tabs.open_tab()
    tab.open_ahead(site.address)
    yield tab
    tab.close()


def wait_for_pages(site: ChatSite, count: int) -> None:
    deadline = time.monotonic() + 10
    while site.opened < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_from_the_third_prompt_on_the_page_is_there_already(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    pool = Pool(lambda number: contextlib.nullcontext(tabs), PoolLimits())
    account = Account(profile_of(site, tmp_path), pool, tmp_path, "own", Breaker("own"))

    for number, pages in enumerate([1, 3, 4, 5]):  # a page for each, and from the second on one ahead
        assert account.ask(site.address, f"prompt {number}") == f"plain: prompt {number}"
        wait_for_pages(site, pages)
        time.sleep(0.1)
        assert site.opened == pages
    account.close()


def test_an_address_is_opened_for_itself_alone(opened_ahead: Tab, site: ChatSite, tmp_path: Path) -> None:
    entered = ChatPage(opened_ahead, profile_of(site, tmp_path)).enter(f"{site.address}?model=other", "hello")

    assert entered.message == "hello"
    assert opened_ahead.call("() => location.search") == "?model=other"


def test_a_page_of_long_ago_is_opened_anew(
    opened_ahead: Tab, site: ChatSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_pages(site, 1)
    monkeypatch.setattr("dreamscape.client.tabs.AHEAD_S", 0.0)

    ChatPage(opened_ahead, profile_of(site, tmp_path)).enter(site.address, "hello")

    assert site.opened == 2


def test_a_page_that_shows_a_login_is_opened_anew(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    site.wants_login = True
    tab = tabs.open_tab()
    tab.open_ahead(site.address)
    while not address_of(tab).endswith("/login"):
        time.sleep(0.01)
    site.wants_login = False

    ChatPage(tab, profile_of(site, tmp_path)).enter(site.address, "hello")

    assert address_of(tab) == site.address
    tab.close()


def test_a_page_that_could_not_be_opened_ahead_is_opened_anew(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    site.fault = "http://127.0.0.1:9/"  # where it leads
    tab = tabs.open_tab()
    tab.open_ahead(site.address)
    while not address_of(tab).startswith("chrome-error:"):
        time.sleep(0.01)
    site.fault = ""

    ChatPage(tab, profile_of(site, tmp_path)).enter(site.address, "hello")

    assert address_of(tab) == site.address
    tab.close()


def address_of(tab: Tab) -> str:
    with contextlib.suppress(PageLeft):
        return tab.call("() => location.href")
    return ""
