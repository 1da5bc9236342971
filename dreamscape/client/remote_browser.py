"""The address of a Selenium Grid, or of any other WebDriver, goes in; a browser of one of its nodes comes out."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from dreamscape.client.browser_errors import first_line
from dreamscape.client.grid_status import grid_status, shown
from dreamscape.client.local_browser import (
    COMMAND_S,
    FLAGS,
    QUIT_S,
    START_S,
    closed_at_end,
    limit,
    usual_options,
    without_sandbox_at_need,
)
from dreamscape.domain.errors import BrowserMissing, UsageError

if TYPE_CHECKING:
    from selenium.webdriver import Remote

logger = logging.getLogger(__name__)

KEPT_S = 60.0
"""A Grid ends a session that says nothing for its session timeout, 300 s by default, as while a slow answer is awaited;
so often it is given a command, or at a third of a shorter timeout; chosen."""


@contextlib.contextmanager
def remote(grid: str, *, is_visible: bool) -> Iterator[Remote]:
    """A browser of a Grid, ended with the block; where we are killed, the Grid's session timeout ends it.

    Raises UsageError where ``grid`` is no address or a window is wanted, BrowserMissing where the Grid is not to be
    reached or has no free slot.
    """
    if urlsplit(grid).scheme not in ("http", "https") or not urlsplit(grid).hostname:
        raise UsageError(f"client.grid is no address of a Grid: {grid!r}", "such as http://127.0.0.1:4444")
    if is_visible:
        raise UsageError("a Grid opens no window to log in with", "log in with a browser of this machine")
    driver = without_sandbox_at_need(shown(grid), lambda *flags: _started(grid, flags), is_refused=False)
    with closed_at_end(driver):
        driver.caps["webSocketUrl"] = reachable(str(driver.caps.get("webSocketUrl")), grid)
        with _kept_alive(driver, _pause_s(grid)):
            yield driver


def _started(grid: str, flags: tuple[str, ...]) -> Remote:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import Remote
    from selenium.webdriver.common.proxy import Proxy, ProxyType
    from selenium.webdriver.remote.client_config import ClientConfig
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    options = usual_options()  # which browser there is, the node knows
    for flag in (*FLAGS, "--headless=new", *flags):
        options.add_argument(flag)
    parts = urlsplit(grid)
    user, password = (unquote(word) if word else None for word in (parts.username, parts.password))
    direct = Proxy({"proxyType": ProxyType.DIRECT})  # as all else that is said to the Grid goes
    client = ClientConfig(shown(grid), timeout=START_S, username=user, password=password, proxy=direct)
    try:
        driver = Remote(options=options, client_config=client, command_executor=shown(grid))
    except ReadTimeoutError as error:
        raise _busy(grid) from error
    except HTTPError as error:
        raise BrowserMissing(
            f"the Grid at {shown(grid)} cannot be reached", "is it running? 'dreamscape doctor' asks for its status"
        ) from error
    except WebDriverException as error:
        words = first_line(error)
        if "request timed out" in words:
            raise _busy(grid) from error
        raise BrowserMissing(f"the Grid at {shown(grid)} starts no browser: {words}") from error
    limit(driver, COMMAND_S)
    return driver


def _busy(grid: str) -> BrowserMissing:
    return BrowserMissing(
        f"the Grid at {shown(grid)} had no free slot for as long as it lets a request wait, or {START_S} s",
        "'dreamscape doctor' shows its slots; add nodes, or lower client.browsers",
    )


def reachable(address: str, grid: str) -> str:
    """A session's WebSocket where the Grid itself is to be reached from here.

    A node announces the address that it knows, which may be another network's (measured: even another port).
    """
    own, path = urlsplit(grid), urlsplit(address).path
    prefix = own.path.rstrip("/").removesuffix("/wd/hub")
    scheme = "wss" if own.scheme == "https" else "ws"
    return urlunsplit((scheme, own.netloc, path if path.startswith(f"{prefix}/") else f"{prefix}{path}", "", ""))


@contextlib.contextmanager
def _kept_alive(driver: Remote, pause_s: float) -> Iterator[None]:
    """Gives a session a cheap command now and then, since an answer may take longer than the Grid waits."""
    from selenium.webdriver.remote.command import Command

    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(pause_s):
            try:
                driver.execute(Command.GET_TIMEOUTS)
            except Exception as error:  # noqa: BLE001 - whoever uses the session meets the same and says it
                logger.debug("a session could not be kept alive: %s", error)
                return

    thread = threading.Thread(target=keep, name="dreamscape-grid", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(QUIT_S)


def _pause_s(grid: str) -> float:
    with contextlib.suppress(BrowserMissing):
        timeout_s = grid_status(grid).session_timeout_s
        return min(KEPT_S, timeout_s / 3) if timeout_s else KEPT_S
    return KEPT_S
