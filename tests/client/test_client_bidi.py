"""The connection to a browser: it lasts, and tells nobody its password."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from dreamscape.client.bidi import BiDi, without_password

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_a_connection_outlives_a_silence_longer_than_its_opening_may_take(
    browser: Chrome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamscape.client.bidi.CONNECT_S", 1)
    connection = BiDi.connect(browser.capabilities["webSocketUrl"])
    time.sleep(1.5)

    try:
        assert "ready" in connection.command("session.status", 20)
    finally:
        connection.close()


def test_the_environments_proxy_is_not_asked(browser: Chrome, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    BiDi.connect(browser.capabilities["webSocketUrl"]).close()


def test_a_password_in_an_address_is_told_in_a_header_alone() -> None:
    plain, header = without_password("ws://me:p%40ss@grid.example:4444/session/1/se/bidi")

    assert plain == "ws://grid.example:4444/session/1/se/bidi"
    assert header == ["Authorization: Basic bWU6cEBzcw=="]
    assert without_password("ws://127.0.0.1:1/x") == ("ws://127.0.0.1:1/x", [])
