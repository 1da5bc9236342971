"""OpenAIClient: one door for every prompt; behind it chat sites in a browser, and recordings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from dreamscape.client.outside import Outside
from dreamscape.client.recorded import replay
from dreamscape.client.sites import SiteProfile
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import Answer, ModelCard, Prompt


class OpenAIClient:
    """The only way to a prompt; ``outside`` watches over what leaves, ``site_named`` finds a site's profile.

    ``open_web`` is called before the first prompt to a chat site: who asks none needs no home folder.
    Whoever has a client closes it: its browsers outlive a prompt. Every method may be called from any thread.
    """

    def __init__(
        self, outside: Outside, open_web: Callable[[], WebSites], site_named: Callable[[str], SiteProfile]
    ) -> None:
        self._outside = outside
        self._open_web = open_web
        self._site_named = site_named
        self._lock = threading.Lock()
        self._web: WebSites | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self, deadline: float = 0.0) -> None:
        """Ends all sessions; until ``deadline`` (`time.monotonic`) prompts under way may end first."""
        with self._lock:
            web, self._web = self._web, None
        if web is not None:
            web.close(deadline)

    def _sites(self) -> WebSites:
        with self._lock:
            self._web = self._web or self._open_web()
            return self._web

    def submit_prompt(self, prompt: Prompt, card: ModelCard) -> Answer:
        """The model's answer, exactly as given.

        Raises UsageError where this version cannot reach the card's provider, BudgetSpent where nothing may be asked,
        CannotGoOn where there is no answer.
        """
        match card.provider:
            case "recorded":
                return replay(prompt, card)
            case "web":
                site = self._site_named(card.site)
                return self._outside.ask(prompt.text, card, lambda text: self._ask_site(site, text, card))
            case _:
                raise UsageError(
                    f"model {card.name} is of provider {card.provider!r}, which this version cannot reach yet",
                    "disable its card; providers now: embedded, recorded, web",
                )

    def _ask_site(self, site: SiteProfile, text: str, card: ModelCard) -> Answer:
        return Answer(self._sites().ask(site, card.url or site.url, text), card.name)
