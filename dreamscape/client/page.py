"""One page is one conversation: a prompt goes in exactly, the whole answer's Markdown comes out, or a typed error."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from dreamscape.client.browser import translated
from dreamscape.client.sites import SiteProfile
from dreamscape.domain.errors import (
    AnswerUnfinished,
    ChallengeShown,
    DreamscapeError,
    PromptRefused,
    RateLimited,
    SessionExpired,
    SiteChanged,
    SiteUnreachable,
)

if TYPE_CHECKING:
    from selenium.webdriver import Remote

logger = logging.getLogger(__name__)

SLICE_S = 2.0
"""The page's observer answers at once when something is decided, else after this time with how far it is: so that
progress is told and a page that hangs is noticed; chosen."""

OPEN_S, REACT_S = 30.0, 10.0
"""How long a page may take to open, and to react to what was put into it; chosen."""

IDLE_SLICES = 3
"""So many slices with neither a busy marker nor a new character after the answer had begun: it broke off."""


@dataclass(frozen=True, slots=True)
class ChatPage:
    """A page of a chat site in a running browser."""

    driver: Remote
    site: SiteProfile

    def ask(self, url: str, prompt: str) -> str:
        """Opens ``url``, sends the prompt once, and gives the answer as the page's copy button does.

        Raises PromptRefused, SiteChanged before anything was sent, AnswerUnfinished after it, and each NoAnswer.
        """
        self._open(url)
        self._enter(prompt)
        self._wait()
        return self._copied()

    def _open(self, url: str) -> None:
        with translated():
            self.driver.set_script_timeout(max(OPEN_S, REACT_S) + SLICE_S)
            self.driver.get(url)
        deadline = time.monotonic() + OPEN_S
        while True:
            # A page that redirects takes the script with it; the next one is looked at anew.
            state = self._run("ready", SLICE_S * 1000).get("state")
            if state == "box":
                return
            if state is not None:
                raise self._trouble(state)
            if time.monotonic() > deadline:
                break
        raise SiteChanged(f"no prompt box is to be seen on {self._address()}", self._advice("box"))

    def _enter(self, prompt: str) -> None:
        text = prompt.replace("\r\n", "\n").replace("\r", "\n")
        if text != prompt:
            logger.info("a prompt box holds no carriage returns: line ends are sent as line feeds")
        if 0 < self.site.longest_prompt < len(text):
            raise PromptRefused(
                f"the prompt has {len(text)} characters, {self.site.name} takes {self.site.longest_prompt}"
            )
        if not text.strip():
            raise PromptRefused("the prompt is empty")
        state = self._run("enter", text).get("state")
        if state in (None, "error"):
            raise PromptRefused(f"the prompt box of {self.site.name} does not keep the prompt exactly as it is")
        logger.debug("prompt entered by %s", state)
        if self._run("send", REACT_S * 1000).get("state") != "sent":
            raise SiteChanged("the prompt is in its box, but no send button is to be seen", self._advice("send"))

    def _wait(self) -> None:
        deadline = time.monotonic() + self.site.answer_s
        idle, characters = 0, 0
        while time.monotonic() < deadline:
            seen = self._run("wait", SLICE_S * 1000)
            state = seen.get("state")
            if state == "finished":
                return
            if state not in ("writing", None):
                raise self._trouble(state)
            length = int(seen.get("characters", 0))
            logger.info("%s: %d characters so far", self.site.name, length)
            idle = idle + 1 if seen.get("isIdle") and length == characters else 0
            characters = length
            if idle >= IDLE_SLICES:
                raise AnswerUnfinished("the answer stopped without its finished marker", self._advice("finished"))
        raise AnswerUnfinished(
            f"the answer was not finished after {self.site.answer_s:.0f} s", self._advice("answer_s")
        )

    def _copied(self) -> str:
        text = self._run("copy", REACT_S * 1000).get("text")
        if not isinstance(text, str) or not text:
            raise SiteChanged("the answer is there, but its copy button gives nothing", self._advice("copy"))
        return text

    def _run(self, action: str, value: object) -> dict[str, Any]:
        """What an action of page.js says; empty where it says nothing, as when the page was left or dismissed a box."""
        from selenium.common.exceptions import JavascriptException, UnexpectedAlertPresentException

        with translated():
            try:
                said = self.driver.execute_async_script(_script(), action, asdict(self.site), value)
            except UnexpectedAlertPresentException:
                return {}
            except JavascriptException as error:
                logger.debug("%s: %s", action, error.msg)
                return {"state": "left"} if action == "wait" else {}
        return said if isinstance(said, dict) else {}

    def _address(self) -> str:
        with translated():
            return self.driver.current_url

    def _trouble(self, state: str) -> DreamscapeError:
        """The error for what is to be seen on the page."""
        name = self.site.name
        match state:
            case "challenge":
                return ChallengeShown(
                    f"{name} wants to see that a person is there",
                    "open the site yourself; nothing here answers for you",
                )
            case "logged_out":
                return SessionExpired(f"the session with {name} is not logged in")
            case "rate_limit":
                return RateLimited(f"{name} takes no more prompts for now", "try again later")
            case "failed":
                return AnswerUnfinished(f"{name} shows that the answer broke off", "the prompt was sent; ask again")
            case "unreachable":
                return SiteUnreachable(f"{name} cannot be reached", "is the network there, and the address right?")
            case "left":
                return self._left()
            case _:
                return SiteChanged(f"the page of {name} could not be read: {state}")

    def _left(self) -> DreamscapeError:
        """The conversation's page is gone, perhaps to a login."""
        state = self._run("ready", REACT_S * 1000).get("state")
        if state in ("challenge", "logged_out", "rate_limit"):
            return self._trouble(state)
        return AnswerUnfinished(f"the page was left for {self._address()} before the answer was finished")

    def _advice(self, key: str) -> str:
        return (
            f"the site may have changed: {key!r} of its profile can be replaced in your own sites/{self.site.name}.toml"
        )


@cache
def _script() -> str:
    return files("dreamscape.client").joinpath("page.js").read_text("utf-8")
