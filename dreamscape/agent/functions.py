"""A source goes in, the qualified name of the function around any of its lines comes out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from dreamscape.agent.parsing import parsed

Span = tuple[int, int, str]


def function_finder(source: bytes) -> Callable[[int], str]:
    """Names the innermost function around a line, as ``Class.method`` or ``outer.inner``; ``""`` at module level.

    A class counts only as part of its methods' names. A source that does not parse has no functions.
    """
    spans = sorted(_spans(parsed(source)), key=lambda span: span[1] - span[0])
    return lambda line: next((name for first, last, name in spans if first <= line <= last), "")


def _spans(tree: ast.AST) -> Iterator[Span]:
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}" if prefix else child.name
                if not isinstance(child, ast.ClassDef):
                    first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                    yield first, child.end_lineno or child.lineno, name
            waiting.append((child, name))
