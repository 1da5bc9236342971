"""What one prompt costs, and whether every byte of it arrives."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import client_rivals as rivals
from client_site import KINDS, Site, answer_to, nasty, running_site

from dreamscape.client import OpenAIClient
from dreamscape.client.browser import running_browser
from dreamscape.client.calls import Ledger
from dreamscape.client.outside import Outside
from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteBook, SiteProfile
from dreamscape.client.tabs import Tab, open_browser
from dreamscape.client.web import WebSites
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.settings import BudgetSettings, ClientSettings

AT_ONCE = 8

_ENOUGH = BudgetSettings(calls_per_day=10**6)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; ``is_met`` is None where there is no goal."""

    figure: str
    measured: str
    goal: str
    is_met: bool | None = None


@contextmanager
def asking(site: Site, browsers: int = 1, **keys: object) -> Iterator[tuple[WebSites, SiteProfile, Path]]:
    """Our client, the profile of the site, and a folder that goes at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-client-") as place:
        folder = Path(place)
        with closing(WebSites(folder / "sessions", ClientSettings(browsers=browsers))) as web:
            yield web, site.profile(folder, **keys), folder


def waiting(rounds: int, seed: int) -> Iterator[Row]:
    """Time above the site's own streaming, beside the usual ways to wait."""
    source = random.Random(seed)
    ways = {"WebDriverWait, 0.5 s": rivals.wait_for_copy_button, ".text until four equal": rivals.wait_until_stable}
    after: dict[str, list[tuple[float, float]]] = {name: [] for name in ("ours", *ways)}
    with (
        running_site(tokens_per_second=20, ways=["reporting"]) as site,
        asking(site) as (web, profile, folder),
        running_browser(folder / "rival") as driver,
    ):
        web.ask(profile, "", profile.url, "warm up")
        for number in range(rounds):
            answer = " ".join(["word"] * source.randint(20, 60))
            for name in source.sample(list(after), len(after)):
                prompt = f"{number} {name}"
                site.set(answers={prompt: answer})
                if name == "ours":
                    assert web.ask(profile, "", profile.url, prompt) == answer
                else:
                    rivals.ask_from_textarea(driver, profile, prompt, ways[name])
                after[name].append(since(site, prompt, time.monotonic()))
    sent, drawn = ({name: median_ms(pair[at] for pair in pairs) for name, pairs in after.items()} for at in (0, 1))
    for name, goal in zip(ways, (20, 100), strict=True):
        both = f"{sent['ours']:.1f} against {sent[name]:.0f} ms: 1/{sent[name] / sent['ours']:.0f}"
        since_drawn = f"since the last token was drawn {drawn['ours']:.1f} against {drawn[name]:.0f} ms"
        figure = f"time above the site's own streaming, against {name} (median of {rounds})"
        yield Row(figure, f"{both}; {since_drawn}", f"at most 1/{goal}", sent["ours"] <= sent[name] / goal)


def since(site: Site, prompt: str, returned: float) -> tuple[float, float]:
    """Seconds since the last byte of the answer was sent, and since the page had drawn it."""
    deadline = time.monotonic() + 5
    while (noted := site.noted(prompt)).drawn_at is None:  # the page tells it in its own time
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return returned - noted.finished_at, returned - noted.drawn_at


def computing(rounds: int, seed: int) -> Iterator[Row]:
    """CPU of our own process for a prompt of 1 kB and an answer of 1 kB, redaction and ledger included."""
    spent = []
    with running_site() as site, asking(site) as (web, profile, folder):
        outside = Outside(Ledger(lambda: folder, _ENOUGH, lambda: datetime.now(UTC)), frozenset)
        client = OpenAIClient(outside, lambda: web, SiteBook((folder,)))
        for number in range(rounds + 5):
            prompt = f"{number} ".ljust(1000, "p")
            site.set(answers={prompt: "a" * 1000})
            before = time.process_time()
            client.submit_prompt(Prompt(prompt, str(number), 1), ModelCard("own", "web", site=profile.name))
            spent.append(time.process_time() - before)
    ms = median_ms(spent[5:])
    yield Row(
        f"CPU of our process per prompt, 1 kB in and out (median of {rounds})", f"{ms:.1f} ms", "at most 5 ms", ms <= 5
    )


def entering(rounds: int, seed: int) -> Iterator[Row]:
    """Prompt entry into a page that is open, against `send_keys`; and how soon a long prompt is at the server."""
    source, prompt = random.Random(seed), "abcdefghi " * 100
    for kind in KINDS:
        with running_site(kind=kind) as site, asking(site) as (web, profile, folder):
            took: dict[str, list[float]] = {"ours": [], "send_keys": []}
            with open_browser(folder / "ours") as browser, running_browser(folder / "rival") as driver:
                tab = browser.open_tab()
                page, opened = ChatPage(tab, profile), ChatPage(_Opened(tab), profile)
                for _ in range(rounds):
                    page.look(profile.url)
                    rivals.open_page(driver, profile)
                    for name in source.sample(list(took), 2):
                        began = time.perf_counter()
                        if name == "ours":
                            opened.enter(profile.url, prompt)
                        else:
                            rivals.type_prompt(driver, profile, prompt)
                        took[name].append(time.perf_counter() - began)
            ours, keys = median_ms(took["ours"]), median_ms(took["send_keys"])
            told = f"{ours:.0f} against {keys:.0f} ms: {keys / ours:.0f} times faster"
            yield Row(
                f"entry of 1 kB into a {kind}, against send_keys (median of {rounds})",
                told,
                "at least 20 times",
                keys >= 20 * ours,
            )
            yield _long_entry(site, web, profile, source, kind)


class _Opened:
    """A tab that stays on the page it shows."""

    def __init__(self, tab: Tab) -> None:
        self.call = tab.call

    def go(self, url: str, seconds: float) -> None:
        pass

    def is_open(self, url: str, seconds: float) -> bool:
        return False


def _long_entry(site: Site, web: WebSites, profile: SiteProfile, source: random.Random, kind: str) -> Row:
    """Three prompts of 100 kB: the slowest counts."""
    times, wrong = [], 0
    web.ask(profile, "", profile.url, "warm up")
    for number in range(3):
        text = "".join(nasty(source) for _ in range(400))
        prompt = f"{number} {text}".encode()[:100_000].decode(errors="ignore")
        site.set(answers={prompt: "good"})
        began = time.monotonic()
        web.ask(profile, "", profile.url, prompt)
        arrived = site.noted(prompt).arrived_at
        wrong += arrived is None
        times.append((arrived or time.monotonic()) - began)
    slowest = max(times)
    told = f"{slowest:.2f} s at the most of {len(times)}, {wrong} of them not exact"
    return Row(
        f"100 kB of nasty text into a {kind}, exact at the server",
        told,
        "exact, at most 2 s",
        slowest <= 2 and not wrong,
    )


def exactness(rounds: int, seed: int) -> Iterator[Row]:
    """Nasty prompts and answers, several at once."""
    for kind in KINDS:
        source = random.Random(f"{seed} {kind}")
        prompts = [nasty(source) for _ in range(rounds)]
        with running_site(kind=kind) as site, asking(site, browsers=2) as (web, profile, _):
            with ThreadPoolExecutor(AT_ONCE) as threads:
                answers = list(threads.map(lambda prompt: _answer(web, profile, prompt), prompts))
            arrived = Counter(site.get("prompts"))
        wrong = (Counter(prompts) - arrived).total() + (arrived - Counter(prompts)).total()
        differing = [n for n, (p, said) in enumerate(zip(prompts, answers, strict=True)) if said != answer_to(p)]
        told = f"{wrong} prompts and {len(differing)} answers differ" + (
            f", the first number {differing[0]}" if differing else ""
        )
        yield Row(
            f"{rounds:,} nasty round trips through a {kind}, {AT_ONCE} at once", told, "0", not wrong and not differing
        )


def _answer(web: WebSites, profile: SiteProfile, prompt: str) -> str:
    try:
        return web.ask(profile, "", profile.url, prompt)
    except Exception as error:  # noqa: BLE001  # counted as an answer that differs
        print(f"  {type(error).__name__}: {error}")
        return f"{type(error).__name__}: {error}"


def median_ms(seconds: Iterator[float] | Sequence[float]) -> float:
    return 1000 * statistics.median(seconds)
