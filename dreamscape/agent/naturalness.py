"""A change that passes the tests goes in; how much it reads like code that people write comes out.

Of the changes that pass the same tests, the right one tends to be the one that reads more like the code around it (Ray,
Hellendoorn, Godhane, Tu, Bacchelli and Devanbu, "On the naturalness of buggy code", ICSE 2016). Signs that are read: a
``not`` that nobody would write, arithmetic without effect, a number that stands nowhere else in the file, a truth value
in a function without any, and whether the line takes the form that other lines of the file have.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dreamscape.domain.repair import Candidate, Edit, sorted_edits

NEEDLESS_NOT = 0.25
"""What a change is worth that leaves ``not a is b`` or ``not not a`` on the lines it edits (chosen). PEP 8 asks for
``is not``: where such a ``not`` stands in a failing line, it is itself what is wrong more often than anything else."""
UNKNOWN_NUMBER = 0.5
"""What a change is worth that brings in a number the file has not (chosen)."""
NO_OPERATION = 0.1
"""What a change is worth that writes arithmetic without effect, as in ``x += 0`` (chosen): it stands for the removal of
what it replaces, in words nobody writes."""
UNKNOWN_TRUTH = 0.5
"""What a change is worth that returns ``True`` or ``False`` from a function that has neither (chosen): to comparisons
they equal 1 and 0, to people they do not."""
FAMILIAR_FORM = 1.5
"""What a change is worth that gives a line the form of others, such as all but this one have (chosen)."""

_EXACT = {
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip
"""Comparisons that another one denies exactly (an order is denied by none where values cannot be ordered)."""

_NUMBER = re.compile(rb"(?<![\w.])\d[\w.]*")
_IDLE = re.compile(rb"(?:[-+]=?\s*0|\*=?\s*1|//?=?\s*1)(?![\w.])")
_TRUTH = re.compile(rb"\b(?:True|False)\b")
_WORD = re.compile(rb"(?<![\w.])\d[\w.]*|[^\W\d]\w*")
_KEYWORDS = frozenset(word.encode() for word in keyword.kwlist)
SHORTEST = 12
"""Lines and forms shorter than this (``else:``, ``return N``) stand in many places and mean nothing by it (chosen)."""


def naturalness(candidate: Candidate, sources: Mapping[str, bytes]) -> float:
    """To be multiplied with a candidate's weight; 1 where nothing speaks for it or against."""
    worth = 1.0
    if any(_takes_a_known_form(edit, sources.get(edit.path, b"")) for edit in candidate.edits):
        worth *= FAMILIAR_FORM
    if any(_is_needless(node) for changed in _changed(candidate, sources) for node in ast.walk(changed)):
        worth *= NEEDLESS_NOT
    if any(
        set(_NUMBER.findall(e.replacement)) - set(_NUMBER.findall(sources.get(e.path, b""))) for e in candidate.edits
    ):
        worth *= UNKNOWN_NUMBER
    lines = [edited_line(edit, sources.get(edit.path, b"")) for edit in candidate.edits]
    if any(_IDLE.search(after) and not _IDLE.search(before) for before, after in lines):
        worth *= NO_OPERATION
    if any(_TRUTH.search(e.replacement) and not _TRUTH.search(_around(e, sources)) for e in candidate.edits):
        worth *= UNKNOWN_TRUTH
    return worth


def reading(candidate: Candidate, sources: Mapping[str, bytes]) -> object:
    """Names what the changed code says however it says it: two changes with equal readings mean the same.

    ``not a is not b`` reads like ``a is b``, brackets like none; the candidate's id where nothing can be read.
    """
    try:
        return tuple(
            (path, at, ast.dump(_Plain().visit(statement)))
            for path, after in sorted(candidate.applied_to(sources).items())
            for at, statement in _members(after, _edited_lines(candidate, path, sources))
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return candidate.id


@lru_cache(8)
def forms(source: bytes) -> Counter[bytes]:
    """How many lines have each form: what is left of a line when names and numbers are made one."""
    return Counter(form for line in source.splitlines() if len(form := form_of(line)) >= SHORTEST)


def form_of(line: bytes) -> bytes:
    """The line without indentation, every name ``N`` and every number ``0``."""
    return _WORD.sub(_blank, line.strip())


def edited_line(edit: Edit, source: bytes) -> tuple[bytes, bytes]:
    """The line that an edit changes, before and after; of an edit of several lines, all of them."""
    start, end = source.rfind(b"\n", 0, edit.start) + 1, source.find(b"\n", edit.end)
    end = end if end >= 0 else len(source)
    return source[start:end], source[start : edit.start] + edit.replacement + source[edit.end : end]


def _around(edit: Edit, sources: Mapping[str, bytes]) -> bytes:
    """The text from the last ``def`` before an edit to the next behind it."""
    source = sources.get(edit.path, b"")
    end = source.find(b"def ", edit.end)
    return source[max(0, source.rfind(b"def ", 0, edit.start)) : end if end >= 0 else len(source)]


def _blank(word: re.Match[bytes]) -> bytes:
    text = word.group()
    return b"0" if text[:1].isdigit() else text if text in _KEYWORDS else b"N"


def _takes_a_known_form(edit: Edit, source: bytes) -> bool:
    before, after = (form_of(line) for line in edited_line(edit, source))
    known = forms(source)
    return before != after and known[before] <= 1 and known[after] >= 1


def _is_needless(node: ast.AST) -> bool:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.UnaryOp(op=ast.Not())):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(ops=[op])):
            return type(op) in _EXACT
    return False


class _Plain(ast.NodeTransformer):
    """Carries every ``not`` into the comparison it denies."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        if _is_needless(node) and isinstance(node.operand, ast.Compare):
            [op] = node.operand.ops
            node.operand.ops = [_EXACT[type(op)]()]
            return node.operand
        return node


def _changed(candidate: Candidate, sources: Mapping[str, bytes]) -> Iterator[ast.expr]:
    """The expressions on the lines that the change has edited, as they read after it."""
    for path, after in candidate.applied_to(sources).items():
        lines = _edited_lines(candidate, path, sources)
        try:
            waiting: list[ast.AST] = [ast.parse(after)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        while waiting:
            for child in ast.iter_child_nodes(waiting.pop()):
                if isinstance(child, ast.expr):
                    if _overlaps(child, lines):
                        yield child
                elif not isinstance(child, ast.stmt) or _overlaps(child, lines):
                    waiting.append(child)


def _members(source: bytes, lines: range) -> Iterator[tuple[int, ast.stmt]]:
    """The statements of the module, or of its classes, that hold these lines, each with its place."""
    waiting: list[ast.stmt] = ast.parse(source).body
    for at, statement in enumerate(waiting):
        if not _overlaps(statement, lines):
            continue
        if isinstance(statement, ast.ClassDef):
            waiting += [each for each in statement.body if _overlaps(each, lines)]
        else:
            yield at, statement


def _overlaps(node: ast.stmt | ast.expr, lines: range) -> bool:
    return node.lineno < lines.stop and (node.end_lineno or node.lineno) >= lines.start


def _edited_lines(candidate: Candidate, path: str, sources: Mapping[str, bytes]) -> range:
    """From the first to the last line that the edits of this file leave, counted from one."""
    source, grown = sources.get(path, b""), 0
    edges: list[int] = []
    for edit in sorted_edits(each for each in candidate.edits if each.path == path):
        first = source.count(b"\n", 0, edit.start) + 1 + grown
        added = edit.replacement.count(b"\n")
        edges += [first, first + added]
        grown += added - source.count(b"\n", edit.start, edit.end)
    return range(min(edges), max(edges) + 1)
