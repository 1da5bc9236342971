"""Faults of every kind, one after the other, beside conversations that must go on."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from client_figures import Row
from client_places import Asked, PlacedPool, refused_address
from client_site import Site, running_site

from dreamscape.client.accounts import Account
from dreamscape.client.browser import held
from dreamscape.client.pool import PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.client.web import WebSites
from dreamscape.domain import errors
from dreamscape.domain.settings import ClientSettings

SOON_S, HANG_S = 1.5, 3.0
WORDS, PER_SECOND = 30, 25
"""Of an answer."""

GONE = (errors.BrowserGone, errors.TabCrashed)


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault, and what may come of it: one of ``errors`` within ``seconds``, or (``may_answer``) the whole answer.

    ``says`` is what the site does or where the prompt goes; ``kills`` is hit in the victim's browser, before the prompt
    is sent (``is_early``) or while it is answered.
    """

    name: str
    errors: tuple[type[errors.DreamscapeError], ...]
    says: str = ""
    kills: str = ""
    seconds: float = SOON_S
    is_early: bool = False
    may_answer: bool = False


KILLED = ("browser", "driver", "tab", "renderers")
"""The last are all of the browser's, among them the one in which its driver lives."""

KINDS = (
    Kind("session expired (401)", (errors.SessionExpired,), "401"),
    Kind("challenge instead of an answer (403)", (errors.ChallengeShown,), "403"),
    Kind("rate limit (429)", (errors.RateLimited,), "429"),
    Kind("challenge instead of the page", (errors.ChallengeShown,), "challenge"),
    Kind("connection dropped mid-stream", (errors.AnswerUnfinished,), "drop"),
    Kind("page hangs mid-stream", (errors.PageHung,), "hang", seconds=HANG_S),
    Kind("alert mid-stream", (errors.AnswerUnfinished,), "alert", may_answer=True),
    *(Kind(f"{what} killed mid-stream", GONE, kills=what) for what in KILLED),
    *(
        Kind(f"{what} killed before the prompt is sent", GONE, kills=what, is_early=True, may_answer=True)
        for what in KILLED
    ),
    Kind("network gone (address refused)", (errors.SiteUnreachable,), "refused"),
    Kind("profile locked by another of ours", (errors.SessionInUse,), "locked"),
    Kind("profile lock left by another host", (), "stale", may_answer=True),
)


@dataclass(slots=True)
class Tally:
    """What came of the faults of one kind: how many, after how many seconds each was typed, and what was wrong."""

    count: int = 0
    typed_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


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
    for kind, tally in tallies.items():
        if tally.count:
            yield _row(kind, tally)
    told = f"{beside.answered} answered, {beside.ended} ended with their browser, {len(beside.wrong)} wrong"
    yield Row("prompts of two conversations beside them", told + _first(beside.wrong), "0 wrong", not beside.wrong)


def _row(kind: Kind, tally: Tally) -> Row:
    told = f"{tally.count - len(tally.typed_s)} answered without a word, " if kind.may_answer else ""
    if tally.typed_s:
        told += f"typed after {statistics.median(tally.typed_s):.2f} s (median), {max(tally.typed_s):.2f} s (longest), "
    told += f"{len(tally.wrong)} wrong" + _first(tally.wrong)
    return Row(f"{tally.count} times {kind.name}", told, f"typed within {kind.seconds} s, 0 wrong", not tally.wrong)


def _first(wrong: list[str]) -> str:
    return f" (first: {wrong[0]})" if wrong else ""


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
        wrong = list(_wrong(kind, asked, answer, noted.count))
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
                return lambda prompt: self._account("victim").ask(f"{self.profile.url}?challenge", prompt)
            case "refused":
                away = replace(self.profile, url=refused_address())
                return lambda prompt: self._account("victim", away).ask(away.url, prompt)
            case "locked" | "stale":
                return lambda prompt: self._ask_on_locked(kind.says, self.folder / f"sessions{number}", prompt)
        return lambda prompt: self._account("victim").ask(self.profile.url, prompt)

    def _ask_on_locked(self, lock: str, folder: Path, prompt: str) -> str:
        session = folder / self.profile.name
        session.mkdir(parents=True)
        if lock == "stale":
            (session / "SingletonLock").symlink_to("another-host-123")
        with (
            closing(WebSites(folder, ClientSettings(browsers=1))) as web,
            held(session) if lock == "locked" else nullcontext(),
        ):
            return web.ask(self.profile, "", self.profile.url, prompt)

    def _account(self, name: str, profile: SiteProfile | None = None) -> Account:
        """A new one for each victim: an account is asked no more after a challenge, and rests after failures."""
        return Account(profile or self.profile, self.pool, self.folder, name)


def _wrong(kind: Kind, asked: Asked, answer: str, count: int) -> Iterator[str]:
    if count > 1:
        yield f"asked {count} times"
    if asked.error is None:
        if asked.answer != answer:
            yield "an answer that is not the whole one"
        elif not kind.may_answer:
            yield "answered in spite of the fault"
        if not count:
            yield "answered, but never asked"
    elif not isinstance(asked.error, kind.errors):
        yield f"told {type(asked.error).__name__}: {asked.error}"
