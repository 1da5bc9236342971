"""Calls: arguments swapped, dropped or added, wrappers put around values or taken away."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from dreamscape.repairer.kinds import fits
from dreamscape.repairer.module import header
from dreamscape.repairer.site import Change, Site

_WRAPPERS: dict[str, tuple[tuple[str, float], ...]] = {
    "num": (("abs({})", 0.8), ("int({})", 0.7), ("max({}, 0)", 0.7), ("str({})", 0.6), ("round({})", 0.5),
            ("float({})", 0.4), ("max({}, 1)", 0.4), ("min({}, 1)", 0.2)),
    "str": (("{}.strip()", 0.8), ("{}.lower()", 0.8), ("int({})", 0.6), ("len({})", 0.5), ("{}.upper()", 0.5),
            ("{}.split()", 0.3), ("{}.rstrip()", 0.4), ("{}.lstrip()", 0.3), ("float({})", 0.4), ("str({})", 0.5),
            ("repr({})", 0.2),
            ("list({})", 0.3), ("{}.encode()", 0.2), ("set({})", 0.3), ("{}.title()", 0.2)),
    "list": (("list({})", 0.7), ("sorted({})", 0.8), ("len({})", 0.7), ("{}.copy()", 0.6), ("set({})", 0.6),
             ("reversed({})", 0.6), ("tuple({})", 0.5), ("sum({})", 0.4), ("max({})", 0.3), ("min({})", 0.3),
             ("enumerate({})", 0.3), ("''.join({})", 0.3), ("iter({})", 0.2)),
    "dict": (("dict({})", 0.6), ("{}.items()", 0.8), ("{}.values()", 0.7), ("{}.copy()", 0.7), ("list({})", 0.5),
             ("{}.keys()", 0.5), ("len({})", 0.5), ("sorted({})", 0.4)),
    "set": (("list({})", 0.6), ("sorted({})", 0.8), ("len({})", 0.6), ("{}.copy()", 0.6), ("frozenset({})", 0.3)),
    "bool": (("not {}", 0.5), ("int({})", 0.3)),
    "": (("list({})", 0.5), ("str({})", 0.6), ("int({})", 0.5), ("len({})", 0.5), ("sorted({})", 0.4),
         ("abs({})", 0.4), ("set({})", 0.3), ("{}.copy()", 0.3), ("tuple({})", 0.3), ("{}.strip()", 0.3),
         ("{}.lower()", 0.3), ("float({})", 0.3), ("max({}, 0)", 0.3), ("reversed({})", 0.25), ("bool({})", 0.3),
         ("{}.items()", 0.3), ("repr({})", 0.25), ("iter({})", 0.15), ("dict({})", 0.2), ("round({})", 0.2),
         ("{}()", 0.3), ("enumerate({})", 0.2), ("deepcopy({})", 0.1)),
}  # fmt: skip


def _calls(site: Site) -> list[ast.Call]:
    return [node for node in site.expressions if isinstance(node, ast.Call)]


def _rebuilt(site: Site, call: ast.Call, arguments: list[str]) -> str:
    return f"{site.module.operand(call.func)}({', '.join(arguments)})"


def _arguments(site: Site, call: ast.Call) -> list[str]:
    return [*map(site.text, call.args), *map(site.text, call.keywords)]


def swap_arguments(site: Site) -> Iterator[Change]:
    """Two positional arguments (or elements of a tuple, list or index) exchanged."""
    for node in site.expressions:
        parts = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        fit = 1.0 if isinstance(node, ast.Call) else 0.7
        for one, other in combinations(parts[:6], 2):
            texts = site.text(one), site.text(other)
            if texts[0] != texts[1]:
                weight = fit * (0.6 + 0.4 * fits(site.kind(one), site.kind(other)))
                first, second = site.module.put(one, texts[1]), site.module.put(other, texts[0])
                yield Change((first, second), weight, f"`{texts[0]}` and `{texts[1]}` exchanged")


def drop_argument(site: Site) -> Iterator[Change]:
    """One argument or element left out."""
    for call in _calls(site):
        parts = _arguments(site, call)
        for at in range(len(parts)):
            yield site.put(call, _rebuilt(site, call, parts[:at] + parts[at + 1 :]), 0.5)
    for node in site.loads:
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1:
            opened, closed = ("[", "]") if isinstance(node, ast.List) else ("(", ")")
            parts = [site.text(each) for each in node.elts]
            for at in range(len(parts)):
                kept = ", ".join(parts[:at] + parts[at + 1 :]) + ("," if opened == "(" and len(parts) == 2 else "")
                start, end = site.module.span(node)
                yield site.splice(start, end, f"{opened}{kept}{closed}", 0.3, f"`{parts[at]}` left out")


def add_argument(site: Site) -> Iterator[Change]:
    """An argument the callee knows: by keyword from its signature, or the next positional one."""
    for call in _calls(site):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        parts = _arguments(site, call)
        signature = site.project.signature(name)
        if signature:
            given = {keyword.arg for keyword in call.keywords}
            left = [each for each in signature.names[len(call.args) :] if each not in given]
            for parameter in left[:6]:
                for value, near, _ in site.values[:12]:
                    same = value.rpartition(".")[2] == parameter
                    fit = 1.0 if same else 0.3 * near
                    if parameter == left[0] and not call.keywords:
                        yield site.put(call, _rebuilt(site, call, [*parts, value]), fit)
                    else:
                        yield site.put(call, _rebuilt(site, call, [*parts, f"{parameter}={value}"]), fit)
                for literal in ("True", "False", "None"):
                    yield site.put(call, _rebuilt(site, call, [*parts, f"{parameter}={literal}"]), 0.3)
        else:
            yield from _known_keywords(site, call, name, parts)
            for value, near, _ in site.values[:6]:
                yield site.put(call, _rebuilt(site, call, [*parts, value]), 0.25 * near)
                yield site.put(call, _rebuilt(site, call, [value, *parts]), 0.2 * near)


def _known_keywords(site: Site, call: ast.Call, name: str, parts: list[str]) -> Iterator[Change]:
    known = {
        "sorted": ("reverse=True", "key=len", "key=str", "key=lambda pair: pair[1]", "key=lambda pair: pair[0]"),
        "sort": ("reverse=True", "key=len", "key=str", "key=lambda pair: pair[1]"),
        "max": ("default=0", "default=None", "key=len"),
        "min": ("default=0", "default=None", "key=len"),
        "sum": ("0.0", "[]"),
        "next": ("None",),
        "get": ("0", "[]", "''", "None", "{}"),
        "pop": ("0", "None", "-1"),
        "getattr": ("None",),
        "split": ("1", "maxsplit=1") if parts else ("','", "' '", "None, 1", "'='", "'\\n'"),
        "rsplit": ("1", "maxsplit=1") if parts else ("None, 1",),
        "int": ("16", "2", "8"),
        "enumerate": ("1", "start=1"),
        "zip": ("strict=True",),
        "round": ("2", "1"),
        "dumps": ("sort_keys=True", "ensure_ascii=False", "indent=2"),
        "dict": ("**kwargs",),
        "sub": ("flags=re.IGNORECASE",),
        "search": ("re.IGNORECASE",),
        "match": ("re.IGNORECASE",),
        "compile": ("re.IGNORECASE", "re.MULTILINE", "re.DOTALL"),
        "replace": ("1",),
        "strip": ("'\"'", "'/'"),
    }  # fmt: skip
    for extra in known.get(name, ()):
        if not any(extra.split("=")[0] == (keyword.arg or "") for keyword in call.keywords):
            yield site.put(call, _rebuilt(site, call, [*parts, extra]), 0.6)


def keyword(site: Site) -> Iterator[Change]:
    """Another keyword of the callee, a truth value turned round, a positional argument given by keyword."""
    for call in _calls(site):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        signature = site.project.signature(name)
        for each in call.keywords:
            start, _ = site.module.span(each)
            for other in signature.names if signature and each.arg else ():
                if other != each.arg and all(other != given.arg for given in call.keywords):
                    end = start + len((each.arg or "").encode())
                    yield site.splice(start, end, other, 0.5, f"keyword `{each.arg}` becomes `{other}`")
        for value, parameter in zip(call.args, signature.names if signature else (), strict=False):
            if (
                isinstance(value, ast.Name)
                and value.id != parameter
                and value.id in (signature.names if signature else ())
            ):
                yield site.put(value, f"{value.id}={value.id}", 0.6)


def wrap(site: Site) -> Iterator[Change]:
    """A call put around a value that fits its kind."""
    for node in site.loads:
        if isinstance(
            node, ast.Constant | ast.Lambda | ast.Slice | ast.Compare | ast.BoolOp | ast.JoinedStr | ast.UnaryOp
        ):
            continue
        parent = site.module.parents.get(node)
        if isinstance(parent, ast.Attribute):
            continue
        if isinstance(parent, ast.Compare):
            for form in _letter_cases(parent):
                yield site.put(node, form.format(_inner(site, node, form)), 0.9)
        outer = 1.0 if isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.For | ast.comprehension) else 0.6
        for form, fit in _WRAPPERS.get(site.kind(node), _WRAPPERS[""]):
            yield site.put(node, form.format(_inner(site, node, form)), fit * outer)
        if site.kind(node) in ("num", "") and isinstance(site.node, ast.Assign) and node is site.node.value:
            target = site.text(site.node.targets[0])
            for form in ("max({}, {})", "min({}, {})"):
                yield site.put(node, form.format(target, site.text(node)), 0.8)


def _letter_cases(comparison: ast.Compare) -> Iterator[str]:
    """How a value has to be spelt that is compared with texts all in one case."""
    others = [comparison.left, *comparison.comparators]
    texts = [each for other in others for each in getattr(other, "elts", [other]) if isinstance(each, ast.Constant)]
    values = [each.value for each in texts if isinstance(each.value, str)]
    if values and all(value.isupper() for value in values):
        yield "{}.upper()"
    if values and all(value.islower() for value in values):
        yield "{}.lower()"


def _inner(site: Site, node: ast.expr, form: str) -> str:
    if form.startswith("{}"):
        return site.module.operand(node)
    if form.startswith("not"):
        return site.module.operand(node, 4)
    return site.text(node)


def wrap_chosen(site: Site) -> Iterator[Change]:
    """The larger or smaller of a value and another in scope; a call of a function of the file around a value."""
    for node in site.loads:
        if site.kind(node) not in ("num", "") or isinstance(node, ast.Constant | ast.Compare | ast.JoinedStr):
            continue
        if isinstance(node, ast.Name | ast.BinOp | ast.Call | ast.Subscript):
            for name, near in site.fitting("num", 0.4)[:5]:
                if name != site.text(node):
                    yield site.put(node, f"max({name}, {site.text(node)})", 0.6 * near)
                    yield site.put(node, f"min({name}, {site.text(node)})", 0.6 * near)
            yield from _chosen_of_pair(site, node)
    for node in site.loads:
        parent = site.module.parents.get(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(parent, ast.Attribute):
            for name in site.scope.callables[:12]:
                yield site.put(node, f"{name}({site.text(node)})", 0.3)
            for name in list(site.scope.methods)[:12] if site.scope.self_name else ():
                if not name.startswith("__"):
                    yield site.put(node, f"{site.scope.self_name}.{name}({site.text(node)})", 0.25)


def _chosen_of_pair(site: Site, node: ast.expr) -> Iterator[Change]:
    """The larger or smaller of a value and one that the same statement, or the condition around it, reads."""
    near = [*site.expressions, *header(outer)] if (outer := _statement_around(site)) else site.expressions
    own = site.text(node)
    others = {site.text(each) for each in near if isinstance(each, ast.Subscript | ast.Attribute)}
    for text in sorted(others)[:8]:
        if text != own and own not in text and len(text) <= 40:
            yield site.put(node, f"max({text}, {own})", 0.4)
            yield site.put(node, f"min({text}, {own})", 0.4)


def _statement_around(site: Site) -> ast.stmt | None:
    parent = site.module.parents.get(site.node)
    return parent if isinstance(parent, ast.If | ast.While | ast.For) else None


def unwrap(site: Site) -> Iterator[Change]:
    """What was handed to a call, or the object a method was called on, instead of the call; no ``await``."""
    for node in site.loads:
        match node:
            case ast.Call(func=ast.Name(), args=[only], keywords=[]) if not isinstance(only, ast.Starred):
                yield site.put(node, site.text(only), 0.8)
            case ast.Call(func=ast.Name(), args=[*many]) if 1 < len(many) < 4:
                for each in many:
                    if not isinstance(each, ast.Starred):
                        yield site.put(node, site.text(each), 0.5)
            case ast.Call(func=ast.Attribute(value=owner), args=args) if not isinstance(owner, ast.Name) or not args:
                yield site.put(node, site.text(owner), 0.6)
            case ast.Await(value=value):
                yield site.put(node, site.text(value), 0.5)
            case ast.List(elts=[only]) if not isinstance(only, ast.Starred):
                yield site.put(node, site.text(only), 0.3)
            case ast.Attribute(value=ast.Name() as owner) if owner.id not in ("self", "cls"):
                yield site.put(node, site.text(owner), 0.3)


def call_or_not(site: Site) -> Iterator[Change]:
    """A function called that was only named, or named that was called; ``await`` added."""
    is_async = isinstance(site.function, ast.AsyncFunctionDef)
    for node in site.loads:
        match node:
            case ast.Attribute() | ast.Name():
                parent = site.module.parents.get(node)
                name = node.attr if isinstance(node, ast.Attribute) else node.id
                known = name in site.scope.methods or site.scope.kind(name) == "func"
                if not isinstance(parent, ast.Attribute | ast.Subscript):
                    yield site.put(node, f"{site.text(node)}()", 0.8 if known else 0.25)
            case ast.Call(func=func):
                if not node.args and not node.keywords:
                    yield site.put(node, site.text(func), 0.4)
                if is_async and not isinstance(site.module.parents.get(node), ast.Await):
                    yield site.put(node, f"await {site.text(node)}", 0.8)


def star(site: Site) -> Iterator[Change]:
    """A sequence spread into arguments, or handed over whole."""
    for call in _calls(site):
        for argument in call.args:
            start, end = site.module.span(argument)
            if isinstance(argument, ast.Starred):
                yield site.splice(start, end, site.text(argument.value), 0.5, "the star taken away")
            elif site.kind(argument) in ("list", "tuple", "some", "") and isinstance(argument, ast.Name):
                yield site.splice(start, start, "*", 0.4, f"`{site.text(argument)}` spread")
