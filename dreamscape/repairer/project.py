"""What the other files of a case define, looked up by name and read only when asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dreamscape.repairer.module import FunctionNode, Module
from dreamscape.repairer.scope import Scope, all_arguments
from dreamscape.repairer.source import parsed, read_source


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters a call may name; ``is_method`` where the first is the object itself."""

    names: tuple[str, ...]
    is_method: bool


@dataclass(eq=False)
class Project:
    """All editable sources; modules and signatures are kept once they were read."""

    sources: Mapping[str, bytes]
    modules: dict[str, Module | None] = field(default_factory=dict)
    found: dict[str, Signature | None] = field(default_factory=dict)
    pools: dict[Scope, list[tuple[str, ast.expr, float]]] = field(default_factory=dict)
    """What each function may reuse of itself and its siblings."""

    def module(self, path: str) -> Module | None:
        """The parsed file, or None where it does not exist, decode or parse."""
        if path not in self.modules:
            source = read_source(path, self.sources[path]) if path in self.sources else None
            tree = parsed(source.text) if source else None
            self.modules[path] = Module(source, tree) if source and tree else None
        return self.modules[path]

    def signature(self, name: str) -> Signature | None:
        """Of the first function, method or class of this name in the project."""
        if name not in self.found:
            self.found[name] = self._look_up(name)
        return self.found[name]

    def defining(self, name: str) -> list[str]:
        """Paths of the files that bind a name at their top level."""
        pattern = re.compile(
            rb"^(?:async\s+def|def|class)\s+%b\b|^%b\s*[:=]" % (re.escape(name.encode()), re.escape(name.encode())),
            re.M,
        )
        return [path for path, raw in self.sources.items() if path.endswith(".py") and pattern.search(raw)]

    def _look_up(self, name: str) -> Signature | None:
        pattern = re.compile(rb"\b(?:def|class)\s+%b\b" % re.escape(name.encode()))
        for path, raw in self.sources.items():
            if not path.endswith(".py") or not pattern.search(raw):
                continue
            module = self.module(path)
            for node in (*module.functions, *module.classes) if module else ():
                if node.name == name:
                    return _signature(node)
        return None


def _signature(node: FunctionNode | ast.ClassDef) -> Signature | None:
    if isinstance(node, ast.ClassDef):
        own = next((each for each in node.body if isinstance(each, FunctionNode) and each.name == "__init__"), None)
        if own is None:
            fields = [s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
            return Signature(tuple(fields), False) if fields else None
        return _signature(own)
    names = tuple(arg.arg for arg in all_arguments(node.args) if arg not in (node.args.vararg, node.args.kwarg))
    is_method = bool(names) and names[0] in ("self", "cls")
    return Signature(names[1:] if is_method else names, is_method)


def module_name(path: str) -> str:
    """The dotted name a file is imported by, as far as its path tells."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(parts[1:] if parts[0] in ("src", "lib") and len(parts) > 1 else parts)
