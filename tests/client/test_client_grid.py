"""Browsers of a real Selenium Grid."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from browsing import ask_with
from chat_site import ChatSite, served
from grid import Grid, running_grid
from required import missing

from dreamscape.client.bidi import BiDi
from dreamscape.client.browser import Driving, running_browser
from dreamscape.client.driver_versions import DRIVER, programs
from dreamscape.client.grid_status import grid_status
from dreamscape.client.login_state import export_state, import_state
from dreamscape.domain import errors
from dreamscape.tools.processes import kill_tree

pytestmark = pytest.mark.slow

IDLE_S = 10


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    if not all(programs()):
        missing("browser", "there is no Chromium with its driver on this machine")
    with running_grid(tmp_path_factory.mktemp("grid"), slots=2, timeout_s=IDLE_S) as grid:
        yield grid


def free_slots(grid: Grid) -> int:
    return grid_status(grid.address).free


def test_a_prompt_goes_through_a_grid_and_its_slot_is_free_again(tmp_path: Path, grid: Grid) -> None:
    with served(ChatSite()) as site, running_browser(tmp_path / "s", Driving("remote", grid.address)) as driver:
        answer = ask_with(driver, site, tmp_path, "\thello\n\n")
        taken = free_slots(grid)

    status = grid_status(grid.address)
    assert answer == "plain: \thello\n\n"
    assert (status.is_ready, status.nodes, status.slots, taken, status.free) == (True, 1, 2, 1, 2)
    assert status.session_timeout_s == IDLE_S


def test_a_login_travels_to_a_node(tmp_path: Path, grid: Grid) -> None:
    with served(ChatSite(wants_login=True)) as site:
        with running_browser(tmp_path / "here") as driver:
            ask_with(driver, site, tmp_path, path="enter")
            bidi = BiDi.connect(driver.capabilities["webSocketUrl"])
            state = export_state(lambda method, params: bidi.command(method, 30, **params), site.address)
            bidi.close()
        with running_browser(tmp_path / "there", Driving("remote", grid.address)) as driver:
            bidi = BiDi.connect(driver.capabilities["webSocketUrl"])
            import_state(lambda method, params: bidi.command(method, 30, **params), state)
            bidi.close()

            assert ask_with(driver, site, tmp_path) == "plain: hello"


def test_a_session_outlives_the_grids_timeout_while_nothing_is_said(tmp_path: Path, grid: Grid) -> None:
    with running_browser(tmp_path / "s", Driving("remote", grid.address)) as driver:
        time.sleep(IDLE_S * 1.5)

        assert driver.title == ""


def test_a_grid_without_a_free_slot_is_told_and_lends_nothing_later(
    tmp_path: Path, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = Driving("remote", grid.address)
    with running_browser(tmp_path / "one", how), running_browser(tmp_path / "two", how):
        monkeypatch.setattr("dreamscape.client.remote_browser.START_S", 1)

        with pytest.raises(errors.BrowserMissing, match="no free slot"), running_browser(tmp_path / "three", how):
            pass

    time.sleep(1)
    assert free_slots(grid) == 2


def test_a_node_killed_while_the_answer_streams_is_told_and_leaves_nothing(tmp_path: Path, grid: Grid) -> None:
    killed_at, left = 0.0, []

    def strike() -> None:
        nonlocal killed_at
        site.asked.wait(60)
        left.extend(psutil.Process(grid.node.pid).children())
        killed_at = time.monotonic()
        grid.node.kill()

    with served(ChatSite(fault="wait")) as site:
        striker = threading.Thread(target=strike)
        striker.start()
        with pytest.raises(errors.BrowserGone):
            with running_browser(tmp_path / "s", Driving("remote", grid.address)) as driver:
                ask_with(driver, site, tmp_path)
            pytest.fail("told nothing")
        told_at = time.monotonic()
        striker.join()
    for process in left:  # a node's own orphans, which end with its machine
        assert process.name() == DRIVER
        kill_tree(process.pid)

    assert told_at - killed_at < 1.5 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert site.prompts == ["hello"]
    assert "dreamscape-grid" not in [thread.name for thread in threading.enumerate()]
