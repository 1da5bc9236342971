"""A prompt and an address go in, a chat site's answer comes out: redacted on the way, in a session that lasts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dreamscape.client.browser import running_browser
from dreamscape.client.calls import take_call
from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile
from dreamscape.domain.errors import BudgetSpent, SessionExpired, UsageError
from dreamscape.domain.models import Answer
from dreamscape.domain.settings import BudgetSettings
from dreamscape.tools.files import explained
from dreamscape.tools.redact import redact


@dataclass(frozen=True, slots=True)
class WebSites:
    """All chat sites there are profiles for.

    ``data`` is the user's own folder, where sessions are kept; ``secrets`` are values no prompt may hold, beside what
    looks like a secret by itself; ``today`` is asked for each prompt.
    """

    data: Path
    budget: BudgetSettings
    secrets: frozenset[str]
    today: Callable[[], date]

    def ask(self, site: SiteProfile, url: str, prompt: str, model: str) -> Answer:
        """One prompt, one conversation. Raises UsageError and BudgetSpent before the site is reached, each NoAnswer."""
        if not site.has(url):
            raise UsageError(f"{url} is not an address of {site.name}", f"its pages begin with {site.url}")
        if not (self.budget.calls_per_day or self.budget.usd_per_day):
            raise BudgetSpent(
                "no outside model is asked without a budget", "set budget.calls_per_day in your own config"
            )
        with explained(self.data):
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        hidden = redact(prompt, self.secrets)
        started = time.monotonic()
        session = self.data / site.name
        try:
            with running_browser(session) as driver:
                take_call(self.data, self.budget.calls_per_day, self.today())
                text = ChatPage(driver, site).ask(url, hidden.text)
        except SessionExpired as error:
            # The way the driver keeps cookies, which a browser started by hand must share.
            by_hand = f"chromium --password-store=basic --user-data-dir='{session}' {site.url}"
            raise SessionExpired(error.message, f"log in once by hand, then close the window: {by_hand}") from error
        return Answer(hidden.restore(text), model, seconds=time.monotonic() - started)
