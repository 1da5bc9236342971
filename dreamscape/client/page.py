"""One page is one conversation: a prompt goes in exactly, the whole answer's Markdown comes out, or a typed error."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dreamscape.client.long_prompts import ATTACHED_AS, fitted
from dreamscape.client.sites import SiteProfile
from dreamscape.client.tabs import PageLeft, Tab
from dreamscape.domain.errors import (
    AnswerUnfinished,
    ChallengeShown,
    DreamscapeError,
    PageHung,
    PromptRefused,
    RateLimited,
    SessionExpired,
    SiteChanged,
    SiteUnreachable,
    UsageError,
)

logger = logging.getLogger(__name__)

SENT = "the prompt was sent, and is not sent again by itself"

OPEN_S, BOX_S, REACT_S = 30.0, 30.0, 10.0
"""How long a page may take to open, to show its prompt box, and to react to what was put into it; chosen."""

TELL_S = 5.0
"""So often it is told that a prompt box is still waited for; chosen."""

IDLE_S = 6.0
"""So long neither a busy marker nor a new character after the answer had begun: it broke off; chosen."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A message that stands in its box; ``protocol`` is the page's ("h2", "http/1.1", ...), ``rest`` further messages
    that belong to it, ``is_attached`` where the prompt is in a file with it."""

    message: str
    protocol: str
    rest: tuple[str, ...] = ()
    is_attached: bool = False


@dataclass(frozen=True, slots=True)
class ChatPage:
    """One conversation in a tab: `enter` first, then `converse`, each once."""

    tab: Tab
    site: SiteProfile

    def enter(self, url: str, prompt: str) -> Entered:
        """Opens ``url`` and writes the prompt into its box.

        Nothing is sent yet, whatever is raised: PromptRefused, SiteChanged, NoAnswer.
        """
        messages = fitted(prompt, self.site)
        entry = _entry(messages.text, messages.attachment)
        said: Mapping[str, Any] = {}
        if self.tab.is_open(url, OPEN_S):  # what it shows instead of its box, a new one may not
            with suppress(PageLeft):
                said = self._run("enter", {**entry, "seconds": REACT_S})
        if said.get("state") != "entered":
            said = self._opened(url, "enter", entry)
        if said["state"] != "entered":
            raise self._trouble(said["state"])
        logger.debug("prompt entered by %s", said["way"])
        return Entered(messages.text, str(said["protocol"]), messages.rest, messages.attachment is not None)

    def look(self, url: str) -> str:
        """Opens ``url`` and waits for the prompt box; gives the page's protocol. Raises SiteChanged, NoAnswer."""
        said = self._opened(url, "ready", {})
        if said["state"] != "box":
            raise self._trouble(said["state"])
        return str(said["protocol"])

    def converse(self, entered: Entered, on_progress: Callable[[int], None]) -> str:
        """Sends what was entered, once, and gives the answer as the page's copy button does; of several messages that
        belong together the last one's.

        Raises SiteChanged, AnswerUnfinished and other NoAnswer; the prompt may have been sent by then.
        """
        try:
            answer = self._answer(entered.message, on_progress, is_attached=entered.is_attached)
            for message in entered.rest:
                said = self._run("enter", {**_entry(message), "seconds": BOX_S})
                if (state := said.get("state", "refused")) != "entered":
                    raise self._trouble(_sent_in_part(state))
                answer = self._answer(message, on_progress, in_words=_sent_in_part)
        except PageLeft as error:
            raise self._left() from error
        return answer

    def wait_for_login(self, url: str, until: float) -> None:
        """Opens ``url`` and waits until a person has logged in there; ``until`` as in `time.monotonic`.

        Raises SessionExpired where nobody has, NoAnswer.
        """
        try:
            self.tab.go(url, OPEN_S)
        except (SiteUnreachable, PageHung) as error:  # a person may be elsewhere before it is open
            if not re.search("ERR_ABORTED|cancel", error.message):
                raise
        while time.monotonic() < until:
            try:
                state = self._run("ready", {"seconds": 1}).get("state")
            except PageLeft:
                continue
            if state == "box":
                return
            time.sleep(0.5)
        raise SessionExpired(f"nobody has logged in to {self.site.name} in time", "try again, or import cookies")

    def matched(self) -> dict[str, int]:
        """For each key of the profile that names selectors, which of them finds something now (0 first), or -1."""
        return self._run("inspect", {})

    def picture(self) -> bytes:
        """The page's outlines as PNG: no word, no image, what the profile finds framed. The page is spent then."""
        self._run("veil", {})
        return self.tab.picture()

    def _opened(self, url: str, action: str, value: Mapping[str, object]) -> dict[str, Any]:
        """What an action says of the page that ``url`` leads to."""
        self.tab.go(url, OPEN_S)
        deadline = time.monotonic() + BOX_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                said = self._run(action, {**value, "seconds": min(left, TELL_S)})
            except PageLeft:  # redirected: the next page is looked at anew
                continue
            if said.get("state") == "elsewhere":
                raise SiteUnreachable(
                    f"{url} leads to a page of another address, where nothing is sent unasked",
                    f"is the url right in the profile of {self.site.name}?",
                )
            if said:
                return said
            logger.info("%s: waiting for the prompt box", self.site.name)
        raise SiteChanged(f"no prompt box is to be seen on {url}", self._advice("box"))

    def _answer(
        self,
        message: str,
        on_progress: Callable[[int], None],
        *,
        is_attached: bool = False,
        in_words: Callable[[str], str] = str,
    ) -> str:
        asked = {"prompt": message, "is_attached": is_attached, "react_s": REACT_S, "idle_s": IDLE_S}
        said = self._run("converse", asked, on_progress)
        if said["state"] != "answered":
            raise self._trouble(in_words(said["state"]))
        return str(said["text"])

    def _run(
        self, action: str, value: Mapping[str, object], on_progress: Callable[[int], None] = lambda _: None
    ) -> dict[str, Any]:
        """What an action of page.js says; empty where it saw nothing."""
        told = self.tab.call(_script(), action, _profile(self.site), json.dumps(value), on_word=on_progress)
        said: dict[str, Any] = json.loads(told) or {}
        if "no_selector" in said:
            raise UsageError(
                f"the profile of {self.site.name} has a selector that is none: {said['no_selector']!r}",
                f"mend it in your own sites/{self.site.name}.toml",
            )
        return said

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
                return SessionExpired(
                    f"the session with {name} is not logged in", f"dreamscape session login --site {name}"
                )
            case "rate_limit":
                return RateLimited(f"{name} takes no more prompts for now", "try again later")
            case "failed":
                return AnswerUnfinished(f"{name} shows that the answer broke off", SENT)
            case "silent":
                what = "the answer stopped, and nothing shows that it is whole"
                return AnswerUnfinished(what, self._advice("finished" if self.site.finished else "copy"))
            case "endless":
                what = f"the answer was not finished after {self.site.answer_s:.0f} s"
                return AnswerUnfinished(what, self._advice("answer_s"))
            case "unattached":
                return SiteChanged(f"{name} does not take the prompt as a file", self._advice("file_input"))
            case "gone":
                return SiteChanged(
                    "the prompt box takes no more in the middle of the conversation", self._advice("box")
                )
            case "refused":
                return PromptRefused(f"the prompt box of {name} does not keep the prompt exactly as it is")
            case "unsent":
                what = "the prompt is in its box, but no send button is to be seen"
                return SiteChanged(what, self._advice("send"))
            case "untaken":
                what = f"the send button was pressed, and nothing happened for {REACT_S:.0f} s"
                return SiteChanged(what, self._advice("send"))
            case "uncopied":
                return SiteChanged("the answer is there, but its copy button gives nothing", self._advice("copy"))
            case _:
                return SiteChanged(f"the page of {name} could not be read: {state}")

    def _left(self) -> DreamscapeError:
        """The conversation's page is gone, perhaps to a login."""
        deadline = time.monotonic() + REACT_S
        while (left := deadline - time.monotonic()) > 0:
            try:
                state = self._run("ready", {"seconds": left}).get("state")
            except PageLeft:  # on its way to yet another
                continue
            if state in ("challenge", "logged_out", "rate_limit"):
                return self._trouble(state)
            break
        return AnswerUnfinished("the page was left before the answer was finished", SENT)

    def _advice(self, key: str) -> str:
        return (
            f"the site may have changed: {key!r} of its profile can be replaced in your own sites/{self.site.name}.toml"
        )


def _entry(message: str, attachment: str | None = None) -> dict[str, object]:
    return {"prompt": message, "attachment": attachment, "name": ATTACHED_AS, "react_s": REACT_S}


def _sent_in_part(state: str) -> str:
    """A prompt of which the first messages were sent was not refused."""
    return "gone" if state == "refused" else state


@cache
def _profile(site: SiteProfile) -> str:
    return json.dumps(asdict(site))


@cache
def _script() -> str:
    return files("dreamscape.client").joinpath("page.js").read_text("utf-8")
