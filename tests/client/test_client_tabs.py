"""What befalls a tab is told as what it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from dreamscape.client.bidi import Refused
from dreamscape.client.tabs import CRASHED, Tab
from dreamscape.domain.errors import SiteUnreachable, TabCrashed


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
