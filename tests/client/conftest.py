"""What the client's tests share: one Chromium, and tabs in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dreamscape.client.tabs import Browser

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def tabs(browser: Chrome) -> Iterator[Browser]:
    """Tabs of the one Chromium there is for all tests."""
    opened = Browser(browser)
    yield opened
    opened.close()
