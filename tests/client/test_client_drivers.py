"""What is found out before a browser starts: versions, displays, sandboxes, addresses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.client.browser import Driving, running_browser
from dreamscape.client.grid_status import grid_status, shown
from dreamscape.client.local_browser import without_sandbox_at_need
from dreamscape.client.remote_browser import reachable
from dreamscape.domain import errors

Program = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Makes a program that tells a version; there are no others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name: str, says: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{says}'\n")
        path.chmod(0o755)
        return path

    return make


def start(folder: Path, how: Driving) -> None:
    with running_browser(folder / "session", how):
        pass


@pytest.mark.parametrize("driver", ["chrome", "undetected"])
def test_a_driver_of_another_version_is_told_with_both(tmp_path: Path, program: Program, driver: str) -> None:
    if driver == "undetected":
        pytest.importorskip("undetected_chromedriver.patcher")
    program("chromium", "Chromium 156.0.8078.79 built on Debian")
    program("chromedriver", "ChromeDriver 99.0.4844.51 (d537ec02)")

    with pytest.raises(errors.BrowserMissing, match=r"156\.0\.8078\.79.*99\.0\.4844\.51"):
        start(tmp_path, Driving(driver))


def test_a_driver_that_was_renewed_is_asked_again(tmp_path: Path, program: Program) -> None:
    program("chromium", "Chromium 156.0.1.2")
    program("chromedriver", "ChromeDriver 99.0.1.2")
    with pytest.raises(errors.BrowserMissing, match="99"):
        start(tmp_path, Driving())
    program("chromedriver", "ChromeDriver 98.0.1.2")

    with pytest.raises(errors.BrowserMissing, match="98"):
        start(tmp_path, Driving())


def test_a_window_without_a_display_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(errors.BrowserMissing, match="no display"):
        start(tmp_path, Driving(is_visible=True))


def test_a_snap_that_cannot_read_the_session_is_told(tmp_path: Path, program: Program) -> None:
    program("chromium", "Chromium 156.0.1.2").write_text("#!/bin/sh\nexec /snap/bin/chromium\necho 156.0.1.2\n")
    program("chromedriver", "ChromeDriver 156.0.1.2")

    with pytest.raises(errors.BrowserMissing, match="snap, which cannot read hidden folders"):
        start(tmp_path / ".local", Driving())


def test_the_sandbox_is_given_up_only_where_the_browser_starts_in_no_other_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[tuple[str, ...]] = []

    def needs_flag(*flags: str) -> str:
        starts.append(flags)
        if not flags:
            raise errors.BrowserMissing("no browser starts: Chrome instance exited")
        return "started"

    with caplog.at_level(logging.WARNING):
        assert [without_sandbox_at_need("b-1", needs_flag, is_refused=False) for _ in range(2)] == ["started"] * 2

    assert starts == [(), ("--no-sandbox",), ("--no-sandbox",)]
    assert ["without its own sandbox" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize(("words", "tries"), [("Chrome instance exited", 2), ("no free slot", 1)])
def test_what_the_sandbox_has_no_part_in_is_told_as_it_is(words: str, tries: int) -> None:
    starts: list[tuple[str, ...]] = []

    def fails(*flags: str) -> None:
        starts.append(flags)
        raise errors.BrowserMissing(f"{words} {len(starts)}")

    with pytest.raises(errors.BrowserMissing, match=f"{words} 1"):
        without_sandbox_at_need("b-2", fails, is_refused=False)

    assert len(starts) == tries


@pytest.mark.parametrize(
    ("announced", "grid", "reached"),
    [
        ("ws://172.17.0.2:4444/session/1/se/bidi", "http://grid:80", "ws://grid:80/session/1/se/bidi"),
        ("ws://localhost:9515/session/1", "http://elsewhere:4444/", "ws://elsewhere:4444/session/1"),
        ("ws://h/session/1/se/bidi", "https://me:pw@grid/wd/hub", "wss://me:pw@grid/session/1/se/bidi"),
        ("ws://h/session/1/se/bidi", "https://grid/sub", "wss://grid/sub/session/1/se/bidi"),
        ("ws://h/sub/session/1/se/bidi", "https://grid/sub/", "wss://grid/sub/session/1/se/bidi"),
    ],
)
def test_a_sessions_socket_is_sought_where_the_grid_is(announced: str, grid: str, reached: str) -> None:
    assert reachable(announced, grid) == reached


@given(st.text(st.characters(exclude_characters="/@"), min_size=1))
def test_a_grids_password_is_never_shown(password: str) -> None:
    assert shown(f"https://me:{password}@grid:4444") == "https://grid:4444"


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        (Driving("remote"), errors.UsageError, "no address"),
        (Driving("remote", grid="grid:4444"), errors.UsageError, "no address"),
        (Driving("remote", grid="http://127.0.0.1:9", is_visible=True), errors.UsageError, "no window"),
        (Driving("remote", grid="http://me:pw@127.0.0.1:9"), errors.BrowserMissing, "at http://127.0.0.1:9 cannot"),
    ],
)
def test_a_grid_that_is_not_there_is_told(
    tmp_path: Path, how: Driving, error: type[errors.DreamscapeError], words: str
) -> None:
    with pytest.raises(error, match=words):
        start(tmp_path, how)


def test_a_grid_that_is_not_there_has_no_status() -> None:
    with pytest.raises(errors.BrowserMissing, match="no Grid answers"):
        grid_status("http://127.0.0.1:9")
