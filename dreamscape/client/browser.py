"""A profile folder goes in, a running Chromium on it comes out; whatever happens, none of its processes stays."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dreamscape.domain.errors import (
    BrowserGone,
    BrowserMissing,
    NoAnswer,
    PageHung,
    RunLocked,
    SessionInUse,
    SiteUnreachable,
    TabCrashed,
)
from dreamscape.tools.files import explained
from dreamscape.tools.locks import held_lock
from dreamscape.tools.processes import kill_tree

if TYPE_CHECKING:
    from selenium.webdriver import ChromeOptions, Remote
    from selenium.webdriver.chrome.service import Service

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVER = "chromedriver"

HOW_TO_INSTALL = "on Debian: apt install chromium chromium-driver"

START_S, COMMAND_S = 120, 30
"""How long a browser may take to start, and one command before the page counts as hung; chosen for busy machines,
longer than `page.SLICE_S` by far."""

_FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
    # Conversations in the background go on as if they were looked at.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)  # fmt: skip
_TEMPORARY, _LONGEST_TEMPORARY = "dreamscape-browser-", 40
"""Chromium makes a socket below its temporary folder, whose path may have 107 bytes, and does not start beyond."""
_LOCKS = ("SingletonLock", "SingletonSocket", "SingletonCookie")


def programs() -> tuple[str | None, str | None]:
    """The browser and its driver on this machine; None for what is missing."""
    return next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which(DRIVER)


@contextlib.contextmanager
def running_browser(folder: Path) -> Iterator[Remote]:
    """A headless Chromium whose cookies and storage live in ``folder`` (made if need be, 0700), while the block runs.

    Raises SessionInUse where another run of ours has the folder, BrowserMissing where no browser starts.
    """
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    lock = folder.parent / f"{folder.name}.lock"
    with _held(lock, folder.name):
        _clear(folder)
        temporary = _temporary_folder()
        driver = service = None
        try:
            service = _service(temporary)
            driver = _connected(service, folder)
            yield driver
        except (BrowserGone, PageHung, TabCrashed):
            driver = None  # it would not answer
            raise
        finally:
            _end(driver, service, folder)
            shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def _held(lock: Path, name: str) -> Iterator[None]:
    try:
        with held_lock(lock):
            yield
    except RunLocked as error:
        raise SessionInUse(f"another run uses the session {name!r}", "wait until it ends") from error


def _clear(folder: Path) -> None:
    """Ends what an earlier run left on this folder when it was killed, and the locks of browsers that live no more.

    A lock may name another host, as after a move into a container; we hold our own lock, so that no browser of ours
    is in the folder.
    """
    for pid in _browsers_on(folder):
        kill_tree(pid)
    with contextlib.suppress(OSError):
        temporary = (folder / "SingletonSocket").readlink().parent.parent
        if temporary.name.startswith(_TEMPORARY):
            shutil.rmtree(temporary, ignore_errors=True)
    for name in _LOCKS:
        (folder / name).unlink(missing_ok=True)


def _temporary_folder() -> Path:
    """For the browser alone, so that nothing of it is left however it ends."""
    usual = tempfile.gettempdir()
    short = usual if len(os.fsencode(usual)) <= _LONGEST_TEMPORARY else "/tmp"
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=short))


def _service(temporary: Path) -> Service:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service

    _, driver = programs()
    if driver is None:
        raise BrowserMissing(f"there is no {DRIVER} on this machine", HOW_TO_INSTALL)
    # A group of its own, so that Ctrl-C at the terminal reaches us alone and we end it in order.
    service = Service(driver, env={**os.environ, "TMPDIR": str(temporary)}, popen_kw={"start_new_session": True})
    try:
        service.start()
    except WebDriverException as error:
        raise BrowserMissing(f"{driver} does not start: {_first_line(error)}") from error
    return service


def _connected(service: Service, folder: Path) -> Remote:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import Remote
    from selenium.webdriver.common.proxy import Proxy, ProxyType
    from selenium.webdriver.remote.client_config import ClientConfig
    from urllib3.exceptions import HTTPError

    direct = Proxy({"proxyType": ProxyType.DIRECT})  # the driver is on this machine, whatever the environment says
    client = ClientConfig(service.service_url, timeout=START_S, proxy=direct)
    try:
        driver = Remote(options=_options(folder), client_config=client, command_executor=service.service_url)
    except HTTPError as error:
        raise BrowserMissing(f"no browser started within {START_S} s", "is the machine very busy?") from error
    except WebDriverException as error:
        hint = "its version must be the browser's: 'chromium --version', 'chromedriver --version'"
        raise BrowserMissing(f"no browser starts: {_first_line(error)}", hint) from error
    client.timeout = COMMAND_S
    return driver


def _options(folder: Path) -> ChromeOptions:
    from selenium.webdriver import ChromeOptions

    browser, _ = programs()
    if browser is None:
        raise BrowserMissing("there is no Chromium on this machine", HOW_TO_INSTALL)
    options = ChromeOptions()
    options.binary_location = browser
    options.page_load_strategy = "none"  # what is waited for is the prompt box, see page.js
    options.unhandled_prompt_behavior = "dismiss"
    options.set_capability("webSocketUrl", True)  # WebDriver BiDi
    # Chromium refuses its own sandbox to root.
    for flag in (*_FLAGS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    return options


def _end(driver: Remote | None, service: Service | None, folder: Path) -> None:
    """Has the browser close, so that it writes its cookies down, then makes sure that nothing is left of it."""
    if driver is not None:
        with contextlib.suppress(NoAnswer), translated():
            driver.quit()
    if service is not None:
        kill_tree(service.process.pid)
        service.process.wait()
    _clear(folder)


def _browsers_on(folder: Path) -> list[int]:
    """Browsers started on this profile folder, or their drivers; each outlives the other when one is killed."""
    import psutil

    flag, found = f"--user-data-dir={folder}", []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.NoSuchProcess):
            if flag in (process.info["cmdline"] or ()):
                parent = process.parent()
                found.append(parent.pid if parent and parent.name() == DRIVER else process.pid)
    return found


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Tells what went wrong with a browser in our own errors."""
    from selenium.common.exceptions import WebDriverException
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        yield
    except ReadTimeoutError as error:
        raise PageHung(f"the page did not react for {COMMAND_S} s", "try again; the tab was closed") from error
    except HTTPError as error:
        raise BrowserGone("the browser's driver ended", "try again") from error
    except WebDriverException as error:
        _raise(error)


def _raise(error: Exception) -> NoReturn:
    words = _first_line(error)
    if "tab crashed" in words:
        raise TabCrashed("the page's process died", "try again; the machine may be short of memory") from error
    if "net::ERR_" in words:
        raise SiteUnreachable(f"the site cannot be reached: {words}", "is the network there?") from error
    if re.search(r"invalid session|session deleted|no such window|not reachable|disconnected", words):
        raise BrowserGone(f"the browser ended: {words}", "try again") from error
    raise PageHung(f"the browser could not do its work: {words}", "try again") from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "msg", None) or error).partition("\n")[0].strip()
