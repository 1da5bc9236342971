"""A prompt and an address go in, a chat site's answer comes out: redacted on the way, in a session that lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dreamscape.client.accounts import Account
from dreamscape.client.calls import take_call
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import Browser, open_browser
from dreamscape.domain.errors import BudgetSpent, UsageError
from dreamscape.domain.models import Answer
from dreamscape.domain.settings import BudgetSettings, ClientSettings
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
    settings: ClientSettings
    _accounts: dict[str, Account] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

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
        take_call(self.data, self.budget.calls_per_day, self.today())
        text = self.account(site).ask(url, hidden.text)
        return Answer(hidden.restore(text), model, seconds=time.monotonic() - started)

    def account(self, site: SiteProfile) -> Account:
        """The account this process uses on a site; made once."""
        with self._lock:
            if site.name not in self._accounts:
                limits = PoolLimits(
                    browsers=self.settings.browsers,
                    at_once=site.at_once,
                    streams=site.streams,
                    prompts=self.settings.prompts_per_browser,
                    mib=self.settings.browser_mib,
                    per_minute=site.prompts_per_minute,
                )
                pool = Pool(lambda number: self._opened(site, number), limits)
                self._accounts[site.name] = Account(site, pool, self.data / f"{site.name}.json")
            return self._accounts[site.name]

    def close(self, deadline: float = 0.0) -> None:
        """Ends all browsers; until ``deadline`` (`time.monotonic`) those who talk may end first."""
        with self._lock:
            accounts = list(self._accounts.values())
            self._accounts.clear()
        for account in accounts:
            account.close(deadline)

    @contextmanager
    def _opened(self, site: SiteProfile, number: int) -> Iterator[Browser]:
        with open_browser(self.data / (site.name if number == 0 else f"{site.name}-{number + 1}")) as browser:
            yield browser
