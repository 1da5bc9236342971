"""A model's answer in words goes in; the changes it proposes come out, in whichever of three forms it chose.

Understood: search/replace blocks, unified diffs, and whole functions, classes or files in fenced code; prose between
them is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchReplace:
    """Replace this text, which must stand in the file exactly once, by that; ``path`` may be unsaid."""

    path: str | None
    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class WholeCode:
    """Functions, classes or a whole file as they should be; ``path`` may be unsaid."""

    path: str | None
    code: str


Proposal = SearchReplace | WholeCode

_BLOCK = re.compile(
    r"^<{5,9} ?SEARCH[^\n]*\n(?P<search>.*?)^={5,9}\n(?P<replace>.*?)^>{5,9} ?REPLACE[^\n]*$", re.MULTILINE | re.DOTALL
)
_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<code>.*?)^(?P=ticks)`*[ \t]*$", re.MULTILINE | re.DOTALL)
_HUNK = re.compile(r"^@@ .*?@@.*$", re.MULTILINE)
_DIFF_PATH = re.compile(r"^\+\+\+ (?:b/)?(?P<path>[^\t\n]+)", re.MULTILINE)
_PATH = re.compile(r"(?P<path>[\w./\-]+\.py)\b")

_DECLINES = re.compile(
    r"\b(?:I|[Ww]e)(?:'m| am|'re| are)?"
    r" (?:can't|can ?not|won't|will not|unable|not able|not allowed|(?:must )?decline)\b"
    r"|\A(?:Sorry,? )?(?:but )?(?:[Uu]nable to|[Cc]an(?:'t|not))\b|\bI (?:don't|do not) feel comfortable\b"
    r"|\b[Aa]s an? (?:AI|(?:large )?language model)\b"
    r"|\b(?:[Aa]gainst|[Vv]iolates?|[Vv]iolation of) (?:[\w']+ ){0,4}(?:policy|policies|guidelines)\b"
)


def declines(answer: str) -> bool:
    """Whether it says that its model cannot or will not do what was asked, and proposes nothing.

    By such phrases refusals are counted in Zou et al. 2023 (Universal and Transferable Adversarial Attacks); here the
    model must speak of itself or of rules, since prose about code is full of what "cannot" be.
    """
    return _DECLINES.search(answer.replace("\u2019", "'")) is not None and not proposals(answer)


def proposals(answer: str) -> tuple[Proposal, ...]:
    """All changes an answer proposes; the most explicit form it holds is taken, the others are passed over."""
    text = answer.replace("\r\n", "\n")
    return _blocks(text) or _diffs(text) or _whole(text)


def _blocks(text: str) -> tuple[Proposal, ...]:
    return tuple(
        SearchReplace(_path_above(text, block.start()), block["search"], block["replace"])
        for block in _BLOCK.finditer(text)
    )


def _diffs(text: str) -> tuple[Proposal, ...]:
    """Each hunk of a unified diff as the text before and after; line numbers are not trusted, models miscount."""
    found: list[Proposal] = []
    for part in [fence["code"] for fence in _FENCE.finditer(text)] or [text]:
        for file in re.split(r"^(?=--- )", part, flags=re.MULTILINE):
            path = _DIFF_PATH.search(file)
            for hunk in _HUNK.split(file)[1:]:
                before, after = _sides(hunk)
                found.append(SearchReplace(path["path"].strip() if path else None, before, after))
    return tuple(found)


def _sides(hunk: str) -> tuple[str, str]:
    before: list[str] = []
    after: list[str] = []
    for line in hunk.strip("\n").split("\n"):
        mark, rest = line[:1], f"{line[1:]}\n"
        if mark in ("-", " ", ""):
            before.append(rest)
        if mark in ("+", " ", ""):
            after.append(rest)
    return "".join(before), "".join(after)


def _whole(text: str) -> tuple[Proposal, ...]:
    fences = list(_FENCE.finditer(text))
    coded = [fence for fence in fences if fence["info"].strip().lower() in ("", "py", "python", "python3")]
    return tuple(WholeCode(_path_above(text, fence.start()), fence["code"]) for fence in coded)


def _path_above(text: str, at: int) -> str | None:
    """A file name on one of the two lines before, as models like to put it."""
    lines = [line for line in text[:at].split("\n")[:-1] if line.strip() and not line.startswith("```")][-2:]
    for line in reversed(lines):
        found = _PATH.search(line)
        if found and len(line) < 200:
            return found["path"]
    return None
