"""A change goes in; whether the tests that run it ask too little to tell a right repair from a wrong one comes out.

A test that compares a value with the one expected lets few wrong repairs pass; one that only asks whether something is
so lets half of those pass that answer at random. So where all that is asked of the changed code are a few questions of
yes or no, that they are answered as wanted proves little.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from dreamscape.agent.functions import definition
from dreamscape.agent.parsing import parsed
from dreamscape.domain.repair import RepairCase

LEAST_QUESTIONS = 3
"""So many answers of yes or no, each right by chance in half of all cases, are taken for a test (chosen)."""

_BOTH_WAYS = {"assertTrue", "assertFalse"}


def little_asked(tests: Iterable[str], case: RepairCase) -> str:
    """Why these tests, all that run the changed code, say too little of it; empty where they say enough.

    Only what is certain counts: every assertion of every test asks a function of the case's own sources for a yes or
    no. A test whose source is not at hand, or which asserts in another way, is taken to say enough.
    """
    own = {name for source in case.sources.values() for name in _defined(source)}
    asked = 0
    for test in tests:
        path, _, name = test.partition("::")
        body = definition(parsed(case.test_sources.get(path, b"")), name.partition("[")[0].replace("::", "."))
        questions = [_is_question(each, own) for each in _assertions(body)] if body else []
        if not questions or not all(questions):
            return ""
        asked += len(questions)
    if asked >= LEAST_QUESTIONS or not asked:
        return ""
    return f"all that its tests ask is yes or no, {asked} time{'s' if asked > 1 else ''}, which a wrong change may meet"


def _defined(source: bytes) -> Iterator[str]:
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _assertions(body: ast.AST) -> Iterator[ast.AST]:
    """What a test asserts; any other call of a name with ``assert``, ``raises``, ``warns`` or ``fail`` in it too."""
    for node in ast.walk(body):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.Call):
            name = _name(node.func)
            if name in _BOTH_WAYS and len(node.args) >= 1:
                yield node.args[0]
            elif any(word in name.lower() for word in ("assert", "raises", "warns", "fail")):
                yield node


def _is_question(asserted: ast.AST, own: set[str]) -> bool:
    """Whether it only asks a function of the project's own for a yes or no."""
    match asserted:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _is_question(inner, own)
        case ast.Compare(left=inner, ops=[ast.Is() | ast.Eq() | ast.IsNot()], comparators=[ast.Constant(value=bool())]):
            return _is_question(inner, own)
        case ast.Call(func=func):
            return _name(func) in own
    return False


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
