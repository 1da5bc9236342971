"""A prompt longer than a site takes goes in, messages that it takes come out: whole, told to be parts of one."""

from __future__ import annotations

HEADER = "[Part {at} of {all} of one message. Reply with OK alone until you have the last part; answer that one.]\n\n"

ATTACHED_AS = "message.md"
ABOUT_ATTACHMENT = f"My message is in the attached file {ATTACHED_AS}. Answer it."


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
