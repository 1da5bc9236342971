"""What the client's tests share: one Chromium, tabs in it, and the packages that pages are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chat_site import npm_modules

from dreamscape.client.tabs import Browser

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def tabs(browser: Chrome) -> Iterator[Browser]:
    """Tabs of the one Chromium there is for all tests."""
    opened = Browser(browser)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `npm_modules`."""
    return npm_modules(tmp_path_factory.mktemp("npm"))
