"""Conversations of which is known in which browser each is, so that the right one can be killed."""

from __future__ import annotations

import contextlib
import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dreamscape.client.browser import running_browser
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.tabs import Browser, PageLeft, Tab
from dreamscape.domain.errors import NoAnswer

_mine = threading.local()
"""The prompt that the present thread asks, as ``prompt``."""


@dataclass(slots=True)
class Asked:
    """One prompt: when it was begun, the folders of the browsers it was in, the last tab and since when it has that,
    when an error was first known, and what came of it."""

    prompt: str
    began_at: float = field(default_factory=time.monotonic)
    places: list[Path] = field(default_factory=list)
    tab: Tab | None = None
    placed_at: float = 0.0
    typed_at: float | None = None
    answer: str | None = None
    error: Exception | None = None
    is_over: bool = False

    def by(self, ask: Callable[[str], str]) -> None:
        """Asks it in the present thread."""
        _mine.prompt = self
        try:
            self.answer = ask(self.prompt)
        except Exception as error:  # noqa: BLE001  # judged by whoever asked
            self.error = error
            self.note_error()
        finally:
            self.is_over = True

    def note_error(self) -> None:
        self.typed_at = self.typed_at or time.monotonic()


class _Retries(logging.Handler):
    """Hears that a prompt which was not sent is asked again: an error is known by then."""

    def emit(self, record: logging.LogRecord) -> None:
        if "trying again" in record.getMessage():
            _mine.prompt.note_error()


_accounts = logging.getLogger("dreamscape.client.accounts")
_accounts.setLevel(logging.INFO)
_accounts.propagate = False
_accounts.addHandler(_Retries())


class _PlacedBrowser(Browser):
    folder: Path

    def open_tab(self) -> Tab:
        tab = super().open_tab()
        tab.folder = self.folder  # type: ignore[attr-defined]
        return tab


class PlacedPool(Pool):
    """Its browsers have folders that begin with ``folder``; ``hits`` are those that lost a process, and when."""

    def __init__(self, folder: Path, limits: PoolLimits) -> None:
        super().__init__(self._open, limits)
        self.folder = folder
        self.hits: list[tuple[float, Path]] = []

    @contextmanager
    def _open(self, number: int) -> Iterator[Browser]:
        folder = self.folder.with_name(f"{self.folder.name}{number}")
        with running_browser(folder) as driver:
            browser = _PlacedBrowser(driver)
            browser.folder = folder
            try:
                yield browser
            finally:
                browser.close()

    @contextmanager
    def lend(self, priority: int = 0, deadline: float = math.inf, *, is_paced: bool = True) -> Iterator[Tab]:
        with super().lend(priority, deadline, is_paced=is_paced) as tab:
            _mine.prompt.tab, _mine.prompt.placed_at = tab, time.monotonic()
            _mine.prompt.places.append(tab.folder)  # type: ignore[attr-defined]
            yield tab

    def hit(self, asked: Asked, what: str) -> float:
        """Kills the driver, the browser or all renderers of the browser that a prompt is in, or its tab; tells when."""
        folder = asked.places[-1]
        if what == "tab":
            return _crash(asked.tab)
        (driver,) = [child for child in psutil.Process().children() if _is_on(child, folder)]
        victims = {
            "driver": lambda: [driver],
            "browser": lambda: [child for child in driver.children() if "chrom" in child.name()],
            "renderers": lambda: [child for child in driver.children(recursive=True) if _is_renderer(child)],
        }[what]()
        at = time.monotonic()
        self.hits.append((at, folder))
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return at

    def was_hit(self, asked: Asked) -> bool:
        """Whether a browser it was in lost a process since it was begun."""
        return any(at >= asked.began_at and folder in asked.places for at, folder in self.hits)


def _crash(tab: Tab | None) -> float:
    """Which renderer is a tab's, nobody tells; the browser kills it for us."""
    assert tab is not None
    at = time.monotonic()
    with contextlib.suppress(NoAnswer, PageLeft):
        tab._bidi.send("goog:cdp.sendCommand", method="Page.crash", params={}, session=tab._crash_key)
    return at


def _is_on(process: psutil.Process, folder: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return f"--user-data-dir={folder}" in process.cmdline()
    return False


def _is_renderer(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "--type=renderer" in process.cmdline()
    return False


def refused_address() -> str:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"
