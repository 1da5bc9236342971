"""What a template is given, a statement in its surroundings, and what it gives back: changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from dreamscape.repairer.clues import Clues
from dreamscape.repairer.kinds import fits, kind_of
from dreamscape.repairer.module import FunctionNode, Module, header
from dreamscape.repairer.project import Project
from dreamscape.repairer.scope import Scope
from dreamscape.repairer.source import Splice

_MOST_EXPRESSIONS = 300
"""Of one statement; beyond lie tables of data (chosen)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One possible edit; ``fit`` (0 to 1) is how natural it is among those of its template at this place.

    ``summary`` is empty where one expression takes the place of another: `Site.described` words that.
    """

    splices: tuple[Splice, ...]
    fit: float
    summary: str


Template = Callable[["Site"], Iterator[Change]]


@dataclass(frozen=True, eq=False)
class Site:
    """One suspect statement."""

    module: Module
    scope: Scope
    node: ast.stmt
    clues: Clues
    project: Project

    @property
    def function(self) -> FunctionNode | None:
        return self.scope.function

    @property
    def line(self) -> int:
        return self.node.lineno

    @cached_property
    def expressions(self) -> tuple[ast.expr, ...]:
        """All expressions of the statement itself, outer ones first."""
        return tuple(islice(header(self.node), _MOST_EXPRESSIONS))

    @cached_property
    def loads(self) -> tuple[ast.expr, ...]:
        """Those whose value is read; names of called functions are not among them."""
        called = {id(node.func) for node in self.expressions if isinstance(node, ast.Call)}
        return tuple(
            node
            for node in self.expressions
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            and id(node) not in called
            and not isinstance(node, ast.Slice | ast.Starred)
        )

    @cached_property
    def condition(self) -> ast.expr | None:
        return self.node.test if isinstance(self.node, ast.If | ast.While | ast.Assert) else None

    @cached_property
    def conditions(self) -> tuple[ast.expr, ...]:
        """Every expression used as a condition: of the statement, of ``x if c else y``, of comprehensions."""
        found = [self.condition] if self.condition is not None else []
        for node in self.expressions:
            if isinstance(node, ast.IfExp):
                found.append(node.test)
            for each in getattr(node, "generators", ()):
                found += each.ifs
        if isinstance(self.node, ast.Return) and isinstance(self.node.value, ast.Compare | ast.BoolOp):
            found.append(self.node.value)
        return tuple(found)

    def text(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        return self.module.text(node)

    def kind(self, node: ast.expr | None) -> str:
        return kind_of(node, self.scope.kinds)

    @cached_property
    def values(self) -> list[tuple[str, float, str]]:
        """What can be named here: text, nearness (0 to 1), kind; the nearest first."""
        found = [(name, near, self.scope.kind(name)) for name, near in self.scope.values(self.line)]
        return sorted(found, key=lambda each: -each[1])

    def fitting(self, wanted: str, least: float = 0.3) -> list[tuple[str, float]]:
        """Names for a value of a kind, the best first, each with nearness times fit."""
        found = [(name, near * fits(wanted, kind)) for name, near, kind in self.values]
        return sorted((each for each in found if each[1] >= least), key=lambda each: -each[1])

    def put(self, node: ast.expr, text: str, fit: float, summary: str = "") -> Change:
        """The change that writes ``text`` in the place of an expression."""
        return Change((self.module.put(node, text),), fit, summary)

    def described(self, change: Change) -> str:
        """The change in words."""
        if change.summary:
            return change.summary
        splice = change.splices[0]
        old = self.module.source.between(splice.start, splice.end)
        return f"`{_short(old)}` becomes `{_short(splice.text)}`"

    def splice(self, start: int, end: int, text: str, fit: float, summary: str) -> Change:
        return Change((Splice(start, end, text),), fit, summary)

    def insert(
        self, code: str, fit: float, *, before: ast.stmt | None = None, after: ast.stmt | None = None
    ) -> Iterator[Change]:
        """New lines around a statement, in its indentation; nothing where it shares its line."""
        anchor = before or after or self.node
        lines = self.module.lines(anchor)
        if lines is None or self.module.is_elif(anchor):
            return
        indent = self.module.indent(anchor)
        unit = self.module.indent_unit
        text = "".join(f"{indent}{line.replace('    ', unit)}\n" for line in code.split("\n"))
        where = "before" if after is None else "after"
        at = lines[0] if after is None else lines[1]
        if after is not None and not self.module.source.view[lines[0] : lines[1]].endswith((b"\n", b"\r")):
            text = "\n" + text[:-1]
        first = code.split("\n", 1)[0]
        yield self.splice(at, at, text, fit, f"`{_short(first)}` inserted {where} line {anchor.lineno}")

    def rewrite(self, nodes: Iterable[ast.stmt], code: str, fit: float, summary: str) -> Iterator[Change]:
        """Whole lines of neighbouring statements replaced by other lines (complete with indentation)."""
        spans = [self.module.lines(node) for node in nodes]
        if any(span is None for span in spans):
            return
        known = [span for span in spans if span is not None]
        start, end = min(span[0] for span in known), max(span[1] for span in known)
        ends_open = not self.module.source.view[start:end].endswith((b"\n", b"\r"))
        yield self.splice(start, end, code[:-1] if ends_open and code.endswith("\n") else code, fit, summary)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."
