"""Many conversations over few browsers, against a browser for each."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
from client_figures import AT_ONCE, Row, asking, median_ms
from client_site import Site, running_site

from dreamscape.client.browser import Driving
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import open_browser
from dreamscape.client.web import WebSites
from dreamscape.domain.settings import ClientSettings
from dreamscape.tools.processes import tree_pss

EACH = 4
"""Prompts one after the other in each conversation while prompts per minute are counted."""

WAYS = {"ours": (2, 0), "separate": (AT_ONCE, 1)}
"""How many browsers, and how many conversations in each (0: as many as the client finds right)."""


def conversing(rounds: int, seed: int) -> Iterator[Row]:
    """Memory and prompts per minute of 8 conversations, ours and those of 8 browsers in turn."""
    source = random.Random(seed)
    memory: dict[str, list[float]] = {name: [] for name in WAYS}
    pace: dict[str, list[float]] = {name: [] for name in WAYS}
    with running_site(tokens_per_second=25) as site:
        for _ in range(rounds):
            for name in source.sample(list(WAYS), len(WAYS)):
                browsers, streams = WAYS[name]
                site.forget()
                with asking(site, browsers, streams=streams) as (web, profile, _):
                    memory[name].append(_memory_mib(site, web, profile))
                    pace[name].append(_per_minute(site, web, profile))
    figures = f"8 conversations (median of {rounds})"
    both = [statistics.median(memory[name]) for name in WAYS]
    told = f"{both[0]:.0f} against {both[1]:.0f} MiB: {both[0] / both[1]:.2f}"
    yield Row(f"{figures}: memory (PSS) against 8 browsers", told, "at most 0.5", both[0] <= 0.5 * both[1])
    ratio = statistics.median(a / b for a, b in zip(pace["ours"], pace["separate"], strict=True))
    both = [statistics.median(pace[name]) for name in WAYS]
    told = f"{both[0]:.0f} against {both[1]:.0f}: {ratio:.2f}"
    yield Row(f"{figures}: prompts per minute against 8 browsers", told, "at least 0.95", ratio >= 0.95)


def _memory_mib(site: Site, web: WebSites, profile: SiteProfile) -> float:
    """Of all browsers and drivers while eight answers stream; the site's process is not ours."""
    site.set(fault="wait")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        asked = [threads.submit(web.ask, profile, "", profile.url, f"warm up {n}") for n in range(AT_ONCE)]
        while len(site.get("prompts")) < AT_ONCE:
            assert not any(answer.done() for answer in asked), "none ends before it may"
            time.sleep(0.1)
        children = [child.pid for child in psutil.Process().children() if child.pid != site.pid]
        mib = sum(map(tree_pss, children)) / 2**20
        site.set(fault="", release=True)
        for answer in asked:
            answer.result()
    site.set(release=False)
    return mib


def _per_minute(site: Site, web: WebSites, profile: SiteProfile) -> float:
    """While each of eight asks one prompt after the other, with answers of two seconds."""

    def talk(number: int) -> None:
        for turn in range(EACH):
            prompt = f"{number} {turn}"
            assert web.ask(profile, "", profile.url, prompt) == answers[prompt]

    prompts = [f"{number} {turn}" for number in range(AT_ONCE) for turn in range(EACH)]
    answers = {prompt: " ".join([f"word{prompt[0]}"] * 50) for prompt in prompts}
    site.set(answers=answers)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(talk, range(AT_ONCE)))
    return len(prompts) * 60 / (time.monotonic() - began)


def over_grid(rounds: int, seed: int) -> Iterator[Row]:
    """Time of a whole prompt, the page's opening included, above the site's own streaming; round trips beside it."""
    from grid import running_grid

    above, trips = [], []
    with (
        tempfile.TemporaryDirectory(prefix="bench-client-") as place,
        running_grid(Path(place), slots=2, timeout_s=300) as grid,
        running_site(tokens_per_second=20) as site,
        closing(WebSites(Path(place, "sessions"), ClientSettings(grid.address, browsers=1))) as web,
        open_browser(Path(place, "other"), Driving("remote", grid.address)) as browser,
    ):
        profile = site.profile(Path(place))
        for number in range(rounds + 2):  # the first two open the browser, and warm it
            began = time.monotonic()
            browser.sign_of_life().result()
            trips.append(time.monotonic() - began)
            prompt, answer = f"prompt {number}", " ".join(["word"] * 20)
            site.prepare(prompt, answer)
            began = time.monotonic()
            assert web.ask(profile, "", profile.url, prompt) == answer
            took, noted = time.monotonic() - began, site.noted(prompt)
            above.append(took - (noted.finished_at - noted.arrived_at))
    ms, trip_ms = median_ms(above[2:]), median_ms(trips[2:])
    told, goal_ms = f"{ms:.0f} ms, with round trips of {trip_ms:.1f} ms", 3 * trip_ms + 50
    figure = f"a prompt through a Grid: time above the site's own streaming (median of {rounds})"
    yield Row(figure, told, f"at most 3 round trips + 50 ms ({goal_ms:.0f} ms)", ms <= goal_ms)
