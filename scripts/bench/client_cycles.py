"""Browsers started and ended in every way, and what is left of them once the next one runs or the last has ended."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from client_figures import Row
from client_site import Site, running_site

from dreamscape.client.sites import load_site
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import NoAnswer
from dreamscape.domain.settings import ClientSettings

CLEAN, BROWSER, DRIVER, OURS, OURS_EARLY = (
    *("clean end", "browser killed", "driver killed"),
    *("our process killed mid-answer", "our process killed at any time"),
)
WAYS = (OURS, BROWSER, OURS_EARLY, DRIVER, CLEAN)
FIRST, SLOW = "first", "slow"
"""The prompts of each cycle; something happens while the second is answered."""


def cycling(rounds: int, seed: int) -> Iterator[Row]:
    """One after the other on the same session, the last ended cleanly."""
    with running_site(tokens_per_second=20) as site, tempfile.TemporaryDirectory(prefix="b-", dir="/tmp") as place:
        folder = Path(place)
        (folder / "tmp").mkdir()
        site.profile(folder)
        cycles = Cycles(site, folder, random.Random(seed))
        for number in range(rounds):
            cycles.run(number, WAYS[number % len(WAYS)] if number < rounds - 1 else CLEAN)
    left = cycles.left
    told = f"{len(left)} left" + (f" (first: {left[0]})" if left else "")
    what = "processes, zombies, profile locks, listening ports, temporary files left after the next start or end"
    yield Row(f"{rounds} start/kill cycles: {what}", told, "0", not left)


@dataclass(slots=True)
class Cycles:
    """``left`` is what should not have been there; ``known`` are processes of killed clients, for the next to end.

    ``client`` is the program that is started each time (see `main`); tests/client/test_client_cycles.py has one that
    leaves all of it behind on purpose.
    """

    site: Site
    folder: Path
    source: random.Random
    client: Path = Path(__file__)
    left: list[str] = field(default_factory=list)
    known: set[psutil.Process] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)

    def run(self, number: int, way: str) -> None:
        """One start, and one end."""
        self.site.forget()
        self.site.prepare(FIRST, "good")
        self.site.prepare(SLOW, " ".join(["slow"] * 30))
        words = [sys.executable, str(self.client), str(self.folder)]
        environment = {**os.environ, "TMPDIR": str(self.folder / "tmp")}
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as client:
            found = self._talk(psutil.Process(client.pid), client, way)
        self.left += [f"{number}, {way}: {what}" for what in found]

    def _talk(self, process: psutil.Process, client: subprocess.Popen[str], way: str) -> list[str]:
        assert client.stdout is not None
        if way == OURS_EARLY:
            time.sleep(self.source.uniform(0, 4))
            self._strike(process, way)
            return []
        if (said := client.stdout.readline()) != "ready\n":
            return [f"no start: {said}"]
        found = self._left_by_earlier() + self._temporary(1)
        while not self.site.noted(SLOW).count:
            time.sleep(0.02)
        time.sleep(self.source.uniform(0, 1))
        self._strike(process, way)
        if way == OURS:
            return found
        said = client.stdout.read()
        found += [] if said == "children: []\n" else [f"it said {said.strip()!r}"]
        return found + self._left_by_earlier() + self._temporary(0) + self._locks()

    def _strike(self, process: psutil.Process, way: str) -> None:
        tree = process.children(recursive=True)
        self.known.update(tree)
        self.ports.update(port for each in tree for port in _ports(each))
        with suppress(psutil.NoSuchProcess):
            if way in (OURS, OURS_EARLY):
                process.kill()
            for each in tree:
                if way == {"chromedriver": DRIVER, "chromium": BROWSER}.get(each.name()) and "--type=" not in str(
                    each.cmdline()
                ):
                    each.kill()

    def _left_by_earlier(self) -> list[str]:
        alive = [each for each in self.known if _is_alive(each)]
        heard = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
        listening = {each.laddr.port for each in heard if self._is_ours(each.pid)}
        found = [f"process {each.pid}" for each in alive] + [f"port {port}" for port in self.ports & listening]
        self.known.clear()
        self.ports.clear()
        return found

    def _is_ours(self, pid: int | None) -> bool:
        """Whether a process was started by a client of ours: a port that is free again may be another program's."""
        with suppress(psutil.NoSuchProcess):
            return pid is None or psutil.Process(pid).environ().get("TMPDIR", "").startswith(str(self.folder))
        return False

    def _temporary(self, allowed: int) -> list[str]:
        """Files of the browser that runs now may be there."""
        names = sorted(path.name for path in (self.folder / "tmp").iterdir())
        return [f"temporary {name}" for name in names] if len(names) > allowed else []

    def _locks(self) -> list[str]:
        return [f"lock {path.name}" for path in (self.folder / "sessions").glob("*/Singleton*")]


def _ports(process: psutil.Process) -> Iterator[int]:
    with suppress(psutil.Error):
        yield from (each.laddr.port for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN)


def _is_alive(process: psutil.Process) -> bool:
    """Zombies that were handed over to the machine's first process are its affair; ours are told by ourselves."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def main() -> None:
    folder = Path(sys.argv[1])
    site = load_site("own", (folder,))
    with closing(WebSites(folder / "sessions", ClientSettings(browsers=1))) as web:
        assert web.ask(site, "", site.url, FIRST) == "good"
        print("ready", flush=True)
        with suppress(NoAnswer):
            web.ask(site, "", site.url, SLOW)
    print("children:", [child.pid for child in psutil.Process().children()], flush=True)


if __name__ == "__main__":
    main()
