"""One parsed file: where each node and statement lies, what surrounds it, and how to change it in place."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from dreamscape.repairer.precedence import ATOM, level, needed
from dreamscape.repairer.source import SourceText, Splice, parsed

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True, eq=False)
class Module:
    """A file and its tree; ``parents`` leads from each node to the one around it."""

    source: SourceText
    tree: ast.Module

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """All statements, in the order of their lines."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    @cached_property
    def by_line(self) -> dict[int, ast.stmt]:
        """The innermost statement that each line belongs to."""
        lines: dict[int, ast.stmt] = {}
        for node in self.statements:
            for line in range(first_line(node), (node.end_lineno or node.lineno) + 1):
                lines[line] = node
        return lines

    @cached_property
    def functions(self) -> list[FunctionNode]:
        return [node for node in self.statements if isinstance(node, FunctionNode)]

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        return [node for node in self.statements if isinstance(node, ast.ClassDef)]

    @cached_property
    def writers(self) -> dict[str, list[ast.stmt]]:
        """The statements that change what a global name holds without binding it anew, by that name.

        A table that functions fill while the module loads is wrong where they are, and no test need run them.
        """
        found: dict[str, list[ast.stmt]] = {}
        for node in self.statements:
            match node:
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                    found.setdefault(name, []).append(node)
                case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                    found.setdefault(name, []).append(node)
                case ast.AugAssign(target=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))):
                    found.setdefault(name, []).append(node)
                case _:
                    pass
        return {name: nodes for name, nodes in found.items() if name in self.global_names}

    @cached_property
    def global_names(self) -> frozenset[str]:
        """The names that plain assignments bind at module level."""
        bound = (node for node in self.tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
        targets = (each for node in bound for each in (node.targets if isinstance(node, ast.Assign) else [node.target]))
        return frozenset(each.id for each in targets if isinstance(each, ast.Name))

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What surrounds a node, the nearest first."""
        while (node := self.parents.get(node, self.tree)) is not self.tree:
            yield node

    def function_of(self, node: ast.AST) -> FunctionNode | None:
        return next((outer for outer in self.around(node) if isinstance(outer, FunctionNode)), None)

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        return next((outer for outer in self.around(node) if isinstance(outer, ast.ClassDef)), None)

    def loop_of(self, node: ast.AST) -> ast.For | ast.While | ast.AsyncFor | None:
        """The loop a ``break`` at this place would end."""
        for outer in self.around(node):
            if isinstance(outer, ast.For | ast.While | ast.AsyncFor):
                return outer
            if isinstance(outer, FunctionNode | ast.ClassDef):
                return None
        return None

    def block_of(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements it stands among."""
        parent = self.parents.get(node, self.tree)
        for name in _BLOCKS:
            block = getattr(parent, name, None)
            if isinstance(block, list) and any(each is node for each in block):
                return block
        return [node]

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.excepthandler) -> tuple[int, int]:
        """Start and end in the view."""
        offset = self.source.offset
        return (
            offset(node.lineno, node.col_offset),
            offset(node.end_lineno or node.lineno, node.end_col_offset or 0),
        )

    def text(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg) -> str:
        """The node as it is written."""
        return self.source.between(*self.span(node))

    def operand(self, node: ast.expr, least: int = 15) -> str:
        """The node as written, in parentheses where it does not hold together by ``least``."""
        return f"({self.text(node)})" if level(node) < least else self.text(node)

    def put(self, node: ast.expr, text: str) -> Splice:
        """Writes an expression in the place of another, in parentheses where it needs them."""
        start, end = self.span(node)
        loose = _level_of(text) < needed(self.parents.get(node), node)
        if loose and not self._is_wrapped(start, end, node):
            text = f"({text})"
        return Splice(start, end, text)

    def _is_wrapped(self, start: int, end: int, node: ast.expr) -> bool:
        parent = self.parents.get(node)
        if isinstance(parent, ast.Call | ast.Subscript | ast.Tuple):
            return False
        return self.source.view[:start].rstrip().endswith(b"(") and self.source.view[end:].lstrip().startswith(b")")

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement's first line."""
        line = self.source.between(*self._line(first_line(node)))
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    @cached_property
    def indent_unit(self) -> str:
        """One step of indentation, as the file does it."""
        for node in self.statements:
            parent = self.parents.get(node)
            if isinstance(parent, ast.stmt) and first_line(node) > parent.lineno:
                inner, outer = self.indent(node), self.indent(parent)
                if inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "    "

    def _line(self, number: int) -> tuple[int, int]:
        starts = self.source.line_starts
        return starts[number - 1], starts[min(number, len(starts) - 1)]

    def lines(self, node: ast.stmt) -> tuple[int, int] | None:
        """The whole lines of a statement that has its lines to itself; None for one that shares them."""
        start, _ = self._line(first_line(node))
        _, end = self._line(node.end_lineno or node.lineno)
        own_start, own_end = self.span(node)
        if isinstance(node, FunctionNode | ast.ClassDef) and node.decorator_list:
            own_start = self.source.view.rfind(b"@", 0, self.span(node.decorator_list[0])[0])
        tail = self.source.view[own_end:end].strip()
        if self.source.view[start:own_start].strip() or (tail and not tail.startswith(b"#")):
            return None
        return start, end

    def is_elif(self, node: ast.stmt) -> bool:
        start, _ = self.span(node)
        return isinstance(node, ast.If) and self.source.view[start : start + 4] == b"elif"

    def body_code(self, nodes: Iterable[ast.stmt], shift: str = "", cut: int = 0) -> str | None:
        """The lines of some statements, indented by ``shift`` more or ``cut`` characters less."""
        pieces: list[str] = []
        for node in nodes:
            lines = self.lines(node)
            if lines is None or has_long_text(node):
                return None
            pieces += [
                line if not line.strip() else shift + line[cut:]
                for line in self.source.between(*lines).replace("\r\n", "\n").splitlines(keepends=True)
            ]
        text = "".join(pieces)
        return text if text.endswith("\n") or not text else text + "\n"


@lru_cache(maxsize=16_384)
def _level_of(text: str) -> int:
    tree = parsed(f"({text})")
    new = tree.body[0].value if tree and tree.body and isinstance(tree.body[0], ast.Expr) else None
    return level(new) if new is not None else ATOM


def first_line(node: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators = getattr(node, "decorator_list", None)
    return min(decorators[0].lineno, node.lineno) if decorators else node.lineno


def has_long_text(node: ast.stmt) -> bool:
    """Whether a string runs over several lines, so that re-indenting would change it."""
    return any(
        isinstance(inner, ast.Constant | ast.JoinedStr) and inner.end_lineno != inner.lineno for inner in ast.walk(node)
    )


def header(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions a statement itself holds, without those of the statements inside it."""
    todo: list[ast.AST] = [
        child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt | ast.excepthandler)
    ]
    while todo:
        inner = todo.pop(0)
        if isinstance(inner, ast.expr):
            yield inner
        if isinstance(inner, ast.JoinedStr):
            # Positions inside f-strings are unreliable before Python 3.12.
            continue
        todo += [child for child in ast.iter_child_nodes(inner) if not isinstance(child, ast.stmt)]
