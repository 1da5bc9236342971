"""Lets each change pass once: only what parses, changes something, and was not seen before."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from dreamscape.repairer.module import Module, first_line
from dreamscape.repairer.source import Splice, parsed


@dataclass(eq=False)
class Fresh:
    """Remembers every source it let pass, by size and hash."""

    seen: set[tuple[str, int, int]] = field(default_factory=set)

    def admits(self, module: Module, splices: tuple[Splice, ...]) -> bool:
        """Whether the result is new, differs from the source and parses (as far as the changed part tells)."""
        start, end = _region(module, splices)
        new = _applied(module, splices, start, end)
        if new == module.source.between(start, end) or not _parses(new):
            return False
        view = module.source.view
        whole = view[:start] + new.encode() + view[end:]
        key = (module.source.path, len(whole), hash(whole))
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


def _region(module: Module, splices: tuple[Splice, ...]) -> tuple[int, int]:
    """Whole lines of the smallest statement that holds the change."""
    starts = module.source.line_starts
    # What is put between two lines belongs to both, whose indentation may differ.
    first = min(_line_at(starts, _inner(starts, each.start)) for each in splices)
    last = _line_at(starts, max(each.end for each in splices))
    node: ast.AST | None = module.by_line.get(first)
    while isinstance(node, ast.AST) and not isinstance(node, ast.Module):
        if isinstance(node, ast.stmt) and not module.is_elif(node):
            from_line, to_line = first_line(node), node.end_lineno or node.lineno
            if from_line <= first and last <= to_line and module.lines(node):
                return starts[from_line - 1], starts[min(to_line, len(starts) - 1)]
        node = module.parents.get(node)
    return 0, len(module.source.view)


def _inner(starts: list[int], offset: int) -> int:
    """The offset itself, or the end of the line before where it is the start of a line."""
    at = bisect_left(starts, offset)
    return offset - 1 if offset and at < len(starts) and starts[at] == offset else offset


def _line_at(starts: list[int], offset: int) -> int:
    return bisect_right(starts, offset)


def _applied(module: Module, splices: tuple[Splice, ...], start: int, end: int) -> str:
    pieces: list[str] = []
    at = start
    for splice in sorted(splices, key=lambda each: (each.start, each.end)):
        pieces += [module.source.between(at, splice.start), splice.text]
        at = splice.end
    return "".join([*pieces, module.source.between(at, end)])


def _parses(text: str) -> bool:
    return parsed("if 1:\n" + text if text[:1] in " \t\f" else text) is not None
