"""Rows in the two plain forms people paste elsewhere: CSV for spreadsheets, a Markdown table for comments."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""
_MARKUP = re.compile(r"([\\`*_\[\]<|~&])")
_BREAKS = re.compile(r"[\r\n\v\f\x85\u2028\u2029]")


def sheet(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with a line of heads; what is absent (None) is an empty cell, several words in one are set apart by ``; ``.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; a carriage return comes out escaped,
    as all output writes it.
    """
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return page.getvalue()


def _cell(value: object) -> object:
    text = "; ".join(map(str, value)) if isinstance(value, tuple) else value
    if not isinstance(text, str):
        return text
    mark = "'" if text.startswith(_FORMULA) else ""
    return f"{mark}{text}".replace("\r", r"\x0d")


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """A table as GitHub and GitLab draw it; cells are Markdown of one line, their pipes escaped already.

    The columns in ``right`` (0 first) are set to the right.
    """
    to_right = set(right)
    rule = ["---:" if at in to_right else "---" for at in range(len(heads))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rule, *rows])


def literal(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return _MARKUP.sub(r"\\\1", _BREAKS.sub(" ", text))


def code(text: str) -> str:
    """A name as a code span that may stand in a table, whatever backticks and pipes it holds."""
    line = _BREAKS.sub(" ", text)
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    edge = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{edge}{line}{edge}{fence}".replace("|", r"\|")
