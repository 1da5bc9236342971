"""An address and a text go in, a chat site's answer comes out, in a session that lasts."""

from __future__ import annotations

import math
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from dreamscape.client.accounts import Account, read_state, remembered, state_file
from dreamscape.client.breaker import Breaker
from dreamscape.client.browser import Driving, held
from dreamscape.client.cookie_file import read_cookies
from dreamscape.client.login_state import export_state, import_state, read_login, write_login
from dreamscape.client.page import ChatPage
from dreamscape.client.pictures import PICTURES
from dreamscape.client.pool import Pool, PoolLimits
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import Browser, PageLeft, open_browser
from dreamscape.domain.errors import BrowserGone, CannotGoOn, NoAnswer, TabCrashed, UsageError
from dreamscape.domain.models import SessionCheck, SessionState
from dreamscape.domain.settings import ClientSettings
from dreamscape.tools.files import explained

_MORE = "+"
"""Between a session's name and the number of a further browser of it, in the name of that browser's folder."""

_LOGIN = "login.json"


@dataclass(frozen=True, slots=True)
class WebSites:
    """All chat sites there are profiles for; ``data`` is the user's own folder, where sessions are kept.

    A session is named by its site, and by the account where the user has several there. Whoever has this closes it.
    Every method may be called from any thread.
    """

    data: Path
    settings: ClientSettings
    _accounts: dict[str, Account] = field(default_factory=dict)
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _first: dict[str, Browser] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self,
        site: SiteProfile,
        account: str,
        url: str,
        text: str,
        on_progress: Callable[[int], None] = lambda _: None,
        priority: int = 0,
        deadline: float = math.inf,
    ) -> str:
        """One prompt, one conversation. Raises UsageError before the site is reached, and see `Account.ask`."""
        return self._account(site, account, url).ask(url, text, on_progress, priority, deadline)

    def check(self, site: SiteProfile, account: str, url: str, prompt: str | None) -> SessionCheck:
        """See `Account.check`."""
        found = self._account(site, account, url).check(url, prompt)
        return replace(found, checked=self._state(found.session).checked)

    def warm_up(self, site: SiteProfile, account: str) -> None:
        """Has a browser start in the background for prompts that are to come."""
        self._account(site, account, site.url).warm_up()

    def at_once(self, site: SiteProfile) -> int:
        """How many prompts an account of the site may be given at a time."""
        return _limits(site, self.settings).conversations()

    def login(self, site: SiteProfile, account: str, until: float) -> None:
        """Opens a window on the session and waits until a person has logged in. Raises SessionInUse, NoAnswer."""
        self._make_folder()
        session = session_name(site, account)
        with open_browser(self.data / session, Driving(site.driver, is_visible=True)) as browser:
            try:
                ChatPage(browser.open_tab("tab"), site).wait_for_login(site.url, until)
            except (BrowserGone, TabCrashed) as error:
                words = f"the window was closed before anybody had logged in to {site.name}"
                raise BrowserGone(words, "run it again; it closes by itself") from error
            self._keep_login(site, session, browser)
        self._account(site, account, site.url).forgive()

    def import_login(self, site: SiteProfile, account: str, cookies: Path) -> None:
        """Logs a session in with the cookies in a file. Raises UsageError, SessionInUse, NoAnswer."""
        login = read_cookies(cookies, urlsplit(site.url).hostname or "", "://".join(urlsplit(site.url)[:2]))
        self._make_folder()
        session = session_name(site, account)
        with open_browser(self.data / session, Driving(site.driver)) as browser:
            import_state(browser.command, login)
            ChatPage(browser.open_tab(), site).look(site.url)
            self._keep_login(site, session, browser)
        self._account(site, account, site.url).forgive()

    def states(self) -> tuple[SessionState, ...]:
        """All sessions kept here, sorted by name. Raises CannotGoOn where nobody can tell."""
        folders = {path.name for path in self._kept() if path.name != PICTURES and _MORE not in path.name}
        return tuple(map(self._state, sorted(folders | set(remembered(self.data)))))

    def forget(self, session: str) -> None:
        """Deletes a session, its login with it. Raises UsageError where there is none, SessionInUse, CannotGoOn."""
        if session not in {state.session for state in self.states()}:
            raise UsageError(f"there is no session {session!r}", "see: dreamscape session list")
        with held(self.data / session):
            folders = [path for path in self._kept() if path.name.partition(_MORE)[0] == session]
            with explained(self.data / session):
                for folder in folders:
                    shutil.rmtree(folder)
                state_file(self.data, session).unlink(missing_ok=True)

    def close(self, deadline: float = 0.0) -> None:
        """Ends all browsers; until ``deadline`` (`time.monotonic`) those who talk may end first."""
        with self._lock:
            accounts = list(self._accounts.values())
            self._accounts.clear()
        for account in accounts:
            account.close(deadline)

    def _account(self, site: SiteProfile, account: str, url: str) -> Account:
        """The account this process uses on a site; made once."""
        if not site.has(url):
            raise UsageError(f"{url} is not an address of {site.name}", f"its pages begin with {site.url}")
        name = session_name(site, account)
        with self._lock:
            if name not in self._accounts:
                self._make_folder()
                pool = Pool(lambda number: self._opened(site, name, number), _limits(site, self.settings))
                breaker = self._breakers.setdefault(site.name, Breaker(site.name))
                self._accounts[name] = Account(site, pool, self.data, name, breaker)
            return self._accounts[name]

    def _kept(self) -> list[Path]:
        """The folders of sessions, and others; none where nobody has logged in yet."""
        try:
            return [path for path in self.data.iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            words = f"{self.data} cannot be read: {error.strerror}"
            raise CannotGoOn(words, "your logins with chat sites are kept there; make it yours again") from error

    def _make_folder(self) -> None:
        with explained(self.data):
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _opened(self, site: SiteProfile, session: str, number: int) -> Iterator[Browser]:
        """The session's browser with this number: one on its own folder, others (and all of a Grid) with its login."""
        how = Driving("remote", self.settings.grid) if self.settings.grid else Driving(site.driver)
        is_own = number == 0 and not self.settings.grid
        with open_browser(self.data / (session if number == 0 else f"{session}{_MORE}{number}"), how) as browser:
            if not is_own:
                self._give_login(site, session, browser)
            if number == 0:
                self._first[session] = browser
            try:
                yield browser
            finally:
                if number == 0:
                    del self._first[session]

    def _keep_login(self, site: SiteProfile, session: str, browser: Browser) -> None:
        write_login(self.data / session / _LOGIN, export_state(browser.command, site.url))

    def _give_login(self, site: SiteProfile, session: str, browser: Browser) -> None:
        """Makes a browser as logged in as the session's first, or as the session was when it was last logged in."""
        with suppress(NoAnswer, PageLeft, KeyError):
            self._keep_login(site, session, self._first[session])
        if login := read_login(self.data / session / _LOGIN):
            import_state(browser.command, login)

    def _state(self, session: str) -> SessionState:
        kept = read_state(state_file(self.data, session))
        return SessionState(
            session, kept.prompts, _in_utc(kept.asked), _in_utc(kept.cool_until), kept.trouble, _in_utc(kept.checked)
        )


def session_name(site: SiteProfile, account: str) -> str:
    """What a session is called, and its folder. Raises UsageError for an account that cannot be part of that."""
    if not re.fullmatch(r"[\w.-]*", account) or account.startswith("."):
        raise UsageError(f"an account cannot be called {account!r}", "it takes letters, digits, dots, dashes")
    return f"{site.name}@{account}" if account else site.name


def _limits(site: SiteProfile, settings: ClientSettings) -> PoolLimits:
    return PoolLimits(
        browsers=settings.browsers,
        at_once=site.at_once,
        streams=site.streams,
        prompts=settings.prompts_per_browser,
        mib=settings.browser_mib,
        per_minute=site.prompts_per_minute,
    )


def _in_utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""
