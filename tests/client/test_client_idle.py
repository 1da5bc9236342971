"""A browser that nobody talks with for a while stays ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from dreamscape.client.bidi import BiDi

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
