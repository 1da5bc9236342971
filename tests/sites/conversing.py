"""One prompt on one page: what most tests of chat sites do."""

from __future__ import annotations

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import Browser


def converse(tabs: Browser, profile: SiteProfile, url: str, prompt: str) -> str:
    """The answer, asked for in a tab of its own."""
    tab = tabs.open_tab()
    try:
        page = ChatPage(tab, profile)
        return page.converse(page.enter(url, prompt), lambda length: None)
    finally:
        tab.close()
