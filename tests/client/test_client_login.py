"""A login goes from one browser to another: cookies that scripts cannot see, and the site's own storage."""

from __future__ import annotations

import contextlib
import json
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from browsing import ask_with
from chat_site import ChatSite, served
from required import missing

from dreamscape.client.bidi import BiDi
from dreamscape.client.browser import running_browser
from dreamscape.client.driver_versions import programs
from dreamscape.client.login_state import LoginState, export_state, import_state, read_login, write_login
from dreamscape.domain import errors


class Talk:
    """Commands to a running browser."""

    def __init__(self, address: str) -> None:
        self._bidi = BiDi.connect(address)
        (first, *_) = self("browsingContext.getTree", {})["contexts"]
        self.tab: str = first["context"]

    def __call__(self, method: str, params: Mapping[str, object]) -> Mapping[str, Any]:
        return self._bidi.command(method, 30, **params)

    def run(self, function: str) -> object:
        target = {"context": self.tab}
        call = {"functionDeclaration": function, "target": target, "awaitPromise": False}
        return self("script.callFunction", call)["result"].get("value")

    def close(self) -> None:
        self._bidi.close()


@contextlib.contextmanager
def talking(driver: Any) -> Iterator[Talk]:
    talk = Talk(driver.capabilities["webSocketUrl"])
    try:
        yield talk
    finally:
        talk.close()


def test_a_browser_is_as_logged_in_as_the_one_its_state_came_from(tmp_path: Path) -> None:
    if not all(programs()):
        missing("browser", "there is no Chromium with its driver on this machine")
    later = int(time.time()) + 86400
    cookies = [
        {"name": "hidden", "value": "a=b", "domain": "a.localhost", "path": "/x", "httpOnly": True},
        {"name": "wide", "value": "1", "domain": ".a.localhost", "sameSite": "lax", "expiry": later},
        {"name": "__Secure-s", "value": "é", "domain": "other.localhost", "secure": True, "sameSite": "none"},
    ]
    kept = tmp_path / "state.json"
    with served(ChatSite(wants_login=True)) as site:
        with running_browser(tmp_path / "one") as driver:
            ask_with(driver, site, tmp_path, path="enter")
            with talking(driver) as talk:
                for cookie in cookies:
                    value = {"type": "string", "value": cookie["value"]}
                    talk("storage.setCookie", {"cookie": {**cookie, "value": value}})
                talk("browsingContext.navigate", {"context": talk.tab, "url": f"{site.address}", "wait": "complete"})
                talk.run("() => { localStorage.setItem('token', 'é\\n\"1\"'); localStorage.setItem('', 'empty') }")
                state = export_state(talk, f"{site.address}c/new?model=x")
        write_login(kept, state)

        with running_browser(tmp_path / "two") as driver:
            with talking(driver) as talk:
                import_state(talk, read_login(kept) or state)
                again = export_state(talk, site.address)
            answer = ask_with(driver, site, tmp_path)

    assert answer == "plain: hello"
    assert again == state == read_login(kept)
    assert state.storage == {"token": 'é\n"1"', "": "empty"}
    assert {"hidden", "wide", "__Secure-s", "session"} == {cookie["name"] for cookie in state.cookies}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_there_may_be_no_login_yet(tmp_path: Path) -> None:
    assert read_login(tmp_path / "state.json") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"origin": "x", "cookies": 1, "storage": {}}'])
def test_what_is_no_login_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)

    with pytest.raises(errors.UsageError, match="holds no login"):
        read_login(tmp_path / "state.json")


def test_cookies_that_have_expired_are_left_out() -> None:
    said: list[str] = []
    old = {"name": "old", "value": {"type": "string", "value": "1"}, "domain": "h", "expiry": 1}

    import_state(lambda method, params: said.append(json.dumps([method, params])) or {}, LoginState("x", (old,), {}))

    assert said == []


def test_a_cookie_that_the_browser_refuses_keeps_no_other_out() -> None:
    said: list[object] = []
    bad, good = ({"name": name, "value": {"type": "string", "value": "1"}, "domain": "h"} for name in ("bad", "good"))

    def command(method: str, params: Mapping[str, object]) -> Mapping[str, Any]:
        if params == {"cookie": bad}:
            raise errors.PageHung("unable to set cookie")
        said.append(params)
        return {}

    import_state(command, LoginState("x", (bad, good), {}))

    assert said == [{"cookie": good}]
