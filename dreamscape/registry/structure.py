"""A source and a line go in; words that the function there shares with those of the same or nearly the same shape come
out. Names, constants, annotations and docstrings are no part of a shape."""

from __future__ import annotations

import ast
import hashlib
import struct
from collections import Counter
from collections.abc import Iterator

BANDS, ROWS = 3, 2
"""Two functions whose steps have a share s in common share each band with chance s squared. Where shapes
tell nothing, each further word costs a little (chosen)."""

STEP_LENGTH = 3
"""A step is a node of the tree below the two around it (chosen)."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def structure_words(source: bytes, line: int) -> dict[str, str]:
    """``near1`` to ``near3``: the more of them two functions share, the more alike they are; all where they differ in
    names and values of constants alone. Nothing at module level, or where the source does not parse.

    Source: MinHash (Broder 1997) over paths down the syntax tree, in bands (Indyk and Motwani 1998).
    """
    try:
        function = _function_at(ast.parse(source), line)
        if function is None:
            return {}
        steps = Counter(_steps(function, ()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    # The second of two equal steps is a step of its own, so that what is longer is another thing.
    signature = _least(f"{step}#{number}" for step, count in steps.items() for number in range(count))
    bands = (signature[start : start + ROWS] for start in range(0, BANDS * ROWS, ROWS))
    return {f"near{place}": _name(band) for place, band in enumerate(bands, 1)}


def _function_at(tree: ast.AST, line: int) -> _Function | None:
    """The innermost function around a line, its decorators included."""
    around = [node for node in ast.walk(tree) if isinstance(node, _Function) and _first(node) <= line <= _last(node)]
    return max(around, key=_first, default=None)


def _first(node: _Function) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _last(node: _Function) -> int:
    return node.end_lineno or node.lineno


def _steps(node: ast.AST, above: tuple[str, ...]) -> Iterator[str]:
    step = (*above, _kind(node))[-STEP_LENGTH:]
    yield ">".join(step)
    for child in _children(node):
        yield from _steps(child, step)


def _kind(node: ast.AST) -> str:
    """A node's type; a constant with its own, since a text in a number's place is another shape."""
    return type(node.value).__name__ if isinstance(node, ast.Constant) else type(node).__name__


def _children(node: ast.AST) -> Iterator[ast.AST]:
    body = node.body if isinstance(node, _Function | ast.ClassDef) else []
    docstring = body[0] if body and _is_text(body[0]) else None
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "ctx", "type_params"):
            found = value if isinstance(value, list) else [value]
            yield from (child for child in found if isinstance(child, ast.AST) and child is not docstring)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _least(steps: Iterator[str]) -> tuple[int, ...]:
    """For each of as many hash functions as there are rows in bands, the least hash of any step."""
    form = f"<{BANDS * ROWS}Q"
    hashes = (hashlib.blake2b(step.encode(), digest_size=struct.calcsize(form)).digest() for step in steps)
    return tuple(map(min, zip(*(struct.unpack(form, each) for each in hashes), strict=True)))


def _name(band: tuple[int, ...]) -> str:
    return hashlib.sha256(repr(band).encode()).hexdigest()[:12]
