"""What a page does behind one's back: no prompt is cut or strays, no old answer counts, no other conversation ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_site import ChatSite, served
from conversing import converse

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile, load_site
from dreamscape.client.tabs import Browser, Tab
from dreamscape.domain import errors


@pytest.fixture
def site() -> Iterator[ChatSite]:
    with served(ChatSite()) as site:
        yield site


@pytest.fixture
def profile(site: ChatSite, tmp_path: Path) -> SiteProfile:
    (tmp_path / "own.toml").write_text(site.profile)
    return load_site("own", (tmp_path,))


def close_tab(tabs: Browser, tab: Tab) -> None:
    tabs.command("browsingContext.close", {"context": tab._context})


def test_a_box_that_drops_the_prompt_later_gets_it_once_more(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    site.ways = frozenset({"forgetful"})

    assert converse(tabs, profile, site.address, "the whole of it") == "plain: the whole of it"
    assert site.prompts == ["the whole of it"]


def test_no_prompt_goes_where_a_site_leads_to_another(tabs: Browser, site: ChatSite, profile: SiteProfile) -> None:
    with served(ChatSite()) as other:
        site.faults["/away"] = other.address
        with pytest.raises(errors.SiteUnreachable, match="another address"):
            converse(tabs, profile, f"{site.address}away", "for the site alone")

        assert other.prompts == []


def test_an_old_answer_that_is_drawn_anew_is_not_the_next_one(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    site.ways = frozenset({"redrawn"})
    site.answer = lambda prompt, model: (time.sleep(0.2), prompt[-4:])[1]
    unseen = replace(profile, busy=(), longest_prompt=150, too_long="split")

    assert converse(tabs, unseen, site.address, "part\n" * 40 + "last") == "last"


def test_an_address_with_a_fragment_opens_a_conversation_of_its_own(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    tab = tabs.open_tab()
    page = ChatPage(tab, profile)
    for prompt in ("one", "two"):
        page.converse(page.enter(f"{site.address}#new", prompt), lambda length: None)

    assert tab.call("async () => document.querySelectorAll('.assistant').length") == "1"
    tab.close()


def test_a_caller_who_fails_to_hear_of_progress_fails_alone(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    def fail(length: int) -> None:
        raise LookupError("the caller's own")

    site.fault = "wait"
    page = ChatPage(tabs.open_tab(), profile)
    entered = page.enter(site.address, "one")
    with pytest.raises(LookupError):
        page.converse(entered, fail)
    page.tab.close()
    site.fault = ""

    assert converse(tabs, profile, site.address, "two") == "plain: two"


def test_a_tab_that_is_closed_in_the_middle_of_an_answer_is_told(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    site.fault = "wait"
    page = ChatPage(tabs.open_tab(), profile)
    entered = page.enter(site.address, "hello")
    closing = threading.Thread(target=lambda: (site.asked.wait(60), close_tab(tabs, page.tab)))
    closing.start()
    with pytest.raises(errors.TabCrashed, match="closed"):
        page.converse(entered, lambda length: None)
    closing.join()


def test_a_tab_that_is_closed_before_it_shows_a_box_is_told(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    page = ChatPage(tabs.open_tab(), replace(profile, box=("#gone",)))
    closing = threading.Timer(0.5, close_tab, (tabs, page.tab))
    closing.start()
    with pytest.raises(errors.TabCrashed, match="closed"):
        page.enter(site.address, "hello")
    closing.join()


@pytest.mark.parametrize("key", ["box", "finished"])
def test_a_selector_that_is_none_is_told_before_anything_is_sent(
    tabs: Browser, site: ChatSite, profile: SiteProfile, key: str
) -> None:
    wrong = replace(profile, **{key: ("div[",)})

    with pytest.raises(errors.UsageError, match=r"own has a selector that is none: 'div\['"):
        converse(tabs, wrong, site.address, "hello")

    assert site.prompts == []


def test_an_answer_that_still_grows_is_not_whole_though_it_can_be_copied(
    tabs: Browser, site: ChatSite, profile: SiteProfile
) -> None:
    site.ways, site.tokens_per_second = frozenset({"early-copy"}), 10.0
    prompt = "one two three four five six seven eight"

    assert converse(tabs, replace(profile, busy=()), site.address, prompt) == f"plain: {prompt}"
