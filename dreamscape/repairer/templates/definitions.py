"""Definitions: defaults of parameters, a missing ``self``, ``global``, decorator or ``super().__init__()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from dreamscape.repairer.module import FunctionNode
from dreamscape.repairer.site import Change, Site

_EMPTY = {"[]": "[]", "{}": "{}", "set()": "set()", "list()": "list()", "dict()": "dict()"}


def default(site: Site) -> Iterator[Change]:
    """Another default; one added or taken away."""
    node = site.node
    if not isinstance(node, FunctionNode):
        return
    arguments = node.args
    for value in [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]:
        own = site.text(value)
        choices = ["None", "True", "False", "0", "1", "''", "[]", "()", "' '", "','", "2", "10", "-1"]
        if isinstance(value, ast.Constant) and isinstance(value.value, bool):
            yield site.put(value, str(not value.value), 1.0)
        elif isinstance(value, ast.Constant) and isinstance(value.value, int):
            for number in (value.value + 1, value.value - 1, -value.value, value.value * 10):
                yield site.put(value, str(number), 0.8)
        for text in choices:
            if text != own:
                yield site.put(value, text, 0.4)
        for name in site.scope.globals:
            if name.isupper():
                yield site.put(value, name, 0.5)
    without = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    if without and without[-1].arg not in ("self", "cls"):
        _, end = site.module.span(without[-1])
        equals = " = " if without[-1].annotation else "="
        for text in ("None", "0", "False", "True", "''", "1", "()"):
            yield site.splice(end, end, f"{equals}{text}", 0.4, f"`{without[-1].arg}` gets the default `{text}`")


def mutable_default(site: Site) -> Iterator[Change]:
    """``def f(x=[])`` becomes ``def f(x=None)`` with the empty value made inside."""
    node = site.node
    if not isinstance(node, FunctionNode):
        return
    arguments = node.args
    pairs = (
        list(zip(arguments.args[-len(arguments.defaults) :], arguments.defaults, strict=False))
        if arguments.defaults
        else []
    )
    pairs += [(arg, value) for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    first = next((each for each in node.body if not _is_docstring(each)), node.body[0])
    for argument, value in pairs:
        if site.text(value) in _EMPTY:
            code = f"if {argument.arg} is None:\n    {argument.arg} = {site.text(value)}"
            for change in site.insert(code, 1.0, before=first):
                splices = (site.module.put(value, "None"), *change.splices)
                yield Change(splices, 1.0, f"`{argument.arg}` gets a new `{site.text(value)}` for each call")


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def signature(site: Site) -> Iterator[Change]:
    """A missing ``self`` or parameter, a decorator added or taken away."""
    node = site.node
    if not isinstance(node, FunctionNode):
        return
    start, _ = site.module.span(node)
    view = site.module.source.view
    opened = view.find(b"(", start) + 1
    is_method = isinstance(site.module.parents.get(node), ast.ClassDef)
    names = [arg.arg for arg in node.args.args]
    if is_method and (not names or names[0] not in ("self", "cls")):
        yield site.splice(opened, opened, "self, " if names else "self", 1.0, "`self` added")
        yield from site.insert("@staticmethod", 0.8, before=node) if not node.decorator_list else ()
    if is_method and not node.decorator_list:
        yield from site.insert("@property", 0.6, before=node)
        yield from site.insert("@classmethod", 0.6 if names[:1] == ["cls"] else 0.2, before=node)
        yield from site.insert("@staticmethod", 0.2, before=node)
    for decorator in node.decorator_list:
        at = view.rfind(b"@", 0, site.module.span(decorator)[0])
        end = view.find(b"\n", site.module.span(decorator)[1]) + 1
        line_start = view.rfind(b"\n", 0, at) + 1
        if end > 0:
            yield site.splice(line_start, end, "", 0.5, f"`@{site.text(decorator)}` taken away")
    for name in site.clues.keywords:
        if name not in names:
            closed = site.module.span(node.args.args[-1])[1] if names else opened
            yield site.splice(
                closed, closed, f", {name}=None" if names else f"{name}=None", 0.6, f"parameter `{name}` added"
            )


def swap_parameters(site: Site) -> Iterator[Change]:
    """Two parameters exchanged."""
    node = site.node
    if not isinstance(node, FunctionNode):
        return
    plain = [arg for arg in node.args.args if arg.arg not in ("self", "cls")]
    for one, other in pairwise(plain):
        if one not in node.args.args[len(node.args.args) - len(node.args.defaults) :]:
            (a, b), (c, d) = site.module.span(one), site.module.span(other)
            between = site.module.source.between
            text = between(c, d) + between(b, c) + between(a, b)
            yield site.splice(a, d, text, 0.5, f"parameters `{one.arg}` and `{other.arg}` exchanged")


def declared(site: Site) -> Iterator[Change]:
    """``global`` or ``nonlocal`` for a name the function binds although an outer one has it."""
    function = site.function
    if function is None or not any(site.node is each for each in function.body[:2]):
        return
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    outer = next((each for each in site.module.around(function) if isinstance(each, FunctionNode)), None)
    for name in sorted(stored - set(site.scope.parameters)):
        missing = name in site.clues.missing_names
        if name in site.scope.globals:
            yield from site.insert(f"global {name}", 1.0 if missing else 0.5, before=function.body[0])
        if outer is not None and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(outer)):
            yield from site.insert(f"nonlocal {name}", 1.0 if missing else 0.4, before=function.body[0])


def constructor(site: Site) -> Iterator[Change]:
    """A missing call of the parent's ``__init__`` or an attribute that is never set."""
    function = site.function
    if function is None or function.name != "__init__" or site.node is not function.body[0]:
        return
    owner = site.module.class_of(function)
    if owner is not None and owner.bases and "super()" not in site.text(function):
        names = [name for name in site.scope.parameters if name != "self"]
        yield from site.insert("super().__init__()", 1.0, before=site.node)
        for count in range(1, len(names) + 1):
            yield from site.insert(f"super().__init__({', '.join(names[:count])})", 0.8, before=site.node)
    for name in site.clues.missing_attributes:
        values = ("None", "[]", "{}", "0", "''", "set()", "False")
        for value in (*((name,) if name in site.scope.parameters else ()), *values):
            yield from site.insert(f"self.{name} = {value}", 0.7, before=site.node)


def field_default(site: Site) -> Iterator[Change]:
    """A dataclass field's default, or the options of the decorator."""
    node = site.node
    if isinstance(node, ast.AnnAssign) and isinstance(site.module.parents.get(node), ast.ClassDef):
        _, end = site.module.span(node)
        if node.value is None:
            for text in (
                "None",
                "0",
                "''",
                "False",
                "True",
                "field(default_factory=list)",
                "field(default_factory=dict)",
            ):
                yield site.splice(end, end, f" = {text}", 0.5, f"the field gets the default `{text}`")
        else:
            for text in (
                "None",
                "0",
                "''",
                "False",
                "True",
                "field(default_factory=list)",
                "1",
                "field(compare=False)",
            ):
                if text != site.text(node.value):
                    yield site.put(node.value, text, 0.4)
    if isinstance(node, ast.ClassDef):
        for decorator in node.decorator_list:
            text = site.text(decorator)
            if text.split("(")[0].endswith("dataclass"):
                for option in ("frozen=True", "order=True", "eq=False", "unsafe_hash=True"):
                    if option not in text:
                        inner = text[:-1] + ", " if text.endswith(")") else text + "("
                        yield site.put(decorator, f"{inner}{option})".replace("(, ", "("), 0.5)
