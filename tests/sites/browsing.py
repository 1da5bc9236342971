"""One prompt to a site of ours through a browser that runs, and what of a browser is left afterwards."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from chat_site import ChatSite

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import load_site
from dreamscape.client.tabs import Browser

if TYPE_CHECKING:
    from selenium.webdriver import Remote


def ask_with(driver: Remote, site: ChatSite, folder: Path, prompt: str = "hello", path: str = "") -> str:
    """The site's answer; ``folder`` is for its profile."""
    (folder / "own.toml").write_text(site.profile)
    browser = Browser(driver, is_local=False)
    try:
        page = ChatPage(browser.open_tab(), load_site("own", (folder,)))
        return page.converse(page.enter(site.address + path, prompt), lambda length: None)
    finally:
        browser.close()


def processes_of(session: Path) -> list[psutil.Process]:
    """Chromium's main process on this session, its driver and their children."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.NoSuchProcess):  # ends while it is looked at
            if f"--user-data-dir={session}" in (process.info["cmdline"] or ()):
                found += [process, *process.children(recursive=True)]
    return found


def our_children() -> set[int]:
    """Our children that are not gone or waited for yet."""
    return {child.pid for child in psutil.Process().children()}
