"""A profile folder goes in, a running Chromium of this machine on it comes out, with nothing left of it afterwards."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dreamscape.client.browser_errors import first_line, translated
from dreamscape.client.driver_versions import fitting_programs, is_snap
from dreamscape.domain.errors import BrowserGone, BrowserMissing, NoAnswer, PageHung, TabCrashed
from dreamscape.tools.processes import kill_tree

if TYPE_CHECKING:
    from selenium.webdriver import ChromeOptions, Remote
    from selenium.webdriver.chrome.service import Service

logger = logging.getLogger(__name__)

T = TypeVar("T")

START_S, COMMAND_S, QUIT_S = 120, 30, 10
"""How long a browser may take to start, one command before the page counts as hung, and the browser to close; chosen
for busy machines."""

FLAGS = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
    # Else it tells its maker what forms pages have, and asks there for the time and for hints.
    "--disable-component-update",
    "--disable-features=AutofillServerCommunication,NetworkTimeServiceQuerying,OptimizationHints",
    # Conversations in the background go on as if they were looked at.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)  # fmt: skip
_TEMPORARY, _LONGEST_TEMPORARY = "dreamscape-browser-", 40
"""Chromium makes a socket below its temporary folder, whose path may have 107 bytes, and does not start beyond."""
_OURS = "DreamscapeTemporary"
"""A link in a profile to its browser's temporary folder."""
_LOCKS = ("SingletonLock", "SingletonSocket", "SingletonCookie")

_EXITED = "exited|DevToolsActivePort|failed to start"
"""What is said of a browser that ended while it started."""

_unsandboxed: set[str] = set()
"""Browsers that were seen to start only without their own sandbox."""


@contextlib.contextmanager
def chrome(folder: Path, *, is_visible: bool) -> Iterator[Remote]:
    """A Chromium that chromedriver starts on the profile in ``folder``. Raises BrowserMissing where none starts."""
    browser, program = found_programs(folder, is_visible=is_visible)
    with nothing_left(folder) as temporary, service(program, folder, temporary) as driver_service:

        def start(*flags: str) -> Remote:
            options = usual_options(browser)
            headless = () if is_visible else ("--headless=new",)
            for flag in (*FLAGS, profile_flag(folder), *headless, *flags):
                options.add_argument(flag)
            return connected(driver_service, options)

        with naming_the_display(is_visible=is_visible):
            driver = without_sandbox_at_need(browser, start, is_refused=is_root())
        with closed_at_end(driver):
            yield driver


def found_programs(folder: Path, *, is_visible: bool) -> tuple[str, str]:
    """Browser and driver for a profile. Raises BrowserMissing where it can be seen beforehand that they cannot work."""
    if is_visible and sys.platform == "linux" and not _display():
        raise BrowserMissing("there is no display to open a window on", "run it on a desktop, or with 'ssh -X'")
    browser, driver = fitting_programs()
    if is_snap(browser) and any(part.startswith(".") for part in folder.parts):
        raise BrowserMissing(
            f"{browser} is a snap, which cannot read hidden folders such as {folder}",
            "install a Chromium or Chrome that is no snap, or set XDG_DATA_HOME to a folder that is not hidden",
        )
    return browser, driver


def without_sandbox_at_need(what: str, start: Callable[..., T], *, is_refused: bool) -> T:
    """What ``start`` gives, with the flag --no-sandbox where ``what`` starts no browser otherwise, and says so once.

    ``is_refused`` where that is known beforehand. Raises BrowserMissing as ``start`` does.
    """
    if is_refused or what in _unsandboxed:
        _say_unsandboxed(what)
        return start("--no-sandbox")
    try:
        return start()
    except BrowserMissing as error:
        if not re.search(_EXITED, error.message):
            raise
        with contextlib.suppress(BrowserMissing):
            started = start("--no-sandbox")
            _say_unsandboxed(what)
            return started
        raise error from None


@contextlib.contextmanager
def naming_the_display(*, is_visible: bool) -> Iterator[None]:
    """Says of a browser that does not start for a person on which display its window was to open."""
    try:
        yield
    except BrowserMissing as error:
        if not (is_visible and _display() and re.search(_EXITED, error.message)):
            raise
        words = f"no window opens on the display {_display()}"
        raise BrowserMissing(words, "is it there, and may you open windows on it? --cookies needs none") from error


def _display() -> str:
    return os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or ""


def is_root() -> bool:
    """Whether we run as root, to whom Chromium refuses its own sandbox."""
    return sys.platform != "win32" and os.geteuid() == 0


def _say_unsandboxed(what: str) -> None:
    if what not in _unsandboxed:
        _unsandboxed.add(what)
        why = "it starts in no other way, as for root and where user namespaces are not allowed"
        logger.warning("%s runs without its own sandbox: %s", what, why)


@contextlib.contextmanager
def nothing_left(folder: Path) -> Iterator[Path]:
    """A temporary folder for the browser on a profile; what an earlier run left is ended before, and ours after."""
    clear(folder)
    usual = tempfile.gettempdir()
    short = usual if len(os.fsencode(usual)) <= _LONGEST_TEMPORARY else "/tmp"
    temporary = Path(short, f"{_TEMPORARY}{secrets.token_hex(4)}")
    (folder / _OURS).symlink_to(temporary)  # first, so that it is found whenever we are killed
    temporary.mkdir(mode=0o700)
    try:
        yield temporary
    finally:
        clear(folder)
        shutil.rmtree(temporary, ignore_errors=True)


def clear(folder: Path) -> None:
    """Ends what an earlier run left on this folder when it was killed, and the locks of browsers that live no more.

    A lock may name another host, as after a move into a container; we hold our own lock, so that no browser of ours
    is in the folder.
    """
    for pid in _processes_on(folder):
        kill_tree(pid)
    with contextlib.suppress(OSError):
        temporary = (folder / _OURS).readlink()
        if temporary.name.startswith(_TEMPORARY):
            shutil.rmtree(temporary, ignore_errors=True)
    for name in (_OURS, *_LOCKS):
        (folder / name).unlink(missing_ok=True)


def _processes_on(folder: Path) -> list[int]:
    """Browsers started on this profile folder, and their drivers; each outlives the other when one is killed."""
    import psutil

    flag = profile_flag(folder)
    return [process.pid for process in psutil.process_iter(["cmdline"]) if flag in (process.info["cmdline"] or ())]


def profile_flag(folder: Path) -> str:
    """By which a browser gets its profile, and its processes are known."""
    return f"--user-data-dir={folder}"


@contextlib.contextmanager
def service(program: str, folder: Path, temporary: Path) -> Iterator[Service]:
    """A running chromedriver, killed at the end with all it started."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service

    environment = {**os.environ, "TMPDIR": str(temporary)}
    # The flag means nothing to a driver, but tells whose it is once we were killed; a group of its own, so that Ctrl-C
    # at the terminal reaches us alone and we end it in order.
    own_group = {"start_new_session": True}
    service = Service(program, service_args=[profile_flag(folder)], env=environment, popen_kw=own_group)
    try:
        service.start()
    except WebDriverException as error:
        raise BrowserMissing(f"{program} does not start: {first_line(error)}") from error
    try:
        yield service
    finally:
        kill_tree(service.process.pid)
        service.process.wait()


def connected(service: Service, options: ChromeOptions) -> Remote:
    """A browser that a driver has started or taken over. Raises BrowserMissing where there is none."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import Remote
    from selenium.webdriver.common.proxy import Proxy, ProxyType
    from selenium.webdriver.remote.client_config import ClientConfig
    from urllib3.exceptions import HTTPError

    direct = Proxy({"proxyType": ProxyType.DIRECT})  # the driver is on this machine, whatever the environment says
    client = ClientConfig(service.service_url, timeout=START_S, proxy=direct)
    try:
        driver = Remote(options=options, client_config=client, command_executor=service.service_url)
    except HTTPError as error:
        raise BrowserMissing(f"no browser started within {START_S} s", "is the machine very busy?") from error
    except WebDriverException as error:
        raise BrowserMissing(f"no browser starts: {first_line(error)}", "does it start by hand?") from error
    limit(driver, COMMAND_S)
    return driver


def usual_options(browser: str = "") -> ChromeOptions:
    """What every driver is asked for, flags apart."""
    from selenium.webdriver import ChromeOptions

    options = ChromeOptions()
    options.binary_location = browser
    options.page_load_strategy = "none"  # what is waited for is the prompt box, see page.js
    options.unhandled_prompt_behavior = "dismiss"
    options.set_capability("webSocketUrl", True)  # WebDriver BiDi
    return options


@contextlib.contextmanager
def closed_at_end(driver: Remote, close: Callable[[], object] | None = None) -> Iterator[None]:
    """Has the browser close at the end, so that it writes its cookies down, unless it is known not to answer.

    ``close`` does so (default: the driver's quit).
    """
    try:
        yield
    except (BrowserGone, PageHung, TabCrashed):
        raise
    except BaseException:
        _close(driver, close or driver.quit)
        raise
    else:
        _close(driver, close or driver.quit)


def _close(driver: Remote, close: Callable[[], object]) -> None:
    limit(driver, QUIT_S)
    with contextlib.suppress(NoAnswer), translated():
        close()


def limit(driver: Remote, seconds: float) -> None:
    """How long each command that follows may take."""
    from selenium.webdriver.remote.remote_connection import RemoteConnection

    executor = driver.command_executor
    assert isinstance(executor, RemoteConnection)
    executor.client_config.timeout = seconds
