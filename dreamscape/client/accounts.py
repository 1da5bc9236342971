"""One account of a chat site: a prompt goes in, the answer comes out; limits, cool-downs and retries are kept here."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dreamscape.client.breaker import Breaker
from dreamscape.client.long_prompts import fitted
from dreamscape.client.page import ChatPage
from dreamscape.client.pictures import PICTURES, keep_picture
from dreamscape.client.pool import Pool
from dreamscape.client.sites import ENDS, NEEDED, SiteProfile
from dreamscape.client.tabs import PageLeft, Tab
from dreamscape.domain.errors import (
    BrowserGone,
    CannotGoOn,
    ChallengeShown,
    DiskFull,
    NoAnswer,
    PageHung,
    RateLimited,
    SessionExpired,
    SiteChanged,
    SiteUnreachable,
    TabCrashed,
)
from dreamscape.domain.models import Marker, SessionCheck
from dreamscape.tools.files import atomic_write

logger = logging.getLogger(__name__)

TRIES = 3
"""So often a prompt is put into a page while it is certain that it was not sent (chosen)."""

RETRIED = (BrowserGone, TabCrashed, PageHung)
STOPS = (ChallengeShown, SessionExpired)
"""What only a person can mend: the account is asked no more by this process."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What lasts between runs; times in seconds since 1970, ``trouble`` what was wrong last, ``checked`` when a check
    last found the whole page as its profile says, ``is_challenged`` until a person has looked after a challenge."""

    cool_until: float = 0.0
    asked: float = 0.0
    prompts: int = 0
    trouble: str = ""
    checked: float = 0.0
    is_challenged: bool = False


class Account:
    """Every method may be called from any thread; ``session`` is its name, under which it remembers in ``folder``."""

    def __init__(self, site: SiteProfile, pool: Pool, folder: Path, session: str, breaker: Breaker) -> None:
        self._site = site
        self._pool = pool
        self._breaker = breaker
        self._folder = folder
        self._session = session
        self._state_file = state_file(folder, session)
        self._lock = threading.Lock()
        kept = read_state(self._state_file)
        self._stopped: NoAnswer | None = None
        if kept.is_challenged:
            self._stopped = ChallengeShown(kept.trouble)
            self._stopped.hint = self._to_look_after(self._stopped)
        self._cool_until = kept.cool_until
        self._is_asked_again = False

    def ask(
        self,
        url: str,
        prompt: str,
        on_progress: Callable[[int], None] = lambda _: None,
        priority: int = 0,
        deadline: float = math.inf,
    ) -> str:
        """The answer to one prompt, sent once at the most; ``on_progress`` hears its length so far, in characters.

        Raises TimeSpent where no conversation was free before ``deadline`` (`time.monotonic`), else NoAnswer.
        """
        with _unsent():
            fitted(prompt, self._site)  # what can never be sent needs no browser
            self._refuse_while_resting()
            self._breaker.refuse_while_resting()
        for tries_left in reversed(range(TRIES)):
            is_sent = False
            try:
                with self._pool.lend(priority, deadline) as tab:
                    page = ChatPage(tab, self._site)
                    with self._pictured(page):
                        entered = page.enter(url, prompt)
                        self._pool.learn_protocol(entered.protocol)
                        is_sent = True
                        answer = page.converse(entered, on_progress)
                    self._prepare(tab, url)
                self._remember(None)
                return answer
            except NoAnswer as error:
                self._remember(error)
                error.is_unsent = not is_sent
                if is_sent or not tries_left or not isinstance(error, RETRIED):
                    raise
                logger.info("%s: %s; nothing was sent, trying again", self._site.name, error)
        raise AssertionError("the last try returns or raises")

    def check(self, url: str, prompt: str | None) -> SessionCheck:
        """Opens the site, and with ``prompt`` asks it, once; what is found there, and what is wrong, with a picture."""
        site = self._site
        found: dict[str, int] = {}
        check = SessionCheck(self._session, url, site.verified, site.evidence, version=site.version)
        try:
            with self._pool.lend(is_paced=prompt is not None) as tab:
                page = ChatPage(tab, site)
                with self._pictured(page, always=True):
                    try:
                        check = replace(check, protocol=page.look(url))
                    finally:
                        found = self._matched(page)
                    if prompt is not None:
                        page.converse(page.enter(url, prompt), lambda _: None)
                        found = {key: max(place, found[key]) for key, place in page.matched().items()}
                        self._note(prompts=True, checked=time.time())
            self.forgive()
        except NoAnswer as error:
            advice = self._to_look_after(error) if isinstance(error, STOPS) else error.hint
            check = replace(check, trouble=error.message, advice=advice)
        return replace(check, markers=tuple(_marker(site, key, place) for key, place in found.items()))

    def forgive(self) -> None:
        """Has it asked again: a person has logged in, or has seen its page as it should be."""
        with self._lock:
            self._stopped = None
        note_state(self._folder, self._session, trouble="", is_challenged=False)

    def _prepare(self, tab: Tab, url: str) -> None:
        """Has the tab open the page for the next prompt; who asked but once may be done."""
        if self._is_asked_again:
            with suppress(NoAnswer):
                tab.open_ahead(url)
        self._is_asked_again = True

    def _matched(self, page: ChatPage) -> dict[str, int]:
        """What of the profile is found, as far as the page can be asked."""
        with suppress(NoAnswer, PageLeft):
            return page.matched()
        return {}

    def warm_up(self) -> None:
        """See `Pool.warm_up`; not for an account that is left alone."""
        with suppress(NoAnswer):
            self._refuse_while_resting()
            self._pool.warm_up()

    def close(self, deadline: float = 0.0) -> None:
        """Ends the account's browsers; see `Pool.close`."""
        self._pool.close(deadline)

    @contextmanager
    def _pictured(self, page: ChatPage, *, always: bool = False) -> Iterator[None]:
        """Adds a picture of the page to what is told of one that looks otherwise than its profile says."""
        try:
            yield
        except NoAnswer as error:
            is_seen = isinstance(error, SiteChanged) or (always and not isinstance(error, SiteUnreachable))
            path = self._picture(page) if is_seen else None
            if path is None:
                raise
            told = " | ".join(filter(None, [error.hint, f"a picture of the page: {path}"]))
            raise type(error)(error.message, told) from error

    def _picture(self, page: ChatPage) -> Path | None:
        """Where a picture of the page was kept; None where there is nothing to take one of."""
        with suppress(CannotGoOn, PageLeft, OSError):
            return keep_picture(self._folder / PICTURES, self._session, page.picture(), datetime.now())
        return None

    def _refuse_while_resting(self) -> None:
        with self._lock:
            if self._stopped is not None:
                raise type(self._stopped)(self._stopped.message, self._stopped.hint)
        if time.time() < self._cool_until:
            when = f"{datetime.fromtimestamp(self._cool_until):%H:%M}"
            raise RateLimited(f"{self._site.name} has had enough prompts for now", f"asked again from {when} on")

    def _remember(self, error: NoAnswer | None) -> None:
        """What the next prompts, and the next runs, must know."""
        self._breaker.note(error)
        with self._lock:
            if isinstance(error, STOPS):
                error.hint = self._to_look_after(error)
                self._stopped = error
            if isinstance(error, RateLimited):
                self._cool_until = time.time() + self._site.cool_down_s
            is_challenged = isinstance(self._stopped, ChallengeShown)
            trouble = str(error or "")
            self._note(prompts=error is None, trouble=trouble, cool_until=self._cool_until, is_challenged=is_challenged)

    def _to_look_after(self, error: NoAnswer) -> str:
        """What a person does about one of `STOPS`."""
        account = self._session.partition("@")[2]
        login = f"dreamscape session login --site {self._site.name}" + (f" --account {account}" if account else "")
        if isinstance(error, ChallengeShown):
            return f"answer it yourself, nothing here does: {login} (or is it gone? session check)"
        return login

    def _note(self, *, prompts: bool = False, **changed: Any) -> None:
        count = read_state(self._state_file).prompts + prompts
        note_state(self._folder, self._session, asked=time.time(), prompts=count, **changed)


@contextmanager
def _unsent() -> Iterator[None]:
    """Has no refusal from within count as a prompt that was asked."""
    try:
        yield
    except NoAnswer as error:
        error.is_unsent = True
        raise


def _marker(site: SiteProfile, key: str, place: int) -> Marker:
    selector = getattr(site, key)[place] if place >= 0 else None
    return Marker(key, selector, place + 1 if place >= 0 else None, key in (*NEEDED, *ENDS))


_STATE = ".account.json"


def state_file(folder: Path, session: str) -> Path:
    """Where what is remembered of a session's account stands."""
    return folder / f"{session}{_STATE}"


def remembered(folder: Path) -> list[str]:
    """The sessions of which something is remembered."""
    return [path.name.removesuffix(_STATE) for path in folder.glob(f"*{_STATE}")]


def note_state(folder: Path, session: str, **changed: Any) -> None:
    """Writes down for the next runs what has changed; without a place to write it is only known to this one."""
    path = state_file(folder, session)
    try:
        known = replace(read_state(path), **changed)
        atomic_write(path, json.dumps(asdict(known)).encode(), private=True, durable=False)
    except (DiskFull, OSError) as error:
        logger.warning("what was learnt about %s is not kept: %s", session, error)


def read_state(path: Path) -> AccountState:
    """What is remembered of an account; nothing where nothing can be read."""
    try:
        kept = json.loads(path.read_bytes())
        cool_until, asked = float(kept["cool_until"]), float(kept["asked"])
        prompts, is_challenged = int(kept["prompts"]), bool(kept.get("is_challenged"))
        return AccountState(cool_until, asked, prompts, str(kept["trouble"]), float(kept["checked"]), is_challenged)
    except (OSError, ValueError, KeyError, TypeError):
        return AccountState()
