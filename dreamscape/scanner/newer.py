"""A syntax tree told by a newer Python goes in, nodes of this one come out; see `guest.trees` for how it is told.

What this Python has no node for becomes a node without a meaning, whose children are looked at all the same.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def tree_of(told: object) -> ast.Module | None:
    """The module, or None for what is no tree of one."""
    try:
        built = _built(told)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return None
    return built if isinstance(built, ast.Module) else None


def _built(told: Any) -> Any:
    if isinstance(told, list):
        return [_built(each) for each in told]
    if not isinstance(told, dict):
        return told
    if "b" in told and len(told) == 1:
        return bytes.fromhex(told["b"])
    if "$" in told and len(told) == 1:
        return _constant(told["$"])
    fields = {name: _built(value) for name, value in told.items() if name not in ("_", "@")}
    node = _kind(told["_"], tuple(fields))()
    for name, value in (*fields.items(), *zip(_PLACE, told.get("@", ()), strict=False)):
        setattr(node, name, value)
    return node


def _constant(text: str) -> Any:
    """A complex number or an ellipsis; floats that JSON cannot hold stay their text's number."""
    return ... if text == "Ellipsis" else complex(text) if text.endswith(("j", "j)")) else float(text)


@cache
def _kind(name: str, fields: tuple[str, ...]) -> type[ast.AST]:
    known = getattr(ast, name, None)
    if isinstance(known, type) and issubclass(known, ast.AST):
        return known
    return type(name, (ast.AST,), {"_fields": fields})
