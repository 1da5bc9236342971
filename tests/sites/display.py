"""A screen that nobody sees, and a person at it: a window that really opens there, and what is done in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket
from required import missing

PATIENCE_S = 60.0


class Display:
    """An X server of our own; ``name`` as in the variable DISPLAY."""

    def __init__(self, name: str, picture: Path) -> None:
        self.name = name
        self._picture = picture

    def is_blank(self) -> bool:
        """Whether nothing is drawn: all of the screen, but for the file's header, has one colour."""
        drawn = self._picture.read_bytes()[4096:]
        return drawn == drawn[:1] * len(drawn)


@contextlib.contextmanager
def shown_display(folder: Path) -> Iterator[Display]:
    """A display with a number that was free; skips the test where there is no Xvfb."""
    program = shutil.which("Xvfb")
    if program is None:
        missing("display", "there is no Xvfb on this machine")
    reading, writing = os.pipe()
    words = [program, "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*words, "-fbdir", str(folder)], pass_fds=[writing], stdout=quiet, stderr=quiet) as server:
        try:
            os.close(writing)
            with os.fdopen(reading) as told:
                number = told.readline().strip()
            assert number, "Xvfb ended"
            yield Display(f":{number}", folder / "Xvfb_screen0")
        finally:
            server.terminate()


class Window:
    """The window that a browser on the profile in ``folder`` has open at an address that holds ``part``."""

    def __init__(self, folder: Path, part: str) -> None:
        self._folder = folder
        self._part = part

    def wait(self) -> None:
        """Until it is there."""
        self._tab()

    def go(self, url: str) -> None:
        """What a person does who follows a link there."""
        tab = self._tab()
        talk = websocket.create_connection(tab["webSocketDebuggerUrl"], suppress_origin=True)
        try:
            talk.send(json.dumps({"id": 1, "method": "Page.navigate", "params": {"url": url}}))
            talk.recv()
        finally:
            talk.close()

    def close_tab(self) -> None:
        """The browser may go on with others."""
        self._asked(f"/json/close/{self._tab()['id']}")

    def close(self) -> None:
        """What a person does who has enough of it: all tabs are closed, and the browser ends."""
        self._tab()
        for tab in self._tabs():
            self._asked(f"/json/close/{tab['id']}")

    def _tab(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                for tab in self._tabs():
                    if self._part in tab["url"]:
                        return tab
            time.sleep(0.1)
        raise AssertionError(f"no window at {self._part} within {PATIENCE_S} s")

    def _tabs(self) -> list[dict[str, Any]]:
        return [tab for tab in json.loads(self._asked("/json")) if tab["type"] == "page"]

    def _asked(self, path: str) -> bytes:
        port = (self._folder / "DevToolsActivePort").read_text().partition("\n")[0]
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            said: bytes = answer.read()
            return said
