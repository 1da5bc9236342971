"""Patch files that `git apply` takes: written from the bytes before and after, so that no repository is needed."""

from __future__ import annotations

import base64
import difflib
import hashlib
import os
import re
import zlib

_PLAIN = re.compile(rb"[\w./+\-]+", re.ASCII)
_ESCAPES = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}
_LITERAL_LINE = 52
"""Bytes in one line of git's binary format."""


def patch_of(path: str, old: bytes | None, new: bytes | None, mode: str = "100644") -> bytes:
    """The patch that turns ``old`` into ``new`` (None: no such file); ``b""`` where they are equal.

    ``mode`` is the file's in git's words. Bytes of any kind come through: line endings, missing last newlines and
    undecodable text as they are, content with NUL bytes in git's binary format.
    """
    if old == new:
        return b""
    a, b = _name("a", path), _name("b", path)
    lines = [b"diff --git %s %s\n" % (a, b)]
    if old is None:
        lines.append(b"new file mode %s\n" % mode.encode())
    elif new is None:
        lines.append(b"deleted file mode %s\n" % mode.encode())
    kept = b" " + mode.encode() if old is not None and new is not None else b""
    lines.append(b"index %s..%s%s\n" % (_blob(old), _blob(new), kept))
    if b"\0" in (old or b"") or b"\0" in (new or b""):
        return b"".join([*lines, b"GIT binary patch\n", _literal(new or b""), _literal(old or b"")])
    return b"".join([*lines, _hunks(old, new, a, b)])


def _hunks(old: bytes | None, new: bytes | None, a: bytes, b: bytes) -> bytes:
    before = a if old is not None else b"/dev/null"
    after = b if new is not None else b"/dev/null"
    body = list(difflib.diff_bytes(difflib.unified_diff, _lines(old or b""), _lines(new or b"")))[2:]
    if not body:
        return b""
    ended = (line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in body)
    return b"".join([b"--- %s\n+++ %s\n" % (before, after), *ended])


def _lines(content: bytes) -> list[bytes]:
    """Lines end at a newline and nowhere else; a carriage return is content."""
    *whole, rest = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _name(side: str, path: str) -> bytes:
    name = side.encode() + b"/" + os.fsencode(path)
    if _PLAIN.fullmatch(name):
        return name
    quoted = (_ESCAPES.get(byte) or (b"%c" % byte if 32 <= byte < 127 else b"\\%03o" % byte) for byte in name)
    return b'"' + b"".join(quoted) + b'"'


def _blob(content: bytes | None) -> bytes:
    if content is None:
        return b"0" * 40
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest().encode()


def _literal(content: bytes) -> bytes:
    """Git's binary hunk: deflated, in lines of base 85, each led by its length (A to Z for 1 to 26, a to z above)."""
    packed = zlib.compress(content)
    lines = [b"literal %d\n" % len(content)]
    for start in range(0, len(packed), _LITERAL_LINE):
        piece = packed[start : start + _LITERAL_LINE]
        size = len(piece)
        length = ord("A") + size - 1 if size <= 26 else ord("a") + size - 27
        padded = piece + b"\0" * (-size % 4)
        lines.append(b"%c%s\n" % (length, base64.b85encode(padded)))
    return b"".join([*lines, b"\n"])
