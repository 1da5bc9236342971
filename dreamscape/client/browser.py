"""A session's folder goes in, a running browser comes out; whatever happens, none of its processes stays."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dreamscape.client.local_browser import chrome
from dreamscape.client.remote_browser import remote
from dreamscape.client.undetected import undetected
from dreamscape.domain.errors import DiskFull, RunLocked, SessionInUse
from dreamscape.tools.files import explained
from dreamscape.tools.locks import held_lock

if TYPE_CHECKING:
    from selenium.webdriver import Remote


@dataclass(frozen=True, slots=True)
class Driving:
    """How a browser is had: chrome and undetected are started on this machine, remote is lent by the Grid (or any other
    WebDriver) at the address ``grid``. ``is_visible`` opens a window, for a person to log in."""

    driver: Literal["chrome", "undetected", "remote"] = "chrome"
    grid: str = ""
    is_visible: bool = False


_USUAL = Driving()

_IN_USE = "wait until it ends, put the prompts into one run, or use another login that you have there: --account NAME"

ROOM_MIB = 8
"""On a disk with less space left no browser is started: it would say nothing for a minute, or lose its cookies; chosen,
a new profile takes 3."""


@contextlib.contextmanager
def running_browser(folder: Path, how: Driving = _USUAL) -> Iterator[Remote]:
    """A browser while the block runs, ready for WebDriver BiDi (capability webSocketUrl).

    Cookies and storage of a browser of this machine live in ``folder`` (made if need be, 0700); a remote one starts
    empty. Raises SessionInUse where another run of ours has the folder, BrowserMissing where no browser starts,
    DiskFull.
    """
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    if how.driver != "remote" and shutil.disk_usage(folder).free < ROOM_MIB * 2**20:
        raise DiskFull(f"no space left for a browser's profile in {folder}", "free some space, then run it again")
    with held(folder), _opened(folder, how) as driver:
        yield driver


def _opened(folder: Path, how: Driving) -> contextlib.AbstractContextManager[Remote]:
    match how.driver:
        case "chrome":
            return chrome(folder, is_visible=how.is_visible)
        case "undetected":
            return undetected(folder, is_visible=how.is_visible)
        case "remote":
            return remote(how.grid, is_visible=how.is_visible)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else uses the session in ``folder`` while the block runs. Raises SessionInUse."""
    try:
        with held_lock(folder.parent / f"{folder.name}.lock"):
            yield
    except RunLocked as error:
        raise SessionInUse(f"another run uses the session {folder.name!r}", _IN_USE) from error
