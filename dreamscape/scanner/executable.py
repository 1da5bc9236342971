"""Which lines of a source are statements that can run, told from its tree as coverage.py tells it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Span = tuple[int, int]

_NO_COVER = re.compile(rb"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?:no|NO)\s*(?:cover|COVER)")
"""coverage.py's own mark for what nobody expects to be run."""
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def statements(source: bytes) -> list[Span]:
    """First and last line of each statement (a compound one as far as its head goes) and of each decorator; what is
    marked ``no cover`` is left out with all that is in it. Raises SyntaxError and what else the parser raises."""
    lines = source.splitlines()
    pending: list[ast.AST] = list(_inside(ast.parse(source)))
    found: set[Span] = set()
    while pending:
        node = pending.pop()
        spans = list(_heads(node))
        if any(_NO_COVER.search(line) for first, last in spans for line in lines[first - 1 : last]):
            continue
        if not isinstance(node, ast.Global | ast.Nonlocal):
            found.update(spans)
        pending.extend(_inside(node))
    return sorted(found)


def _heads(node: ast.AST) -> Iterator[Span]:
    decorators = getattr(node, "decorator_list", ())
    yield from ((each.lineno, each.end_lineno) for each in decorators)
    first, last = _place(node)
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    yield first, max(first, _place(body[0])[0] - 1) if body else last


def _place(node: ast.AST) -> Span:
    """Where a statement begins and ends; of a ``case`` its pattern."""
    placed = node.pattern if isinstance(node, ast.match_case) else node
    return placed.lineno, placed.end_lineno  # type: ignore[attr-defined]  # statements and patterns have lines


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases right inside, without a docstring."""
    body = getattr(node, "body", [])
    yield from body[isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None :]
    for name in ("handlers", "orelse", "finalbody", "cases"):
        yield from getattr(node, name, ())
