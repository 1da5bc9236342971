"""Parses sources with this interpreter's own grammar; in: files named by their numbers; out: their trees as JSON.

A node is ``{"_": its class, "@": [line, column, end line, end column], field: value, ...}``; what JSON has no word for
is ``{"$": repr}``, and bytes are ``{"b": their hexadecimal digits}``. A source that does not parse is left out.
"""

from __future__ import annotations

import ast
import json
import os
import warnings
from typing import Any, Dict, List

_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def main(arguments: List[str]) -> None:
    """Writes ``[name, tree]`` in a line of its own for each file that parses."""
    warnings.simplefilter("ignore")
    folder = os.environ["DREAMSCAPE_FILES"]
    with os.fdopen(int(os.environ["DREAMSCAPE_REPORTS"]), "wb") as reports:
        for name in arguments:
            with open(os.path.join(folder, name), "rb") as file:
                source = file.read()
            try:
                line = json.dumps([name, told(ast.parse(source))])
            except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
                continue
            reports.write(line.encode("ascii") + b"\n")


def told(value: Any) -> Any:
    """A node, a list of nodes, or a constant, as JSON values."""
    if isinstance(value, ast.AST):
        node: Dict[str, Any] = {"_": type(value).__name__}
        if hasattr(value, "lineno"):
            node["@"] = [getattr(value, name, None) for name in _PLACE]
        for name in value._fields:
            node[name] = told(getattr(value, name, None))
        return node
    if isinstance(value, list):
        return [told(each) for each in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, bytes):
        return {"b": value.hex()}
    return {"$": repr(value)}
