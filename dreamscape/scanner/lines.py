"""Counts a source's lines of code and of comment from its bytes, with the tree's word on where its strings are."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HASH = ord("#")
# The first # of a line that is not inside a string on that line.
_TRAILING_COMMENT = re.compile(rb"""(?:[^#'"\\]|\\.|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*#""")


def count_lines(
    source: bytes, texts: Iterable[tuple[int, int]], literals: Iterable[tuple[int, int]]
) -> tuple[int, int]:
    """Lines of code and lines of comment.

    Code is what is neither blank, nor a comment, nor a string standing alone (``texts``); such strings count as
    comment, as radon's maintainability takes them. Lines inside other strings (``literals``) are code even where they
    begin with ``#``. Line ranges are 1-based and inclusive.
    """
    lines = list(map(bytes.strip, source.splitlines()))
    text = {line for first, last in texts for line in range(first, last + 1)}
    text_lines = sum(1 for line in text if line <= len(lines) and lines[line - 1])
    filled = len(lines) - lines.count(b"")
    inside = {line for first, last in literals for line in range(first, last + 1)} | text
    whole = trailing = 0
    # asking bytes for a number, not for other bytes, takes a quarter of the time
    for number, line in [row for row in enumerate(lines, 1) if _HASH in row[1]] if _HASH in source else ():
        if number not in inside:
            if line.startswith(b"#"):
                whole += 1
            elif _TRAILING_COMMENT.match(line):
                trailing += 1
    return filled - text_lines - whole, whole + trailing + text_lines
