"""Measures one source; whatever is wrong with it becomes a reason, never an exception."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from dreamscape.scanner.facts import FileFacts, Reading, Unreadable
from dreamscape.scanner.lines import count_lines
from dreamscape.scanner.syntax import read_syntax

NO_SYNTAX = "syntax error"
"""How the reason of a source begins that this Python cannot parse."""


@contextmanager
def quietly() -> Iterator[None]:
    """Parsing without what Python warns of in other people's code; set once for many files, as it costs a moment."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def measure(source: bytes) -> Reading:
    """A source's facts. Bytes go to the parser as they are, so that it decodes BOM and coding cookie itself."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return Unreadable(_reason_of_syntax(error))
    except (RecursionError, MemoryError):
        return Unreadable("nested too deeply for this Python to parse")
    except (ValueError, LookupError) as error:
        return Unreadable(f"cannot be decoded: {error}")
    return facts_of(tree, source)


def facts_of(tree: ast.Module, source: bytes) -> FileFacts:
    """The facts of a source whose tree is known."""
    syntax = read_syntax(tree)
    sloc, comments = count_lines(source, syntax.texts, syntax.literals)
    return FileFacts(
        functions=tuple(syntax.functions),
        imports=tuple(syntax.imports),
        sloc=sloc,
        maintainability=maintainability(syntax.volume, syntax.total, syntax.statements, sloc, comments),
        classes=tuple(syntax.classes),
        names=syntax.names,
        exports=syntax.exports,
    )


def maintainability(volume: float, complexity: int, statements: int, sloc: int, comments: int) -> float:
    """radon's maintainability index, 0 to 100, two decimals, without its second tokenizing of every line.

    Volume and complexity are radon's to the last digit. Logical lines are counted from the tree, and comment lines
    by line, so that the same source gives the same number on every Python (radon's own count of logical lines
    changed with 3.12) and the whole stays within a point or two of ``radon mi``.
    """
    from radon.metrics import mi_compute

    index: float = mi_compute(volume, complexity, statements, 100 * comments / sloc if sloc else 0)
    return round(index, 2)


def _reason_of_syntax(error: SyntaxError) -> str:
    where = f" in line {error.lineno}" if error.lineno else ""
    return f"{NO_SYNTAX}{where}: {error.msg}"
