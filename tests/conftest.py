"""What all tests share: the number of those that were skipped is the last thing said."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

settings.register_profile("no deadline", deadline=None)  # a busy machine is no bug
settings.load_profile("no deadline")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job; programs started by tests inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1300,1700",
)
"""A Chromium that shows nothing and asks nobody."""


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command that runs in the tests' process sends messages elsewhere; the next test must find them as they were."""
    ours = logging.getLogger("dreamscape")
    before = ours.handlers[:], ours.propagate, ours.level
    yield
    ours.handlers[:], ours.propagate = before[:2]
    ours.setLevel(before[2])


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One real Chromium for all tests of a session."""
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not chromium or not driver:
        from required import missing

        missing("browser", "there is no Chromium with its driver on this machine")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.set_capability("webSocketUrl", True)
    options.unhandled_prompt_behavior = "dismiss"
    profile: Path = tmp_path_factory.mktemp("profile")
    for word in (*QUIET, f"--user-data-dir={profile}", *(["--no-sandbox"] if os.getuid() == 0 else [])):
        options.add_argument(word)
    chrome = Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Comes after pytest's own summary."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"skipped tests: {len(reporter.stats.get('skipped', ()))}")
