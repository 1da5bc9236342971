"""The kinds of faults there are, and what may come of each."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from client_figures import Row
from client_places import Asked

from dreamscape.domain import errors

SOON_S, HANG_S = 1.5, 3.0
GONE = (errors.BrowserGone, errors.TabCrashed)


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault, and what may come of it: one of ``errors`` within ``seconds``, or (``may_answer``) the whole answer.

    ``says`` is what the site does or where the prompt goes; ``kills`` is hit in the victim's browser, before the prompt
    is sent (``is_early``) or while it is answered.
    """

    name: str
    errors: tuple[type[errors.DreamscapeError], ...]
    says: str = ""
    kills: str = ""
    seconds: float = SOON_S
    is_early: bool = False
    may_answer: bool = False


KILLED = ("browser", "driver", "tab", "renderers")
"""The last are all of the browser's, among them the one in which its driver lives."""

KINDS = (
    Kind("session expired (401)", (errors.SessionExpired,), "401"),
    Kind("challenge instead of an answer (403)", (errors.ChallengeShown,), "403"),
    Kind("rate limit (429)", (errors.RateLimited,), "429"),
    Kind("challenge instead of the page", (errors.ChallengeShown,), "challenge"),
    Kind("connection dropped mid-stream", (errors.AnswerUnfinished,), "drop"),
    Kind("page hangs mid-stream", (errors.PageHung,), "hang", seconds=HANG_S),
    Kind("alert mid-stream", (errors.AnswerUnfinished,), "alert", may_answer=True),
    *(Kind(f"{what} killed mid-stream", GONE, kills=what) for what in KILLED),
    *(
        Kind(f"{what} killed before the prompt is sent", GONE, kills=what, is_early=True, may_answer=True)
        for what in KILLED
    ),
    Kind("network gone (address refused)", (errors.SiteUnreachable,), "refused"),
    Kind("profile locked by another of ours", (errors.SessionInUse,), "locked"),
    Kind("profile lock left by another host", (), "stale", may_answer=True),
    *([Kind("disk full", (errors.DiskFull,), "full")] if os.geteuid() == 0 else []),  # who may mount a tiny one
)


@dataclass(slots=True)
class Tally:
    """What came of the faults of one kind: how many, after how many seconds each was typed, and what was wrong."""

    count: int = 0
    typed_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def row(kind: Kind, tally: Tally) -> Row:
    told = f"{tally.count - len(tally.typed_s)} answered without a word, " if kind.may_answer else ""
    if tally.typed_s:
        told += f"typed after {statistics.median(tally.typed_s):.2f} s (median), {max(tally.typed_s):.2f} s (longest), "
    told += f"{len(tally.wrong)} wrong" + first(tally.wrong)
    return Row(f"{tally.count} times {kind.name}", told, f"typed within {kind.seconds} s, 0 wrong", not tally.wrong)


def first(wrong: list[str]) -> str:
    return f" (first: {wrong[0]})" if wrong else ""


def wrong_with(kind: Kind, asked: Asked, answer: str, count: int) -> Iterator[str]:
    if count > 1:
        yield f"asked {count} times"
    if asked.error is None:
        if asked.answer != answer:
            yield "an answer that is not the whole one"
        elif not kind.may_answer:
            yield "answered in spite of the fault"
        if not count:
            yield "answered, but never asked"
    elif not isinstance(asked.error, kind.errors):
        yield f"told {type(asked.error).__name__}: {asked.error}"
