"""OpenAIClient: one door for every prompt; behind it chat sites in a browser, endpoints, and recordings."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

from dreamscape.client import api
from dreamscape.client.deadline import Deadlines
from dreamscape.client.keys import key_of
from dreamscape.client.outside import Outside
from dreamscape.client.sites import SiteBook
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import NoAnswer, RateLimited, TimeSpent, UsageError
from dreamscape.domain.models import Answer, ModelCard, Prompt, SessionCheck, SessionState

logger = logging.getLogger(__name__)

TELL_EVERY_S = 2.0
"""Between two words on how long an answer is so far; chosen."""

API_AT_ONCE = 4
"""Chosen: endpoints bound it themselves, by a rate limit."""


class OpenAIClient:
    """The only way to a prompt; ``outside`` watches over what leaves, ``sites`` are the profiles of chat sites.

    ``open_web`` is called before a site is reached for the first time: who asks none needs no home folder.
    Whoever has a client closes it: its browsers outlive a prompt. Every method may be called from any thread.
    """

    def __init__(self, outside: Outside, open_web: Callable[[], WebSites], sites: SiteBook) -> None:
        self._outside = outside
        self._open_web = open_web
        self._sites = sites
        self._lock = threading.Lock()
        self._web: WebSites | None = None
        self._endpoints = Deadlines()
        self._turns: dict[str, threading.Semaphore] = {}
        self._rest_until: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self, deadline: float = 0.0) -> None:
        """Ends all asking; until ``deadline`` (`time.monotonic`) prompts to chat sites may end first."""
        with self._lock:
            web, self._web = self._web, None
        endpoints, self._endpoints = self._endpoints, Deadlines()
        endpoints.end()
        if web is not None:
            web.close(deadline)

    def submit_prompt(
        self,
        prompt: Prompt,
        card: ModelCard,
        on_progress: Callable[[int], None] = lambda _: None,
        priority: int = 0,
        deadline: float = math.inf,
    ) -> Answer:
        """The model's answer, exactly as given; ``on_progress`` hears how many characters there are so far.

        Where prompts wait for a free conversation, higher ``priority`` goes first, until ``deadline``
        (`time.monotonic`). Raises UsageError where the card's provider answers no prompts or its key is missing,
        BudgetSpent where nothing may be asked, TimeSpent, and CannotGoOn where there is no answer.
        """
        tell = _teller(card.name, on_progress)
        with self._turn(card, deadline):
            return self._submitted(prompt, card, tell, priority, deadline)

    def _submitted(
        self, prompt: Prompt, card: ModelCard, tell: Callable[[int], None], priority: int, deadline: float
    ) -> Answer:
        match card.provider:
            case "recorded":
                return self._outside.replay(prompt, card)
            case "web":
                site = self._sites.named(card.site)

                def send(text: str) -> Answer:
                    url = card.url or site.url
                    said = self._reached().ask(site, card.account, url, text, tell, priority, deadline)
                    return Answer(said, card.name)

                return self._outside.ask(prompt, card, send)
            case "api":
                self._refuse_while_resting(card)
                key = key_of(card, os.environ)
                own = frozenset({key} if key else ())
                ask = partial(api.ask, card, key, tell=tell, deadline=deadline, among=self._endpoints)
                try:
                    return self._outside.ask(prompt, card, ask, own)
                except NoAnswer as error:
                    if error.again_s:
                        self._rest_until[card.name] = time.monotonic() + error.again_s
                    raise
            case _:
                raise UsageError(f"model {card.name} answers no prompts", "it is of provider embedded")

    def _refuse_while_resting(self, card: ModelCard) -> None:
        """Raises RateLimited where an endpoint said not long ago that it wants to be left alone."""
        if (left_s := self._rest_until.get(card.name, 0.0) - time.monotonic()) > 0:
            raise RateLimited(f"{card.name} takes no more prompts for now", f"asked again in {left_s:.0f} s")

    @contextlib.contextmanager
    def _turn(self, card: ModelCard, deadline: float) -> Iterator[None]:
        """One of those that the card allows at a time. Raises TimeSpent."""
        if not card.concurrency:
            yield
            return
        with self._lock:
            turns = self._turns.setdefault(card.name, threading.Semaphore(card.concurrency))
        if not turns.acquire(timeout=None if deadline == math.inf else max(0.0, deadline - time.monotonic())):
            raise TimeSpent(f"no time is left to ask {card.name}")
        try:
            yield
        finally:
            turns.release()

    def get_chatgpt_response(self, prompt: str, model_url: str = "https://chatgpt.com/") -> str:
        """The answer of the chat site and model that ``model_url`` opens; raises as `submit_prompt` does."""
        site = self._sites.having(model_url)
        card = ModelCard(site.name, "web", site=site.name, url=model_url)
        return self.submit_prompt(Prompt(prompt, fingerprint="", attempt=1), card).text

    def name_of(self, prompt: Prompt) -> str:
        """Names what would leave this machine as this prompt, the same in each run."""
        return self._outside.name_of(prompt)

    def warm_up(self, card: ModelCard) -> None:
        """Gets ready in the background for prompts to this model that are to come."""
        if card.provider == "web":
            self._reached().warm_up(self._sites.named(card.site), card.account)

    def at_once(self, card: ModelCard) -> int:
        """How many prompts to this model are worth having under way at a time."""
        served = self._reached().at_once(self._sites.named(card.site)) if card.provider == "web" else API_AT_ONCE
        return min(served, card.concurrency) if card.concurrency else served

    def validate_session(
        self, site: str, account: str = "", url: str = "", prompt: Prompt | None = None
    ) -> SessionCheck:
        """What is found on a chat site with a session, and what is wrong; ``prompt`` is sent to see an answer, too.

        Raises UsageError, SessionInUse, BudgetSpent.
        """
        profile = self._sites.named(site)
        look = partial(self._reached().check, profile, account, url or profile.url)
        if prompt is None:
            return look(None)
        found: list[SessionCheck] = []

        def send(text: str) -> Answer:
            found.append(look(text))
            return Answer("", site)

        self._outside.ask(prompt, ModelCard(site, "web", site=site), send)
        return found[0]

    def login(self, site: str, account: str = "", cookies: Path | None = None, seconds: float = 600.0) -> None:
        """Opens a window for a person to log in to a chat site, or takes the login from a file of cookies.

        Raises UsageError, SessionInUse, NoAnswer.
        """
        profile, reached = self._sites.named(site), self._reached()
        if cookies is None:
            reached.login(profile, account, time.monotonic() + seconds)
        else:
            reached.import_login(profile, account, cookies)

    def status(self) -> tuple[SessionState, ...]:
        """The sessions kept on this machine."""
        return self._reached().states()

    def forget(self, session: str) -> None:
        """Deletes a session with its login. Raises UsageError, SessionInUse."""
        self._reached().forget(session)

    def _reached(self) -> WebSites:
        with self._lock:
            self._web = self._web or self._open_web()
            return self._web


def _teller(name: str, on_progress: Callable[[int], None]) -> Callable[[int], None]:
    """Passes on how many characters there are, and logs it now and then."""
    told = time.monotonic()

    def tell(characters: int) -> None:
        nonlocal told
        on_progress(characters)
        if characters and time.monotonic() - told >= TELL_EVERY_S:
            told = time.monotonic()
            logger.info("%s: %d characters so far", name, characters)

    return tell
