"""One prompt on one page of a site of ours: what most tests of chat sites do."""

from __future__ import annotations

from pathlib import Path

from chat_site import ChatSite

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile, load_site
from dreamscape.client.tabs import Browser


def profile_of(site: ChatSite, folder: Path) -> SiteProfile:
    """Of a site of ours; ``folder`` is for its file."""
    (folder / "own.toml").write_text(site.profile)
    return load_site("own", (folder,))


def converse(tabs: Browser, profile: SiteProfile, url: str, prompt: str) -> str:
    """The answer, asked for in a tab of its own."""
    tab = tabs.open_tab()
    try:
        page = ChatPage(tab, profile)
        return page.converse(page.enter(url, prompt), lambda length: None)
    finally:
        tab.close()
