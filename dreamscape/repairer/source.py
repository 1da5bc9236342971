"""A file's bytes as the templates see them: UTF-8, with the way back to the file's own encoding."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dreamscape.domain.repair import Edit

_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace ``start`` to ``end`` of the UTF-8 view by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class SourceText:
    """One file; ``view`` is its text in UTF-8 without byte order mark, which is what node positions count in."""

    path: str
    raw: bytes
    encoding: str
    bom: int
    text: str
    view: bytes

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of each line in the view, and of the end behind the last."""
        return [0, *(match.end() for match in _LINE_BREAK.finditer(self.view)), len(self.view)]

    @cached_property
    def newline(self) -> str:
        """The line break of the file's first line."""
        match = _LINE_BREAK.search(self.view)
        return match.group().decode() if match else "\n"

    def offset(self, line: int, column: int) -> int:
        """Where a node position (line from 1, column in UTF-8 bytes) lies in the view."""
        return self.line_starts[line - 1] + column

    def between(self, start: int, end: int) -> str:
        """The text of a range of the view."""
        return self.view[start:end].decode("utf-8")

    def edits(self, splices: Iterable[Splice]) -> tuple[Edit, ...] | None:
        """The splices as edits of the file's own bytes; None where the file's encoding cannot hold the new text."""
        try:
            return tuple(self._edit(splice) for splice in splices)
        except UnicodeError:
            return None

    def _edit(self, splice: Splice) -> Edit:
        replacement = splice.text
        if self.newline != "\n":
            replacement = replacement.replace("\r\n", "\n").replace("\n", self.newline)
        return Edit(
            self.path,
            self._raw_offset(splice.start),
            self._raw_offset(splice.end),
            replacement.encode(self.encoding),
        )

    def _raw_offset(self, offset: int) -> int:
        if self.encoding == "utf-8":
            return offset + self.bom
        return len(self.view[:offset].decode("utf-8").encode(self.encoding))


def read_source(path: str, raw: bytes) -> SourceText | None:
    """Decodes by mark and cookie as Python does; None where that fails or does not lead back to the same bytes."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        bom = len(_BOM) if raw.startswith(_BOM) else 0
        encoding = "utf-8" if encoding in ("utf-8-sig", "utf-8") else encoding
        text = raw[bom:].decode(encoding)
        if text.encode(encoding) != raw[bom:]:
            return None
        view = text.encode("utf-8")
    except (SyntaxError, UnicodeError, LookupError):
        return None
    return SourceText(path, raw, encoding, bom, text, view)


def parsed(text: str) -> ast.Module | None:
    """The tree of a text, or None where it is no Python of ours; never warns."""
    try:
        if "\\" not in text and " is " not in text:
            return ast.parse(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
