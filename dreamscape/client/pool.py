"""Conversations over few browsers: tabs are lent for one prompt each, in a fair queue.

What is decided is decided under one lock; browsers and tabs are opened and closed outside of it.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from dreamscape.client.tabs import Browser, Tab
from dreamscape.domain.errors import BrowserGone, NoAnswer, TimeSpent

logger = logging.getLogger(__name__)

HTTP1_STREAMS, MANY_STREAMS = 6, 16
"""Chromium opens six connections to a host over HTTP/1.1, and each answer that streams holds one; over HTTP/2 all
share one, and what bounds them is memory (chosen)."""

WEIGH_EVERY = 20
"""A browser's memory is looked at after so many prompts: it takes milliseconds of reading the kernel's books."""

SIGNALS_S = 1.0
"""A signal that comes just before the main thread begins to wait is heeded only when that wait ends; chosen."""

OpenBrowser = Callable[[int], AbstractContextManager[Browser]]
"""Opens the account's browser with this number; 0 has the session's own folder, others copy its login."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """``at_once`` conversations are lent at a time (0: as many as ``browsers`` can), ``streams`` of them in one browser
    (0: found out); a browser is renewed after ``prompts`` or above ``mib`` of memory; ``per_minute`` prompts are begun
    at the most (0: no limit)."""

    browsers: int = 1
    at_once: int = 0
    streams: int = 0
    prompts: int = 200
    mib: int = 3000
    per_minute: float = 0.0

    def conversations(self, streams: int = 0) -> int:
        """How many there may be at a time, with so many in one browser (0: as far as is known beforehand)."""
        most = self.browsers * (streams or self.streams or HTTP1_STREAMS)
        return min(most, self.at_once or most)


@dataclass(slots=True, eq=False)
class _Member:
    """A browser of the pool; ``number`` is its place, ``lent`` counts the tabs in use."""

    number: int
    context: AbstractContextManager[Browser]
    browser: Browser
    lent: int = 0
    prompts: int = 0
    idle: list[Tab] = field(default_factory=list)
    is_leaving: bool = False
    trouble: NoAnswer | None = None

    def tab(self) -> Tab:
        """One that was used before, or a new one."""
        with contextlib.suppress(IndexError):
            return self.idle.pop()
        return self.browser.open_tab()


class Pool:
    """The browsers of one account. Every method may be called from any thread."""

    def __init__(self, open_browser: OpenBrowser, limits: PoolLimits) -> None:
        self._open_browser = open_browser
        self._limits = limits
        self._streams = limits.streams or HTTP1_STREAMS
        self._changed = threading.Condition()
        self._tickets: list[tuple[int, int]] = []
        self._numbers = itertools.count()
        self._members: list[_Member] = []
        self._opening: set[int] = set()
        self._ending: set[int] = set()
        self._next_at = 0.0
        self._is_closed = False

    @contextlib.contextmanager
    def lend(self, priority: int = 0, deadline: float = math.inf, *, is_paced: bool = True) -> Iterator[Tab]:
        """A tab, while the block runs; it is closed if the block fails.

        ``is_paced`` for a prompt, of which only so many are begun in a minute. Higher priorities first, else who came
        first. Raises TimeSpent where none is free before ``deadline`` (`time.monotonic`), NoAnswer where no browser
        opens, BrowserGone when the pool is closed.
        """
        member = self._seat(priority, deadline, is_paced=is_paced)
        tab = None
        try:
            tab = member.tab()
            yield tab
        except BaseException as error:
            self._give_up(member, tab, error)
            raise
        else:
            member.idle.append(tab)
        finally:
            self._leave(member)

    def learn_protocol(self, protocol: str) -> None:
        """What a page was transferred by decides how many answers may stream at once, unless the limits say it."""
        if not self._limits.streams:
            with self._changed:
                self._streams = MANY_STREAMS if protocol in ("h2", "h3") else HTTP1_STREAMS
                self._changed.notify_all()

    @property
    def at_once(self) -> int:
        """How many conversations there may be at a time."""
        return self._limits.conversations(self._streams)

    def warm_up(self) -> None:
        """Opens the first browser and a tab in the background, so that the first prompt need not wait for them."""

        def open_one() -> None:
            with contextlib.suppress(NoAnswer), self.lend(is_paced=False):
                pass

        if not self._taken():
            _in_background("warm-up", open_one)

    def counts(self) -> tuple[int, int, int]:
        """Browsers open, tabs lent, prompts that wait."""
        with self._changed:
            return len(self._members), sum(member.lent for member in self._members), len(self._tickets)

    def close(self, deadline: float = 0.0) -> None:
        """Lends no more, waits until ``deadline`` (`time.monotonic`) for what is lent, then ends all browsers.

        Who still waits or talks gets BrowserGone.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            while any(member.lent for member in self._members) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            while self._opening:  # a browser that starts just now ends itself
                self._changed.wait()
            members, self._members = self._members, []
        with contextlib.ExitStack() as each:  # all of them, also where one does not end as it should
            for member in members:
                each.callback(_close, member)
        with self._changed:
            while self._ending:
                self._changed.wait()

    def _seat(self, priority: int, deadline: float, *, is_paced: bool) -> _Member:
        """A member with a tab reserved in it."""
        ticket = (-priority, next(self._numbers))
        with self._changed:
            heapq.heappush(self._tickets, ticket)
            try:
                member = self._wait_for_seat(ticket, deadline)
            finally:
                self._tickets.remove(ticket)
                heapq.heapify(self._tickets)
                self._changed.notify_all()
            if is_paced and self._limits.per_minute:
                self._next_at = time.monotonic() + 60 / self._limits.per_minute
            if member is not None:
                member.lent += 1
                return member
            number = min(set(range(self._limits.browsers)) - self._taken())
            self._opening.add(number)
        return self._opened(number)

    def _wait_for_seat(self, ticket: tuple[int, int], deadline: float) -> _Member | None:
        """A member with a free seat, or None where a browser is to be opened; the lock is held."""
        while True:
            if self._is_closed:
                raise BrowserGone("the client was closed")
            now = time.monotonic()
            pause = self._next_at - now
            lent = sum(member.lent for member in self._members) + len(self._opening)
            if self._tickets[0] == ticket and pause <= 0 and lent < self.at_once:
                free = [m for m in self._members if not m.is_leaving and m.lent < self._streams]
                if free:
                    return max(free, key=lambda member: member.lent)
                if not self._opening and len(self._taken()) < self._limits.browsers:
                    return None
            if now >= deadline:
                raise TimeSpent("no conversation was free in time", "give more time, or allow more client.browsers")
            self._changed.wait(min(deadline - now, pause if pause > 0 else SIGNALS_S))

    def _taken(self) -> set[int]:
        return self._opening | self._ending | {member.number for member in self._members}

    def _opened(self, number: int) -> _Member:
        try:
            context = self._open_browser(number)
            member = _Member(number, context, context.__enter__(), lent=1)
        except BaseException:
            with self._changed:
                self._opening.discard(number)
                self._changed.notify_all()
            raise
        with self._changed:
            if not self._is_closed:
                self._members.append(member)
                self._opening.discard(number)
                self._changed.notify_all()
                return member
        try:
            _close(member)
        finally:
            with self._changed:
                self._opening.discard(number)
                self._changed.notify_all()
        raise BrowserGone("the client was closed")

    def _give_up(self, member: _Member, tab: Tab | None, error: BaseException) -> None:
        """Closes a tab that failed, and has its browser leave if that is the cause."""
        if isinstance(error, NoAnswer) and not member.browser.is_well():
            member.is_leaving, member.trouble = True, error
            return
        if tab is not None:  # a page that hangs takes half a second to close
            _in_background("close", _close_tab, tab)

    def _leave(self, member: _Member) -> None:
        """Gives a seat back; the last one out of a browser that is to go ends it."""
        member.prompts += 1
        is_heavy = member.prompts % WEIGH_EVERY == 0 and member.browser.memory_mib() > self._limits.mib
        with self._changed:
            member.lent -= 1
            member.is_leaving |= is_heavy or member.prompts >= self._limits.prompts
            ends = member.is_leaving and not member.lent and member in self._members
            if ends:
                self._members.remove(member)
                self._ending.add(member.number)
            self._changed.notify_all()
        if ends:  # what befell the prompt, or its answer, is told meanwhile
            _in_background("end", self._end, member)

    def _end(self, member: _Member) -> None:
        try:
            _close(member)
        finally:
            with self._changed:  # only now is its folder free for the next
                self._ending.discard(member.number)
                self._changed.notify_all()


def _in_background(name: str, act: Callable[..., None], *values: object) -> None:
    threading.Thread(target=act, args=values, name=name, daemon=True).start()


def _close_tab(tab: Tab) -> None:
    with contextlib.suppress(NoAnswer):
        tab.close()


def _close(member: _Member) -> None:
    error = member.trouble
    with contextlib.suppress(NoAnswer):
        member.context.__exit__(type(error) if error else None, error, None)
