"""``session login`` with a window: a person logs in once, and nobody needs a window afterwards."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import processes_of
from chat_site import PROFILE, ChatSite, served
from display import PATIENCE_S, Display, Window, shown_display
from dreamscape_process import Dreamscape
from required import missing


@dataclass
class Machine:
    """A user with a display and a budget, and a site that wants a login; ``env`` is that of all commands."""

    display: Display
    site: ChatSite
    home: Path
    config: Path
    env: dict[str, str]

    @property
    def session(self) -> Path:
        return self.home / ".local/share/dreamscape/sessions/own"

    @contextlib.contextmanager
    def logging_in(self) -> Iterator[subprocess.Popen[str]]:
        """The command, waiting for its person; ended if the test has not."""
        words = [sys.executable, "-m", "dreamscape", "session", "login", "--site", "own"]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, env=self.env, cwd=self.home, stdout=pipe, stderr=pipe, text=True) as command:
            try:
                yield command
            finally:
                command.terminate()


def needs_drivers(driver: str) -> None:
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    if driver == "undetected" and not importlib.util.find_spec("undetected_chromedriver"):
        missing("undetected", "undetected-chromedriver is not installed")


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Iterator[Machine]:
    needs_drivers("chrome")
    config = home / ".config" / "dreamscape"
    (config / "sites").mkdir(parents=True)
    (config / "config.toml").write_text("[budget]\ncalls_per_day = 3\n")
    (tmp_path / "screen").mkdir()
    with shown_display(tmp_path / "screen") as display, served(ChatSite(wants_login=True)) as site:
        (config / "sites" / "own.toml").write_text(site.profile)
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "DISPLAY": display.name}
        yield Machine(display, site, home, config, env)


@pytest.mark.parametrize("driver", ["chrome", "undetected"])
def test_a_login_in_a_window_lasts(dreamscape: Dreamscape, machine: Machine, driver: str) -> None:
    needs_drivers(driver)
    (machine.config / "sites" / "own.toml").write_text(f'driver = "{driver}"\n{machine.site.profile}')
    refused = dreamscape("ask", "hello", "--site", "own")
    assert machine.display.is_blank()

    with machine.logging_in() as command:
        window = Window(machine.session, "/login")
        window.wait()
        assert not machine.display.is_blank()
        window.go(f"{machine.site.address}enter")
        out, err = command.communicate(timeout=PATIENCE_S)

    assert (refused.returncode, command.returncode, out) == (3, 0, "logged in to own\n"), err
    assert processes_of(machine.session) == []
    (listed,) = json.loads(dreamscape("session", "list", "--json").stdout)["sessions"]
    assert (listed["session"], listed["trouble"]) == ("own", "")
    asked = dreamscape("ask", "hello", "--site", "own")
    assert asked.stdout == "plain: hello", asked.stderr


def test_a_challenge_is_answered_in_the_window_and_forgotten(dreamscape: Dreamscape, machine: Machine) -> None:
    machine.site.wants_login = False
    machine.site.fault = "challenge"
    assert dreamscape("ask", "hello", "--site", "own").returncode == 3

    with machine.logging_in() as command:
        window = Window(machine.session, machine.site.address)
        window.wait()
        machine.site.fault = ""
        window.go(machine.site.address)
        _, err = command.communicate(timeout=PATIENCE_S)

    assert command.returncode == 0, err
    assert dreamscape("ask", "hello", "--site", "own").stdout == "plain: hello"


@pytest.mark.parametrize("what", ["the tab", "the window"])
def test_what_a_person_closes_ends_the_wait(machine: Machine, what: str) -> None:
    with machine.logging_in() as command:
        window = Window(machine.session, "/login")
        window.close_tab() if what == "the tab" else window.close()
        out, err = command.communicate(timeout=PATIENCE_S)

    assert (command.returncode, out) == (3, "")
    assert "window was closed" in err
    assert processes_of(machine.session) == []


def test_a_login_that_is_interrupted_leaves_no_window(machine: Machine) -> None:
    with machine.logging_in() as command:
        Window(machine.session, "/login").wait()
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=PATIENCE_S)

    assert command.returncode == 130
    assert processes_of(machine.session) == []


@pytest.mark.parametrize("driver", ["chrome", "undetected"])
def test_a_display_that_is_not_there_is_named(dreamscape: Dreamscape, home: Path, driver: str) -> None:
    needs_drivers(driver)
    folder = home / ".config/dreamscape/sites"
    folder.mkdir(parents=True)
    (folder / "own.toml").write_text(f'driver = "{driver}"\n{PROFILE.format(url="http://127.0.0.1:9/")}')

    ended = dreamscape("session", "login", "--site", "own", env={"DISPLAY": ":65000"})

    assert ended.returncode == 3
    assert "no window opens on the display :65000" in ended.stderr
    assert "ChromeDriver" not in ended.stderr
