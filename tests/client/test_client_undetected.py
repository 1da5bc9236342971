"""Browsers that tell pages of no automation, with the real undetected-chromedriver."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from alive import is_alive
from browsing import ask_with, our_children, processes_of
from chat_site import ChatSite, served
from required import missing

from dreamscape.client.bidi import BiDi
from dreamscape.client.browser import Driving, running_browser
from dreamscape.client.driver_versions import DRIVER, programs
from dreamscape.domain import errors

UNDETECTED = Driving("undetected")
SEEN = (
    "() => JSON.stringify([navigator.webdriver, navigator.userAgent, Object.keys(window).filter(k => /cdc_/.test(k))])"
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not all(programs()):
        missing("browser", "there is no Chromium with its driver on this machine")
    if importlib.util.find_spec("undetected_chromedriver") is None:
        missing("undetected", "undetected-chromedriver is not installed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An own place for temporary files, with a short path as Chromium needs it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        monkeypatch.setattr("tempfile.tempdir", short)
        yield Path(short)


def test_a_prompt_goes_and_pages_see_no_automation(tmp_path: Path, own_cache: Path, temporary: Path) -> None:
    session, before = tmp_path / "s", our_children()
    system = Path(programs()[1] or "")
    untouched = hashlib.sha256(system.read_bytes()).digest()

    with served(ChatSite()) as site, running_browser(session, UNDETECTED) as driver:
        answer = ask_with(driver, site, tmp_path, "\thello\n\n 1")
        bidi = BiDi.connect(driver.capabilities["webSocketUrl"])
        tab = bidi.command("browsingContext.create", 30, type="tab")["context"]
        bidi.command("browsingContext.navigate", 30, context=tab, url=site.address, wait="complete")
        call = {"functionDeclaration": SEEN, "target": {"context": tab}, "awaitPromise": False}
        seen = bidi.command("script.callFunction", 30, **call)["result"]["value"]
        bidi.close()

    assert answer == "plain: \thello\n\n 1"
    assert seen.startswith('[false,"Mozilla/5.0') and "Headless" not in seen and seen.endswith(",[]]")
    assert hashlib.sha256(system.read_bytes()).digest() == untouched
    assert [path.name for path in (own_cache / "dreamscape" / "drivers").rglob("*") if path.is_file()] == [
        "lock",
        DRIVER,
    ]
    assert processes_of(session) == []
    assert our_children() == before
    assert list(temporary.iterdir()) == []


def test_a_login_lasts(tmp_path: Path) -> None:
    with served(ChatSite(wants_login=True)) as site:
        with running_browser(tmp_path / "s", UNDETECTED) as driver:
            ask_with(driver, site, tmp_path, path="enter")
        with running_browser(tmp_path / "s", UNDETECTED) as driver:
            assert ask_with(driver, site, tmp_path) == "plain: hello"


def test_four_that_start_at_once_all_start(tmp_path: Path) -> None:
    before, together = our_children(), threading.Barrier(4)

    def start(number: int) -> str:
        together.wait(60)
        with running_browser(tmp_path / f"s{number}", UNDETECTED) as driver:
            return str(driver.capabilities["webSocketUrl"])

    with ThreadPoolExecutor(4) as threads:
        addresses = set(threads.map(start, range(4)))

    assert len(addresses) == 4
    assert our_children() == before


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    session = tmp_path / "s"
    child = os.fork()
    if child == 0:
        with running_browser(session, UNDETECTED):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    left = processes_of(session)
    assert DRIVER in [process.name() for process in left]

    with running_browser(session, UNDETECTED):
        assert not any(map(is_alive, left))


@pytest.mark.parametrize("name", ["browser", DRIVER])
def test_what_is_killed_is_told_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    session, before = tmp_path / "s", our_children()
    with served(ChatSite(fault="wait")) as site:

        def strike() -> None:
            site.asked.wait(60)
            (hit,) = [
                process
                for process in map(psutil.Process, our_children() - before)
                if (process.name() == DRIVER) is (name == DRIVER)
            ]
            hit.kill()

        striker = threading.Thread(target=strike)
        striker.start()
        with pytest.raises(errors.BrowserGone), running_browser(session, UNDETECTED) as driver:
            ask_with(driver, site, tmp_path)
        striker.join()

    assert processes_of(session) == []
    assert our_children() == before


def test_without_the_package_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("undetected_chromedriver")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "undetected_chromedriver", None)

    with pytest.raises(errors.BrowserMissing, match="not installed") as caught, running_browser(tmp_path, UNDETECTED):
        pass

    assert "dreamscape[undetected]" in caught.value.hint


def test_a_driver_that_cannot_be_patched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("chromium", DRIVER):
        (folder / name).write_text("#!/bin/sh\necho 156.0.1.2\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))

    unknown = pytest.raises(errors.BrowserMissing, match="does not know how to change")
    with unknown, running_browser(tmp_path / "s", UNDETECTED):
        pass
