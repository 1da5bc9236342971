"""A running browser's tabs, each used by one thread at a time; whoever waits for a tab learns what befell it."""

from __future__ import annotations

import base64
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dreamscape.client.bidi import BiDi, Refused, fail
from dreamscape.client.browser import Driving, running_browser
from dreamscape.client.browser_errors import translated
from dreamscape.domain.errors import NoAnswer, PageHung, SiteUnreachable, TabCrashed

if TYPE_CHECKING:
    from selenium.webdriver import Remote

logger = logging.getLogger(__name__)

COMMAND_S = 30.0
"""A command that needs no page answers within this time, or the browser counts as gone; chosen for busy machines."""

SILENT_S, PROBE_S = 0.75, 0.25
"""Without a word from a page for so long, it is asked for a sign of life, again after each ``PROBE_S``."""

HUNG_S = 2.25
"""A page silent for so long, while the browser's empty tab answers, is hung; time in which a process of the browser
waited for a processor does not count."""

AHEAD_S = 60.0
"""A page opened ahead is shown to nobody after so long: a login may have ended, a site been changed; chosen."""

CRASHED = "goog:cdp.Inspector.targetCrashed"

JAVASCRIPT = {"awaitPromise": True, "resultOwnership": "none"}

_USUAL = Driving()


class PageLeft(Exception):
    """The document that ran a script is there no more."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """An address that is being opened for whoever comes next; ``since`` as in `time.monotonic`."""

    url: str
    opening: Future[dict[str, Any]]
    since: float


class Browser:
    """Opens tabs in one running browser; ``driver`` is its classic session, used as a last witness alone."""

    def __init__(self, driver: Remote, *, is_local: bool = True) -> None:
        self._driver = driver
        self._is_local = is_local
        self._driver_lock = threading.Lock()
        self._is_lost = False
        self.bidi = BiDi.connect(driver.capabilities["webSocketUrl"])
        self.bidi.command("session.subscribe", COMMAND_S, events=["script.message"])
        with contextlib.suppress(Refused):  # what is no Chromium does not know it
            self.bidi.command("session.subscribe", COMMAND_S, events=[CRASHED])
        tree = self.bidi.command("browsingContext.getTree", COMMAND_S, maxDepth=0)
        self._empty_tab: str = tree["contexts"][0]["context"]

    def open_tab(self, kind: Literal["tab", "window"] = "window") -> Tab:
        """A new, empty tab, in a window of its own unless told: behind another it gets no frames to draw. Raises
        NoAnswer."""
        return Tab(self, self.command("browsingContext.create", {"type": kind})["context"])

    def command(self, method: str, params: Mapping[str, object]) -> Mapping[str, Any]:
        """What the browser answers to a command of the standard. Raises NoAnswer, `PageLeft`."""
        with _in_words():
            return self.settled(self.bidi.send(method, **params), COMMAND_S)

    def settled(self, pending: Future[dict[str, Any]], seconds: float) -> dict[str, Any]:
        """What a command gives within ``seconds``, as long as the browser lives. Raises NoAnswer, `Refused`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(NotYet):
                return pending.result(min(SILENT_S, left))
            with contextlib.suppress(Refused):
                self._show_life()
        raise PageHung(f"the browser did not react for {seconds:.0f} s", "try again")

    def _show_life(self) -> None:
        try:
            self.sign_of_life().result(PROBE_S)
        except NotYet:
            self.bear_witness()

    def sign_of_life(self) -> Future[dict[str, Any]]:
        """Asks the empty tab to compute nothing."""
        return self.bidi.send("script.evaluate", expression="0", target={"context": self._empty_tab}, **JAVASCRIPT)

    def bear_witness(self) -> None:
        """Raises what the classic session knows of a browser that says nothing: that it crashed, ended, or hangs."""
        try:
            with self._driver_lock, translated():
                _ = self._driver.title
        except NoAnswer:
            self._is_lost = True
            raise

    def is_well(self) -> bool:
        """Whether it still answers."""
        if self._is_lost:  # known already: its answer would be waited for in vain
            return False
        try:
            self.sign_of_life().result(COMMAND_S)
        except (NoAnswer, NotYet, Refused):
            return False
        return True

    def memory_mib(self) -> float:
        """Its proportional set size; 0 where it does not run on this machine."""
        from dreamscape.tools.processes import tree_pss

        return tree_pss(self._pid) / 2**20 if self._pid else 0.0

    def waits(self) -> Mapping[int, float]:
        """See `tree_waits`, for its processes; empty where it does not run on this machine."""
        from dreamscape.tools.processes import tree_waits

        return tree_waits(self._pid) if self._pid else {}

    @property
    def _pid(self) -> int:
        """Of its main process; 0 where that is not on this machine, or unknown."""
        return int(self._driver.capabilities.get("goog:processID") or 0) if self._is_local else 0

    def close(self) -> None:
        """Ends the connection; the browser itself is ended by whoever started it."""
        self.bidi.close()


@contextlib.contextmanager
def open_browser(folder: Path, how: Driving = _USUAL) -> Iterator[Browser]:
    """A browser on the profile folder, ready for tabs, while the block runs. Raises SessionInUse, BrowserMissing."""
    with running_browser(folder, how) as driver:
        browser = Browser(driver, is_local=how.driver != "remote")
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """One tab. Whatever it raises but `PageLeft` and SiteUnreachable, it is of no more use."""

    def __init__(self, browser: Browser, context: str) -> None:
        self._browser = browser
        self._bidi = browser.bidi
        self._context = context
        self._pending: Future[dict[str, Any]] | None = None
        self._ahead: _Ahead | None = None
        self._heard = 0.0
        self._on_word: Callable[[int], None] = lambda _: None
        self._crash_key: str | None = None
        self._has_crashed = threading.Event()
        self._bidi.listen("script.message", context, self._hear)
        with contextlib.suppress(Refused):
            self._crash_key = self._bidi.command("goog:cdp.getSession", COMMAND_S, context=context)["session"]
            self._bidi.listen(CRASHED, self._crash_key or "", self._note_crash)

    def go(self, url: str, seconds: float) -> None:
        """Opens an address and waits until its document is read. Raises NoAnswer."""
        # An address with a fragment opens no new document where only the fragment differs from the one before.
        addresses = ("about:blank", url) if "#" in url else (url,)
        try:
            with _in_words():
                for address in addresses:
                    self._pending = self._navigate(address)
                    self._browser.settled(self._pending, seconds)
        except PageHung as error:
            raise SiteUnreachable(f"{url} did not open within {seconds:.0f} s", "is the network there?") from error
        except PageLeft as error:
            raise TabCrashed("the tab was closed", "try again") from error
        except SiteUnreachable as error:  # so it looks, too, where the crash that aborted it is only told afterwards
            if "ERR_ABORTED" in error.message and self._has_crashed.wait(PROBE_S):
                raise _crash() from error
            raise

    def open_ahead(self, url: str) -> None:
        """Begins to open an address, so that whoever asks there next need not wait for it. Raises BrowserGone."""
        self._ahead = _Ahead(url, self._navigate(url), time.monotonic())

    def is_open(self, url: str, seconds: float) -> bool:
        """Whether a page of that address, opened ahead and not looked at by anybody, is shown; it is asked for once."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead.url != url or time.monotonic() - ahead.since > AHEAD_S:
            return False
        with contextlib.suppress(NoAnswer, PageLeft), _in_words():
            self._browser.settled(ahead.opening, seconds)
            return True
        return False

    def call(self, script: str, *texts: str, on_word: Callable[[int], None] = lambda _: None) -> str:
        """What the script's promise gives; it gets the texts, then a function that tells us a number.

        Raises `PageLeft` where its document goes meanwhile, NoAnswer where the page, the tab or the browser fails.
        """
        arguments: list[Mapping[str, object]] = [{"type": "string", "value": text} for text in texts]
        arguments.append({"type": "channel", "value": {"channel": self._context}})
        self._heard, self._on_word = time.monotonic(), on_word
        with _in_words():
            target = {"context": self._context}
            self._pending = self._bidi.send(
                "script.callFunction", functionDeclaration=script, arguments=arguments, target=target, **JAVASCRIPT
            )
            return _value(self._settled(self._pending))

    def picture(self) -> bytes:
        """What is to be seen, as PNG. Raises NoAnswer."""
        with _in_words():
            taken = self._bidi.command("browsingContext.captureScreenshot", COMMAND_S, context=self._context)
        return base64.b64decode(taken["data"])

    def close(self) -> None:
        """Closes the tab, also one that hangs."""
        self._bidi.listen("script.message", self._context, None)
        if self._crash_key:
            self._bidi.listen(CRASHED, self._crash_key, None)
        with contextlib.suppress(Refused):
            self._bidi.command("browsingContext.close", COMMAND_S, context=self._context)

    def _navigate(self, url: str) -> Future[dict[str, Any]]:
        return self._bidi.send("browsingContext.navigate", context=self._context, url=url, wait="interactive")

    def _settled(self, pending: Future[dict[str, Any]]) -> dict[str, Any]:
        while True:
            with contextlib.suppress(NotYet):
                return pending.result(max(0.05, self._heard + SILENT_S - time.monotonic()))
            if time.monotonic() - self._heard >= SILENT_S:
                self._look_for_life(pending)

    def _look_for_life(self, pending: Future[dict[str, Any]]) -> None:
        """Returns when the page answers or the call is settled; else raises what is wrong with it."""
        target = {"context": self._context}
        page = self._bidi.send("script.evaluate", expression="0", target=target, **JAVASCRIPT)
        empty = self._browser.sign_of_life()
        began, waits = self._heard, self._browser.waits()
        while not pending.done():
            with contextlib.suppress(NotYet, Refused):
                page.result(PROBE_S)
                self._heard = time.monotonic()
                return
            if page.done():  # refused: the document changes just now, or the tab is gone
                time.sleep(PROBE_S)
                return
            silent = time.monotonic() - began
            starved = max((total - waits.get(pid, total) for pid, total in self._browser.waits().items()), default=0.0)
            if not empty.done():
                self._browser.bear_witness()
            if silent - starved >= HUNG_S and (empty.done() or silent >= COMMAND_S):
                raise PageHung(f"the page did not react for {silent:.1f} s", "try again; the tab was closed")

    def _hear(self, params: Mapping[str, Any]) -> None:
        self._heard = time.monotonic()
        try:
            self._on_word(int(params["data"].get("value", 0)))
        except Exception as error:  # noqa: BLE001  # it is for the one who asked, and nobody else in this browser
            if self._pending is not None:
                fail(self._pending, error)

    def _note_crash(self, params: Mapping[str, Any]) -> None:
        self._has_crashed.set()
        if self._pending is not None:
            fail(self._pending, _crash())


def _crash() -> TabCrashed:
    return TabCrashed("the page's process died", "try again; is the machine short of memory?")


def _value(result: dict[str, Any]) -> str:
    if result["type"] == "exception":
        raise PageHung(f"the page's script failed: {result['exceptionDetails'].get('text', '')}")
    return str(result["result"].get("value", ""))


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """Tells in our own errors what a browser refuses."""
    try:
        yield
    except Refused as refused:
        words = refused.message
        if "net::ERR_" in words:
            raise SiteUnreachable(f"the site cannot be reached: {words}", "is the network there?") from refused
        if refused.code == "no such frame":
            raise TabCrashed("the tab was closed", "try again") from refused
        if "navigated or closed" in words or "context" in words:
            raise PageLeft(words) from refused
        raise PageHung(f"the browser could not do its work: {words}", "try again") from refused
