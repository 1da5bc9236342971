"""Which browser and driver this machine has, and whether they fit together."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from dreamscape.domain.errors import BrowserMissing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVER = "chromedriver"

HOW_TO_INSTALL = "on Debian: apt install chromium chromium-driver"


def programs() -> tuple[str | None, str | None]:
    """The browser and its driver on this machine; None for what is missing."""
    return next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which(DRIVER)


def fitting_programs() -> tuple[str, str]:
    """The browser and its driver, of the same major version. Raises BrowserMissing, saying which is missing or old."""
    browser, driver = programs()
    if driver is None:
        raise BrowserMissing(f"there is no {DRIVER} on this machine", HOW_TO_INSTALL)
    if browser is None:
        raise BrowserMissing("there is no Chromium on this machine", HOW_TO_INSTALL)
    versions = [version_of(browser), version_of(driver)]
    if all(versions) and not do_fit(*versions):
        raise BrowserMissing(
            f"{browser} is version {versions[0]}, but {driver} is version {versions[1]}",
            "both must have the same first number; install them from the same source",
        )
    return browser, driver


def do_fit(browser: str, driver: str) -> bool:
    """Whether a driver can drive a browser: chromedriver asks for the same major version."""
    return browser.partition(".")[0] == driver.partition(".")[0]


def version_of(program: str) -> str:
    """The version a program tells, such as 156.0.8078.79; empty where it tells none."""
    path = Path(program)
    # What a link leads to may stay when its target is renewed, as with a snap; asking takes 60 ms of CPU.
    return _told((program, "--version"), path.resolve().stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _told(line: Sequence[str], changed_ns: int) -> str:
    try:
        said = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=60, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\d+(?:\.\d+)+", said)
    return found[0] if found else ""


def is_snap(browser: str) -> bool:
    """Whether a browser is a snap, which may read no hidden folder of its user's."""
    path = Path(browser)
    if path.resolve().name == "snap" or path.is_relative_to("/snap"):
        return True
    with path.open("rb") as file:
        return b"/snap/bin/" in file.read(4096)
