"""A profile folder goes in, a Chromium comes out that tells pages of no automation, by undetected-chromedriver.

What that package does to a driver is taken from it: the driver's traces in a page are overwritten, in a copy. Its class
`Chrome` is not used, since starting several at once they race for ports and for the driver's file, and each leaves
zombies, unread pipes and a late signal to a process id that may be another's by then. As there, the browser is not
started by the driver, which takes over the one that runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamscape.client.driver_versions import DRIVER, version_of
from dreamscape.client.local_browser import (
    FLAGS,
    QUIT_S,
    START_S,
    closed_at_end,
    connected,
    found_programs,
    is_root,
    naming_the_display,
    nothing_left,
    profile_flag,
    service,
    usual_options,
    without_sandbox_at_need,
)
from dreamscape.domain.errors import BrowserMissing, CannotGoOn
from dreamscape.tools.files import explained
from dreamscape.tools.home import users_folder
from dreamscape.tools.locks import waiting_lock
from dreamscape.tools.processes import kill_tree

if TYPE_CHECKING:
    from selenium.webdriver import Remote

_LOOK_S = 0.02
_SYSTEMS = {"darwin": "Macintosh; Intel Mac OS X 10_15_7", "win32": "Windows NT 10.0; Win64; x64"}
"""As Chromium names them whatever the machine; else it says it runs on Linux."""


@contextlib.contextmanager
def undetected(folder: Path, *, is_visible: bool) -> Iterator[Remote]:
    """A Chromium on the profile in ``folder``, driven by a patched copy of this machine's chromedriver.

    Raises BrowserMissing where the package is not installed or no browser starts.
    """
    patcher = _patcher()
    browser, program = found_programs(folder, is_visible=is_visible)
    patched = _patched(Path(program), patcher)
    with nothing_left(folder) as temporary:
        line = [browser, *_flags(browser, folder, is_visible=is_visible), "about:blank"]
        with (
            _running(line, folder, temporary, is_visible=is_visible) as (process, address),
            service(str(patched), folder, temporary) as driver_service,
        ):
            options = usual_options()
            options.debugger_address = address
            driver = connected(driver_service, options)
            driver.caps["goog:processID"] = process.pid  # as where the driver started it
            with closed_at_end(driver, lambda: _close(driver, process)):
                yield driver


def _patcher() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports distutils
            from undetected_chromedriver.patcher import Patcher
    except ImportError as error:
        raise BrowserMissing(
            f"the driver 'undetected' is not installed: {error}", "pip install 'dreamscape[undetected]' (GPL-3.0)"
        ) from error
    return Patcher


def _patched(program: Path, patcher: Any) -> Path:
    """A copy of a driver that leaves no traces in pages: made once for each version, in the user's cache, read-only.

    Sessions share it: nobody ever opens it to write, so that none can find it busy.
    """
    folder = users_folder("cache")
    if folder is None:
        raise CannotGoOn("there is no home folder to keep the changed driver in", "set HOME to a whole path")
    changed = program.resolve().stat()
    cache = folder / "drivers"
    kept = cache / f"{version_of(str(program))}-{changed.st_size}-{changed.st_mtime_ns}" / DRIVER
    with explained(cache):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with waiting_lock(cache / "lock"), explained(kept):
        if not kept.exists():
            for old in cache.glob("*/"):
                shutil.rmtree(old, ignore_errors=True)
            _patch(program, kept, patcher)
    return kept


def _patch(program: Path, kept: Path, patcher: Any) -> None:
    kept.parent.mkdir(mode=0o700)
    raw = kept.with_suffix(".raw")
    shutil.copyfile(program, raw)
    raw.chmod(0o700)
    # It would make a folder of its own in the user's home.
    own = type("_Patcher", (patcher,), {"data_path": str(kept.parent)})(executable_path=str(raw))
    own.auto()
    if not own.is_binary_patched():
        raise BrowserMissing(
            f"undetected-chromedriver does not know how to change {program}", "use the driver 'chrome'"
        )
    raw.chmod(0o500)
    raw.replace(kept)


def _flags(browser: str, folder: Path, *, is_visible: bool) -> list[str]:
    flags = [*FLAGS, profile_flag(folder), "--remote-debugging-port=0"]
    flags += ["--no-default-browser-check", "--password-store=basic", "--disable-blink-features=AutomationControlled"]
    if not is_visible:
        system = _SYSTEMS.get(sys.platform, "X11; Linux x86_64")
        major = version_of(browser).partition(".")[0]
        agent = f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
        flags += ["--headless=new", f"--user-agent={agent}", "--window-size=1920,1080"]
    return flags


@contextlib.contextmanager
def _running(
    line: list[str], folder: Path, temporary: Path, *, is_visible: bool
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A browser that listens to its driver, and the address where; killed at the end."""
    announced = folder / "DevToolsActivePort"
    started: list[subprocess.Popen[bytes]] = []

    def start(*flags: str) -> str:
        announced.unlink(missing_ok=True)
        environment = {**os.environ, "TMPDIR": str(temporary)}
        null = subprocess.DEVNULL
        started.append(
            subprocess.Popen(
                [line[0], *flags, *line[1:]],
                stdin=null,
                stdout=null,
                stderr=null,
                env=environment,
                start_new_session=True,
            )
        )
        return _address(started[-1], announced)

    try:
        with naming_the_display(is_visible=is_visible):
            address = without_sandbox_at_need(line[0], start, is_refused=is_root())
        yield started[-1], address
    finally:
        for process in started:
            kill_tree(process.pid)
            process.wait()


def _address(browser: subprocess.Popen[bytes], announced: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            port, _, rest = announced.read_text().partition("\n")
            if rest:
                return f"127.0.0.1:{port}"
        if browser.poll() is not None:
            raise BrowserMissing("no browser starts: it exited at once", "does it start by hand?")
        time.sleep(_LOOK_S)
    raise BrowserMissing(f"no browser started within {START_S} s", "is the machine very busy?")


def _close(driver: Remote, browser: subprocess.Popen[bytes]) -> None:
    """Has a browser write its cookies down and close; a driver that has not started it leaves it running, and a signal
    loses cookies (measured)."""
    from selenium.webdriver.remote.remote_connection import RemoteConnection

    executor = driver.command_executor
    assert isinstance(executor, RemoteConnection)
    executor.add_command("closeBrowser", "POST", "/session/$sessionId/goog/cdp/execute")  # type: ignore[no-untyped-call]
    driver.execute("closeBrowser", {"cmd": "Browser.close", "params": {}})
    with contextlib.suppress(subprocess.TimeoutExpired):
        browser.wait(QUIT_S)
