"""What befalls a tab is told as what it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from dreamscape.client.bidi import Refused
from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import CRASHED, Tab
from dreamscape.domain.errors import SiteUnreachable, TabCrashed

SITE = SiteProfile("chat", "https://chat.example/", ("#box",), ("#send",), (".answer",), (".copy",))


class Aborting:
    """A connection over which an address never opens; with ``crash_s`` the crash that is the cause is told so late."""

    def __init__(self, crash_s: float | None) -> None:
        self.crash_s = crash_s

    def listen(self, event: str, key: str, listener: Callable[[Mapping[str, Any]], None]) -> None:
        if event == CRASHED:
            self.tell_crash = listener

    def command(self, method: str, timeout_s: float, **params: object) -> dict[str, Any]:
        return {"session": "of the tab"}

    def send(self, method: str, **params: object) -> Future[dict[str, Any]]:
        if self.crash_s is not None:
            threading.Timer(self.crash_s, self.tell_crash, ({},)).start()
        reply: Future[dict[str, Any]] = Future()
        reply.set_exception(Refused("unknown error", "net::ERR_ABORTED"))
        return reply


@pytest.mark.parametrize(("crash_s", "error"), [(None, SiteUnreachable), (0.05, TabCrashed)])
def test_a_crash_that_ends_the_opening_of_a_page_is_not_taken_for_a_site_that_is_gone(
    crash_s: float | None, error: type[Exception]
) -> None:
    browser = SimpleNamespace(bidi=Aborting(crash_s), settled=lambda pending, seconds: pending.result(seconds))
    with pytest.raises(error):
        Tab(browser, "tab").go("http://127.0.0.1/", 5)  # type: ignore[arg-type]  # a stand-in for the real browser


def test_a_person_who_goes_on_before_the_login_page_is_open_is_waited_for_all_the_same() -> None:
    def go(url: str, seconds: float) -> None:
        raise SiteUnreachable("the site cannot be reached: net::ERR_ABORTED")

    tab = SimpleNamespace(go=go, call=lambda *words, on_word: '{"state": "box"}')

    ChatPage(tab, SITE).wait_for_login(SITE.url, time.monotonic() + 5)  # type: ignore[arg-type]  # a stand-in


def test_a_login_page_that_cannot_be_reached_is_told() -> None:
    def go(url: str, seconds: float) -> None:
        raise SiteUnreachable("the site cannot be reached: net::ERR_CONNECTION_REFUSED")

    with pytest.raises(SiteUnreachable):
        ChatPage(SimpleNamespace(go=go), SITE).wait_for_login(SITE.url, time.monotonic() + 5)  # type: ignore[arg-type]
