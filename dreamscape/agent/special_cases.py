"""A change and the tests it has to pass go in; whether it answers the tests' own values instead of the question.

A repair that compares its input with what a test happens to pass in, and gives back what that test happens to expect,
satisfies the test and nobody else. It cannot be told from a genuine table of cases, so it is a doubt, not a refusal.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from dreamscape.agent.parsing import parsed
from dreamscape.domain.repair import Candidate, RepairCase

Value = tuple[str, str]
"""A literal by its type and what it looks like, so that 1 and True stay apart."""

_ORDINARY = frozenset({"0", "1", "-1", "2", "None", "True", "False", "''", "b''", "0.0", "1.0"})
"""What any code may compare with or give back."""


def answers_the_tests(candidate: Candidate, case: RepairCase) -> bool:
    """Whether the change compares with values of the failing tests and answers with values of them, both anew."""
    known = {value for source in case.test_sources.values() for value in _literals(parsed(source))}
    for path, after in candidate.applied_to(case.sources).items():
        old, new = parsed(case.sources.get(path, b"")), parsed(after)
        asked = _new(_asked(old), _asked(new)) & known
        answered = _new(_answered(old), _answered(new)) & known
        if asked and answered:
            return True
    return False


def _new(old: Iterable[Value], new: Iterable[Value]) -> set[Value]:
    return {value for value in Counter(new) - Counter(old) if value[1] not in _ORDINARY}


def _asked(tree: ast.AST) -> Iterator[Value]:
    """Literals that something is compared with or looked up by."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                for each in (left, *others):
                    yield from _literals(each)
            case ast.Dict(keys=keys):
                for key in keys:
                    yield from _literals(key) if key is not None else ()
            case ast.MatchValue(value=value):
                yield from _literals(value)
            case _:
                pass


def _answered(tree: ast.AST) -> Iterator[Value]:
    """Literals that are given back, kept, or stand as the value of a key."""
    for node in ast.walk(tree):
        match node:
            case ast.Return(value=ast.expr() as value) | ast.Assign(value=value) | ast.Yield(value=ast.expr() as value):
                yield from _literals(value)
            case ast.Lambda(body=value) | ast.IfExp(body=value):
                yield from _literals(value)
            case ast.Dict(values=values):
                for value in values:
                    yield from _literals(value)
            case _:
                pass


def _literals(tree: ast.AST) -> Iterator[Value]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            yield type(node.value).__name__, repr(node.value)
