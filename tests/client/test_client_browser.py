"""A browser of ours: its session lasts, and nothing of it is left, however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from alive import is_alive
from browsing import our_children, processes_of
from chat_site import ChatSite, served
from required import missing

from dreamscape.client.browser import running_browser
from dreamscape.client.driver_versions import BROWSERS, DRIVER
from dreamscape.client.local_browser import nothing_left
from dreamscape.client.page import ChatPage
from dreamscape.client.sites import load_site
from dreamscape.client.tabs import open_browser
from dreamscape.domain import errors


@pytest.fixture(autouse=True)
def _chromium() -> None:
    if not shutil.which(DRIVER) or not any(map(shutil.which, BROWSERS)):
        missing("browser", "there is no Chromium with its driver on this machine")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ChatSite]:
    with served(ChatSite()) as site:
        (tmp_path / "own.toml").write_text(site.profile)
        yield site


def ask(session: Path, site: ChatSite, folder: Path, path: str = "") -> str:
    with open_browser(session) as browser:
        page = ChatPage(browser.open_tab(), load_site("own", (folder,)))
        return page.converse(page.enter(site.address + path, "hello"), lambda length: None)


def test_a_login_lasts_and_the_session_is_private(tmp_path: Path, site: ChatSite) -> None:
    site.wants_login = True
    session, before = tmp_path / "sessions" / "own", our_children()
    with pytest.raises(errors.SessionExpired):
        ask(session, site, tmp_path)

    first = ask(session, site, tmp_path, "enter")  # a page that gives the cookie
    second = ask(session, site, tmp_path)

    assert first == second == "plain: hello"
    assert stat.S_IMODE(session.stat().st_mode) == 0o700
    assert processes_of(session) == []
    assert our_children() == before


def test_a_session_in_use_is_refused(tmp_path: Path) -> None:
    with running_browser(tmp_path / "s"), pytest.raises(errors.SessionInUse), running_browser(tmp_path / "s"):
        pass


def test_a_lock_left_by_a_browser_on_another_machine_is_no_hindrance(tmp_path: Path, site: ChatSite) -> None:
    session = tmp_path / "s"
    session.mkdir()
    (session / "SingletonLock").symlink_to("another-host-123")

    assert ask(session, site, tmp_path) == "plain: hello"


def kill_browser(driver: psutil.Process, session: Path) -> None:
    next(child for child in driver.children() if "chrom" in child.name()).kill()


def kill_driver(driver: psutil.Process, session: Path) -> None:
    driver.kill()


def kill_renderers(driver: psutil.Process, session: Path) -> None:
    for process in driver.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # gone meanwhile, or a zombie
            if "--type=renderer" in process.cmdline():
                process.kill()


@pytest.mark.parametrize(
    ("hit", "error"),
    [
        (kill_browser, errors.BrowserGone),
        (kill_driver, errors.BrowserGone),
        (kill_renderers, errors.TabCrashed),
    ],
)
def test_a_browser_that_is_killed_while_the_answer_streams_is_told_and_leaves_nothing(
    tmp_path: Path,
    site: ChatSite,
    hit: Callable[[psutil.Process, Path], None],
    error: type[errors.NoAnswer],
) -> None:
    session, before = tmp_path / "s", our_children()
    site.fault = "wait"

    def strike() -> None:
        site.asked.wait(60)
        time.sleep(0.2)  # until the wait for the answer is under way
        (driver,) = [psutil.Process(pid) for pid in our_children() - before]
        hit(driver, session)

    striker = threading.Thread(target=strike)
    striker.start()
    with pytest.raises(error):
        ask(session, site, tmp_path)
    striker.join()

    assert site.prompts == ["hello"]
    assert processes_of(session) == []
    assert our_children() == before


def test_what_a_run_left_that_was_killed_before_its_browser_ran_goes_with_the_next(tmp_path: Path) -> None:
    run = nothing_left(tmp_path)  # kept, since it would end itself when it is forgotten
    killed = run.__enter__()
    (killed / "file").touch()

    with nothing_left(tmp_path) as temporary:
        assert temporary.is_dir()
        assert not killed.exists()

    assert not temporary.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_hangs_is_told_and_leaves_nothing(
    tmp_path: Path, site: ChatSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamscape.client.tabs.HUNG_S", 1.0)
    site.fault = "hang"

    with pytest.raises(errors.PageHung):
        ask(tmp_path / "s", site, tmp_path)

    assert processes_of(tmp_path / "s") == []


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path, site: ChatSite) -> None:
    session = tmp_path / "s"
    child = os.fork()
    if child == 0:
        with running_browser(session):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    left = processes_of(session)
    assert DRIVER in [process.name() for process in left]

    answer = ask(session, site, tmp_path)

    assert answer == "plain: hello"
    assert not any(map(is_alive, left))
    assert processes_of(session) == []


@pytest.mark.parametrize("name", ["t", "long" * 20])
def test_no_temporary_file_is_left_and_a_long_path_to_them_is_no_hindrance(
    tmp_path: Path, site: ChatSite, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        place = Path(short) / name
        place.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(place))

        assert ask(tmp_path / "s", site, tmp_path) == "plain: hello"
        assert list(place.iterdir()) == []


def test_a_full_disk_is_told_before_a_browser_hangs_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamscape.client.browser.ROOM_MIB", shutil.disk_usage(tmp_path).total)

    with pytest.raises(errors.DiskFull), running_browser(tmp_path / "s"):
        pass


def test_a_machine_without_a_browser_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(errors.BrowserMissing, match=DRIVER), running_browser(tmp_path / "s"):
        pass
