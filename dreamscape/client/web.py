"""An address and a text go in, a chat site's answer comes out, in a session that lasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dreamscape.client.accounts import Account
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import Browser, open_browser
from dreamscape.domain.errors import UsageError
from dreamscape.domain.settings import ClientSettings
from dreamscape.tools.files import explained


@dataclass(frozen=True, slots=True)
class WebSites:
    """All chat sites there are profiles for; ``data`` is the user's own folder, where sessions are kept.

    Whoever has it closes it. Every method may be called from any thread.
    """

    data: Path
    settings: ClientSettings
    _accounts: dict[str, Account] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, site: SiteProfile, url: str, text: str) -> str:
        """One prompt, one conversation. Raises UsageError before the site is reached, and each NoAnswer."""
        if not site.has(url):
            raise UsageError(f"{url} is not an address of {site.name}", f"its pages begin with {site.url}")
        return self.account(site).ask(url, text)

    def account(self, site: SiteProfile) -> Account:
        """The account this process uses on a site; made once."""
        with self._lock:
            if site.name not in self._accounts:
                self._accounts[site.name] = self._new_account(site)
            return self._accounts[site.name]

    def close(self, deadline: float = 0.0) -> None:
        """Ends all browsers; until ``deadline`` (`time.monotonic`) those who talk may end first."""
        with self._lock:
            accounts = list(self._accounts.values())
            self._accounts.clear()
        for account in accounts:
            account.close(deadline)

    def _new_account(self, site: SiteProfile) -> Account:
        with explained(self.data):
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        limits = PoolLimits(
            browsers=self.settings.browsers,
            at_once=site.at_once,
            streams=site.streams,
            prompts=self.settings.prompts_per_browser,
            mib=self.settings.browser_mib,
            per_minute=site.prompts_per_minute,
        )
        pool = Pool(lambda number: self._opened(site, number), limits)
        return Account(site, pool, self.data / f"{site.name}.json")

    @contextmanager
    def _opened(self, site: SiteProfile, number: int) -> Iterator[Browser]:
        with open_browser(self.data / (site.name if number == 0 else f"{site.name}-{number + 1}")) as browser:
            yield browser
