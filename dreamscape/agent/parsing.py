"""Bytes of a source go in; its syntax tree comes out, an empty one where they are no code."""

from __future__ import annotations

import ast


def parsed(source: bytes) -> ast.Module:
    """The tree, without anything in it where our own Python cannot parse the source."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
