"""Faults of every kind, one after the other, beside conversations that must go on."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from client_figures import Row
from client_kinds import GONE, KINDS, Kind, Tally, first, row, wrong_with
from client_places import Asked, PlacedPool, refused_address
from client_site import Site, running_site

from dreamscape.client.accounts import Account
from dreamscape.client.breaker import Breaker
from dreamscape.client.browser import held
from dreamscape.client.pool import PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.client.web import WebSites
from dreamscape.domain.settings import ClientSettings

WORDS, PER_SECOND = 30, 25
"""Of an answer."""


def striking(rounds: int, seed: int) -> Iterator[Row]:
    """As many faults as there are rounds, of all kinds in turn."""
    tallies = {kind: Tally() for kind in KINDS}
    with (
        running_site(tokens_per_second=PER_SECOND) as site,
        tempfile.TemporaryDirectory(prefix="bench-client-") as place,
    ):
        world = World(site, Path(place), random.Random(seed))
        with world.conversing() as beside:
            for number in range(rounds):
                kind = KINDS[number % len(KINDS)]
                world.strike(kind, number, tallies[kind])
                if kind is KINDS[-1]:
                    wrong = [what for tally in tallies.values() for what in tally.wrong]
                    print(f"  {number + 1} of {rounds} faults, {len(wrong)} wrong{first(wrong)}", file=sys.stderr)
    for kind, tally in tallies.items():
        if tally.count:
            yield row(kind, tally)
    told = f"{beside.answered} answered, {beside.ended} ended with their browser, {len(beside.wrong)} wrong"
    yield Row("prompts of two conversations beside them", told + first(beside.wrong), "0 wrong", not beside.wrong)


@dataclass(slots=True)
class Beside:
    """What came of the prompts of the two others."""

    answered: int = 0
    ended: int = 0
    wrong: list[str] = field(default_factory=list)
    is_over: bool = False


@dataclass(slots=True)
class World:
    """The site, and one pool in which the victim of a fault talks beside two others."""

    site: Site
    folder: Path
    source: random.Random
    profile: SiteProfile = field(init=False)
    pool: PlacedPool = field(init=False)

    def __post_init__(self) -> None:
        self.profile = self.site.profile(self.folder, cool_down_s=0)
        # Three conversations need both browsers, so that one goes on when the other is killed.
        self.pool = PlacedPool(self.folder / "browser", PoolLimits(browsers=2, streams=2, prompts=10**6))

    @contextmanager
    def conversing(self) -> Iterator[Beside]:
        """Two conversations that go on and on while the block runs."""
        beside = Beside()
        with ThreadPoolExecutor(2) as threads, closing(self.pool):
            talking = [threads.submit(self._talk, beside, number) for number in range(2)]
            try:
                yield beside
            finally:
                beside.is_over = True
                for each in talking:
                    each.result()

    def _talk(self, beside: Beside, number: int) -> None:
        account, turn = self._account("beside"), 0
        while not beside.is_over:
            turn += 1
            asked = Asked(f"beside {number} {turn}")
            answer = self._prepared(asked.prompt)
            asked.by(lambda prompt: account.ask(self.profile.url, prompt))
            count = self.site.noted(asked.prompt).count
            if asked.answer == answer and count == 1:
                beside.answered += 1
            elif isinstance(asked.error, GONE) and self.pool.was_hit(asked) and count <= 1:
                beside.ended += 1
            else:
                beside.wrong.append(f"{asked.prompt}: asked {count} times, {asked.error!r}")

    def strike(self, kind: Kind, number: int, tally: Tally) -> None:
        """One fault, and what is to be said of it."""
        asked = Asked(f"victim {number}")
        answer = self._prepared(asked.prompt, kind.says)
        with ThreadPoolExecutor(1) as threads:
            threads.submit(asked.by, self._way(kind, number))
            hit_at = self._hit(kind, asked) if kind.kills else None
        noted = self.site.noted(asked.prompt)
        wrong = list(wrong_with(kind, asked, answer, noted.count))
        if asked.typed_at is not None:
            typed_s = asked.typed_at - (
                hit_at or noted.broken_at or noted.arrived_at or asked.placed_at or asked.began_at
            )
            tally.typed_s.append(typed_s)
            wrong += [f"typed after {typed_s:.1f} s"] if typed_s > kind.seconds else []
        tally.count += 1
        tally.wrong += [f"{asked.prompt}: {what}" for what in wrong]

    def _prepared(self, prompt: str, fault: str = "") -> str:
        answer = " ".join([prompt.replace(" ", "-")] * WORDS)
        self.site.prepare(prompt, answer, fault)
        return answer

    def _hit(self, kind: Kind, asked: Asked) -> float:
        while not (asked.places if kind.is_early else self.site.noted(asked.prompt).count or asked.is_over):
            time.sleep(0.005)
        time.sleep(self.source.uniform(0, 0.2 if kind.is_early else 0.7))
        return self.pool.hit(asked, kind.kills)

    def _way(self, kind: Kind, number: int) -> Callable[[str], str]:
        """How the victim asks."""
        match kind.says:
            case "challenge":
                self.site.prepare("/?challenge", "", "challenge")
                return lambda prompt: self._account(f"victim{number}").ask(f"{self.profile.url}?challenge", prompt)
            case "refused":
                away = replace(self.profile, url=refused_address())
                return lambda prompt: self._account(f"victim{number}", away).ask(away.url, prompt)
            case "locked" | "stale" | "full":
                return lambda prompt: self._ask_anew(kind.says, self.folder / f"sessions{number}", prompt)
        return lambda prompt: self._account(f"victim{number}").ask(self.profile.url, prompt)

    def _ask_anew(self, trouble: str, folder: Path, prompt: str) -> str:
        """On a new session with something wrong."""
        folder.mkdir()
        with _tiny_disk(folder) if trouble == "full" else nullcontext():
            return self._ask_in(folder, trouble, prompt)

    def _ask_in(self, folder: Path, trouble: str, prompt: str) -> str:
        session = folder / self.profile.name
        session.mkdir()
        if trouble == "stale":
            (session / "SingletonLock").symlink_to("another-host-123")
        with (
            closing(WebSites(folder, ClientSettings(browsers=1))) as web,
            held(session) if trouble == "locked" else nullcontext(),
        ):
            return web.ask(self.profile, "", self.profile.url, prompt)

    def _account(self, name: str, profile: SiteProfile | None = None) -> Account:
        """A new one for each victim: an account is asked no more after a challenge, its site after failures."""
        return Account(profile or self.profile, self.pool, self.folder, name, Breaker(name))


@contextmanager
def _tiny_disk(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
