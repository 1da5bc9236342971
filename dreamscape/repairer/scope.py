"""The names a function can use, with the kind of value each holds and where it is used."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dreamscape.repairer.kinds import UNKNOWN, kinds_in
from dreamscape.repairer.module import FunctionNode, Module

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
EXCEPTIONS = frozenset(
    name for name in BUILTINS if isinstance(getattr(builtins, name), type) and name.endswith(("Error", "Iteration"))
)


@dataclass(frozen=True, eq=False)
class Scope:
    """What can be named inside ``function`` (None: at module level)."""

    module: Module
    function: FunctionNode | None

    @cached_property
    def root(self) -> ast.AST:
        return self.function or self.module.tree

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the function (or module)."""
        return tuple(ast.walk(self.root))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        if self.function is None:
            return ()
        return tuple(arg.arg for arg in all_arguments(self.function.args))

    @cached_property
    def variables(self) -> dict[str, int]:
        """Parameters and local variables, with the line each is first bound; those of outer functions too."""
        bound: dict[str, int] = {}
        function = self.function
        outer = [each for each in self.module.around(function) if isinstance(each, FunctionNode)] if function else []
        for root in [function, *outer] if function else [self.module.tree]:
            for name, line in _bound(root):
                bound.setdefault(name, line)
        return bound

    @cached_property
    def self_name(self) -> str:
        """``self`` or whatever the method calls it; empty outside methods."""
        is_method = self.function is not None and isinstance(self.module.parents.get(self.function), ast.ClassDef)
        if not is_method or not self.parameters:
            return "self" if "self" in self.variables else ""
        return self.parameters[0] if self.parameters[0] in ("self", "cls") else ""

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Data attributes of the class around, those that hold values."""
        return tuple(name for name in self._members if name not in self.methods)

    @cached_property
    def methods(self) -> dict[str, FunctionNode]:
        owner = self.module.class_of(self.function) if self.function else None
        return {node.name: node for node in owner.body if isinstance(node, FunctionNode)} if owner else {}

    @cached_property
    def _members(self) -> tuple[str, ...]:
        owner = self.module.class_of(self.function) if self.function else None
        found: dict[str, None] = {}
        for node in ast.walk(owner) if owner else ():
            match node:
                case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                    found.setdefault(name)
        for statement in owner.body if owner else ():
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    found.setdefault(name)
        return tuple(found)

    @cached_property
    def globals(self) -> dict[str, ast.stmt]:
        """What the module binds at its top level, imports included."""
        found: dict[str, ast.stmt] = {}
        for node in self.module.tree.body:
            for name in _names_bound_by(node):
                found.setdefault(name, node)
        return found

    @cached_property
    def global_values(self) -> tuple[str, ...]:
        """Module-level constants: neither functions, classes nor imports."""
        return tuple(name for name, node in self.globals.items() if isinstance(node, ast.Assign | ast.AnnAssign))

    @cached_property
    def kinds(self) -> dict[str, str]:
        constants: list[ast.AST] = [
            node for node in self.module.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)
        ]
        outer: list[ast.AST] = [
            node for node in self.module.around(self.root) if isinstance(node, FunctionNode | ast.ClassDef)
        ]
        found: dict[str, str] = {}
        for roots in [constants, *([node] for node in reversed(outer)), [self.root]]:
            for name, kind in kinds_in(roots).items():
                if kind != "some" or name not in found:
                    found[name] = kind
        return found

    @cached_property
    def uses(self) -> dict[str, list[int]]:
        """The lines on which each name (and ``self`` attribute) of the function occurs."""
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for node in self.nodes:
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name):
                    lines[f"self.{name}"].append(node.lineno)
                case ast.Name(id=name):
                    lines[name].append(node.lineno)
        return lines

    def values(self, line: int) -> Iterator[tuple[str, float]]:
        """What could be written on a line to name a value, with how near it lies (0 to 1), the nearest not first."""
        for name, bound in self.variables.items():
            if name not in ("self", "cls", "_") and not self._is_function(name):
                late = 0.6 if bound > line else 1.0
                yield name, late * self.nearness(name, line)
        if self.self_name:
            for name in self.attributes:
                yield f"{self.self_name}.{name}", 0.8 * self.nearness(f"self.{name}", line)
        for name in self.global_values if self.function else ():
            yield name, 0.5 if name in self.uses else 0.3
        for owner in self.variables if self.function else ():
            if owner not in ("self", "cls"):
                for name in sorted(self.parts.get(owner, ()))[:6]:
                    yield f"{owner}.{name}", 0.6 * self.nearness(owner, line)

    @cached_property
    def parts(self) -> dict[str, set[str]]:
        """The data attributes that the class around (or a short module) reads of objects of a name."""
        return self._used[1]

    @cached_property
    def attribute_uses(self) -> dict[str, set[str]]:
        """Each attribute that the surroundings use, with the names of the objects they use it of."""
        return self._used[0]

    @cached_property
    def _used(self) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        owner = self.module.class_of(self.function) if self.function else None
        roots: list[ast.AST] = [owner or self.root]
        if len(self.module.statements) < 400:
            roots = [self.module.tree]
        by_attribute: defaultdict[str, set[str]] = defaultdict(set)
        by_object: defaultdict[str, set[str]] = defaultdict(set)
        for node in (node for root in roots for node in ast.walk(root)):
            if isinstance(node, ast.Attribute):
                base = node.value.id if isinstance(node.value, ast.Name) else ""
                by_attribute[node.attr].add(base)
                parent = self.module.parents.get(node)
                if base and not (isinstance(parent, ast.Call) and parent.func is node):
                    by_object[base].add(node.attr)
        return by_attribute, by_object

    def nearness(self, name: str, line: int) -> float:
        lines = self.uses.get(name)
        if not lines:
            # A parameter that nothing uses is more suspicious than any other.
            return 0.9 if name in self.parameters else 0.4
        return 1.0 / (1.0 + 0.03 * min(abs(line - at) for at in lines))

    def kind(self, name: str) -> str:
        return self.kinds.get(name, UNKNOWN)

    def _is_function(self, name: str) -> bool:
        return self.kinds.get(name) == "func" or isinstance(self.globals.get(name), FunctionNode | ast.ClassDef)

    @cached_property
    def callables(self) -> tuple[str, ...]:
        """Functions and classes of the module, and what it imports by name."""
        return tuple(
            name
            for name, node in self.globals.items()
            if isinstance(node, FunctionNode | ast.ClassDef | ast.ImportFrom)
        )


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter, in the order it is written."""
    starred = [arg for arg in (arguments.vararg, arguments.kwarg) if arg]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _bound(root: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(root, FunctionNode):
        for arg in all_arguments(root.args):
            yield arg.arg, root.lineno
    todo: list[ast.AST] = list(ast.iter_child_nodes(root))
    while todo:
        node = todo.pop(0)
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
        todo += ast.iter_child_nodes(node)


def _names_bound_by(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield (alias.asname or alias.name).split(".")[0]
        case ast.Assign() | ast.AnnAssign() | ast.For() | ast.With():
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id
        case ast.If() | ast.Try():
            for inner in ast.iter_child_nodes(node):
                if isinstance(inner, ast.stmt):
                    yield from _names_bound_by(inner)
