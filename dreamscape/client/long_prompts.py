"""A prompt longer than a site takes goes in, messages that it takes come out: whole, told to be parts of one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from dreamscape.client.sites import SiteProfile
from dreamscape.domain.errors import PromptRefused

logger = logging.getLogger(__name__)

HEADER = "[Part {at} of {all} of one message. Reply with OK alone until you have the last part; answer that one.]\n\n"

ATTACHED_AS = "message.md"
ABOUT_ATTACHMENT = f"My message is in the attached file {ATTACHED_AS}. Answer it."


@dataclass(frozen=True, slots=True)
class Messages:
    """What a prompt is to a site: the message to send, the text of the file that goes with it, and what follows."""

    text: str
    attachment: str | None = None
    rest: tuple[str, ...] = ()


def fitted(prompt: str, site: SiteProfile) -> Messages:
    """A prompt as the site's profile says that the site takes it. Raises PromptRefused."""
    if not prompt.strip():
        raise PromptRefused("the prompt is empty")
    is_long = 0 < site.longest_prompt < len(prompt)
    if is_long and site.too_long == "attach":
        return Messages(ABOUT_ATTACHMENT, prompt)
    text = prompt.replace("\r\n", "\n").replace("\r", "\n")
    if text != prompt:
        logger.info("a prompt box holds no carriage returns: line ends are sent as line feeds")
    if not is_long:
        return Messages(text)
    if site.too_long == "refuse":
        what = f"the prompt has {len(prompt)} characters, {site.name} takes {site.longest_prompt}"
        raise PromptRefused(what, "a profile may split or attach it: too_long")
    try:
        first, *rest = split(text, site.longest_prompt)
    except ValueError as error:
        raise PromptRefused(str(error)) from error
    return Messages(first, None, tuple(rest))


def split(prompt: str, most: int) -> tuple[str, ...]:
    """Messages of at most ``most`` characters each, whose texts behind the headers make up the prompt, in order.

    Cut behind line ends where there are any. Raises ValueError where not even the headers fit.
    """
    room = most - len(HEADER.format(at=9999, all=9999))
    if room < 1:
        raise ValueError(f"{most} characters leave no room beside what says that a message is a part")
    pieces = []
    while prompt:
        end = len(prompt) if len(prompt) <= room else prompt.rfind("\n", 0, room) + 1 or room
        pieces.append(prompt[:end])
        prompt = prompt[end:]
    return tuple(HEADER.format(at=at, all=len(pieces)) + piece for at, piece in enumerate(pieces, start=1))
