"""A source goes in, the qualified name of the function around any of its lines comes out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from dreamscape.agent.parsing import parsed

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Span = tuple[int, int, str]


def function_finder(source: bytes) -> Callable[[int], str]:
    """Names the innermost function around a line, as ``Class.method`` or ``outer.inner``; ``""`` at module level.

    A class counts only as part of its methods' names. A source that does not parse has no functions.
    """
    spans = sorted(_spans(parsed(source)), key=lambda span: span[1] - span[0])
    return lambda line: next((name for first, last, name in spans if first <= line <= last), "")


def definition(tree: ast.AST, name: str) -> Definition | None:
    """The function or class so named, as `function_finder` names them; the last one where a name is used again."""
    found = (node for node, named in _definitions(tree) if named == name)
    return max(found, key=lambda node: node.lineno, default=None)


def _spans(tree: ast.AST) -> Iterator[Span]:
    for node, name in _definitions(tree):
        if not isinstance(node, ast.ClassDef):
            yield first_line(node), node.end_lineno or node.lineno, name


def first_line(node: Definition) -> int:
    """Its own or that of its first decorator."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _definitions(tree: ast.AST) -> Iterator[tuple[Definition, str]]:
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}" if prefix else child.name
                yield child, name
            waiting.append((child, name))
