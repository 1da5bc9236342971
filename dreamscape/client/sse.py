"""The bytes of an event stream go in as they arrive, the data of each event comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dreamscape.domain.errors import AnswerUnfinished

LONGEST_LINE = 16 * 2**20
"""Bytes; a line of an event stream is never so long (chosen), so that a server cannot fill the memory with one."""

_BREAK = re.compile(rb"\r\n|\n|\r")


def payloads(chunks: Iterable[bytes]) -> Iterator[str]:
    """What stands behind ``data:``, event by event; comments and other fields are left out.

    An event ends with an empty line, and the last one also with the stream, for servers that forget that line. Raises
    AnswerUnfinished for a line without end. Source: the HTML standard, section 9.2.6 (server-sent events).
    """
    data: list[bytes] = []
    for line in _lines(chunks):
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        if not line and data:
            yield _text(data)
            data = []
    if data:
        yield _text(data)


def _text(lines: list[bytes]) -> str:
    return b"\n".join(lines).decode("utf-8", "replace")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    length = 0
    is_first = True
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if length > LONGEST_LINE:
            raise AnswerUnfinished(f"the stream holds a line of more than {LONGEST_LINE} bytes")
        if b"\n" not in chunk and b"\r" not in chunk and b"\r" not in held[0][-1:]:
            continue
        text = b"".join(held)
        # A line feed may follow in the next chunk, and both together are one line's end.
        end = len(text) - text.endswith(b"\r")
        *lines, rest = _BREAK.split(text[:end])
        if lines and is_first:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            is_first = False
        yield from lines
        held = [rest + text[end:]]
        length = len(held[0])
    yield from _BREAK.split(b"".join(held))
