"""Guards: a missing base case, a check for None, empty or absent before something is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.site import Change, Site


def _results(site: Site) -> list[tuple[str, float]]:
    """What a guard may return: what the function returns elsewhere, the usual empty values, parameters."""
    found: dict[str, float] = {}
    if site.function is None:
        return []
    has_value = False
    for node in site.scope.nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            has_value = True
            text = site.text(node.value)
            if (
                isinstance(node.value, ast.Constant | ast.Name | ast.List | ast.Dict | ast.Tuple | ast.UnaryOp)
                and len(text) < 40
            ):
                found.setdefault(text, 0.9)
            kind = site.kind(node.value)
            usual = {"list": "[]", "dict": "{}", "set": "set()", "str": "''", "num": "0", "bool": "False"}.get(kind)
            if usual:
                found.setdefault(usual, 0.8)
    if not has_value:
        return [("", 1.0)]
    for text, fit in (("None", 0.5), ("0", 0.4), ("False", 0.4), ("[]", 0.4), ("True", 0.35), ("''", 0.3), ("1", 0.35),
                      ("{}", 0.3), ("-1", 0.25)):  # fmt: skip
        found.setdefault(text, fit)
    for name in site.scope.parameters:
        if name not in ("self", "cls"):
            found.setdefault(name, 0.45)
    return sorted(found.items(), key=lambda each: -each[1])[:12]


def _dangers(site: Site) -> Iterator[tuple[str, float]]:
    """Conditions under which the statement cannot do its work, read off what it uses."""
    for node in site.expressions:
        match node:
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=right) if not isinstance(
                right, ast.Constant
            ):
                yield f"{site.module.operand(right, 5)} == 0", 1.0
                yield f"not {site.module.operand(right, 4)}", 0.9
                if isinstance(right, ast.Call) and right.args:
                    yield f"not {site.module.operand(right.args[0], 4)}", 1.0
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner) if site.text(owner) not in ("self", "cls"):
                yield f"{site.text(owner)} is None", 0.9
                yield f"not {site.text(owner)}", 0.7
            case ast.Subscript(value=ast.Name() | ast.Attribute() as owner, slice=index, ctx=ast.Load()):
                yield f"not {site.text(owner)}", 0.8
                if not isinstance(index, ast.Slice):
                    yield f"{site.text(index)} not in {site.text(owner)}", 0.7
                    yield f"{site.text(index)} >= len({site.text(owner)})", 0.6
            case ast.Call(func=ast.Name(id="min" | "max" | "len" | "next" | "sum"), args=[ast.Name() as only]):
                yield f"not {only.id}", 0.8
            case ast.Call(func=ast.Name(), args=args) | ast.Call(func=ast.Attribute(), args=args):
                for argument in args:
                    if isinstance(argument, ast.Name):
                        yield f"{argument.id} is None", 0.5
                        yield f"not {argument.id}", 0.4
            case ast.Call(func=ast.Attribute(value=ast.Name() as owner)):
                yield f"not {owner.id}", 0.6


def _parameter_cases(site: Site) -> Iterator[tuple[str, float]]:
    """Base cases over the parameters."""
    for name in site.scope.parameters:
        if name in ("self", "cls"):
            continue
        kind = site.scope.kind(name)
        if kind in ("num", ""):
            for form, fit in (("{} == 0", 1.0), ("{} <= 0", 0.8), ("{} < 0", 0.8), ("{} <= 1", 0.7), ("{} == 1", 0.6),
                              ("{} < 2", 0.5)):  # fmt: skip
                yield form.format(name), fit * (1.0 if kind else 0.5)
        if kind != "num":
            yield f"not {name}", 1.0
            yield f"{name} is None", 0.8
            if kind in ("list", "str", "some", "tuple", ""):
                yield f"len({name}) <= 1", 0.6 if kind else 0.3
                yield f"len({name}) < 2", 0.4 if kind else 0.2
                yield f"len({name}) == 1", 0.4 if kind else 0.2
    names = [name for name in site.scope.parameters if name not in ("self", "cls")]
    for at, one in enumerate(names[:4]):
        for other in names[at + 1 : 4]:
            yield f"{one} == {other}", 0.4
            yield f"{one} > {other}", 0.4
            yield f"{one} is {other}", 0.2
            yield f"not {one} or not {other}", 0.4


def _is_first(site: Site) -> bool:
    if site.function is None:
        return False
    body = site.function.body
    skip = 1 if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1 else 0
    return body[skip] is site.node


def base_case(site: Site) -> Iterator[Change]:
    """``if not xs: return []`` and its like at the top of a function."""
    if _is_first(site):
        for condition, fit in _parameter_cases(site):
            for result, weight in _results(site):
                code = f"if {condition}:\n    return {result}".rstrip()
                yield from site.insert(code, fit * weight, before=site.node)


def guard(site: Site) -> Iterator[Change]:
    """A way out before the statement where it could not do its work: ``return``, ``continue`` or ``break``."""
    dangers = _best(_dangers(site))
    for condition, fit in dangers:
        for result, weight in _results(site)[:8]:
            yield from site.insert(f"if {condition}:\n    return {result}".rstrip(), fit * weight, before=site.node)
        if site.module.loop_of(site.node):
            yield from site.insert(f"if {condition}:\n    continue", 0.9 * fit, before=site.node)
            yield from site.insert(f"if {condition}:\n    break", 0.6 * fit, before=site.node)


def _best(conditions: Iterator[tuple[str, float]]) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    for condition, fit in conditions:
        found[condition] = max(fit, found.get(condition, 0.0))
    return sorted(found.items(), key=lambda each: -each[1])[:14]


def leave_loop(site: Site) -> Iterator[Change]:
    """A condition of the function or over its names that ends or skips a turn of the loop."""
    if not site.module.loop_of(site.node):
        return
    for name, near, kind in site.values[:8]:
        forms = ("{} is None", "not {}", "{}") if kind != "num" else ("{} == 0", "{} < 0", "{} > 0")
        for form in forms:
            condition = form.format(name)
            for word in ("continue", "break"):
                yield from site.insert(f"if {condition}:\n    {word}", 0.6 * near, before=site.node)
    for one, near, kind in site.values[:8]:
        for other, near_too, kind_too in site.values[:8]:
            if one != other and (kind == kind_too or not kind or not kind_too):
                for word in ("continue", "break"):
                    yield from site.insert(
                        f"if {one} == {other}:\n    {word}", 0.25 * near * near_too, before=site.node
                    )
            if one != other and kind_too in ("set", "list", "dict", "some"):
                for word in ("continue", "break"):
                    code = f"if {one} in {other}:\n    {word}"
                    yield from site.insert(code, 0.5 * near * near_too, before=site.node)


def only_if(site: Site) -> Iterator[Change]:
    """The statement made to depend on a condition over what it uses."""
    node = site.node
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Raise | ast.Return | ast.Delete | ast.For):
        return
    code = site.module.body_code([node], shift=site.module.indent_unit)
    if code is None or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    indent = site.module.indent(node)
    opposite: list[tuple[str, float]] = []
    for condition, fit in _best(_dangers(site)):
        opposite.append((_opposite(condition), fit))
    for name, near, kind in site.values[:8]:
        for form in ("{}", "not {}", "{} is not None") if kind != "num" else ("{} > 0", "{}", "{} != 0"):
            opposite.append((form.format(name), 0.5 * near))
    for container, near, kind in site.values[:8]:
        for one, near_too, kind_too in site.values[:8]:
            if kind in ("set", "list", "dict", "some") and one != container and kind_too not in ("set", "dict"):
                opposite.append((f"{one} not in {container}", 0.6 * near * near_too))
                opposite.append((f"{one} in {container}", 0.4 * near * near_too))
            if kind == "num" == kind_too and one != container:
                opposite.append((f"{one} > {container}", 0.4 * near * near_too))
    for condition, fit in opposite:
        yield from site.rewrite(
            [node], f"{indent}if {condition}:\n{code}", fit, f"the statement runs only if `{condition}`"
        )


def _opposite(condition: str) -> str:
    for old, new in ((" is None", " is not None"), (" not in ", " in "), (" >= len(", " < len("), (" == 0", " != 0")):
        if old in condition:
            return condition.replace(old, new)
    return condition.removeprefix("not ") if condition.startswith("not ") else f"not ({condition})"


def guarded_value(site: Site) -> Iterator[Change]:
    """A value that is only taken where it can be: ``x.y if x else None``, ``d.get(k)`` for ``d[k]``, ``x or []``."""
    for node in site.loads:
        match node:
            case ast.Subscript(value=owner, slice=index) if not isinstance(index, ast.Slice):
                holder, key = site.module.operand(owner), site.text(index)
                if site.kind(owner) in ("dict", "some", ""):
                    for default, fit in (("", 0.8), (", 0", 0.7), (", []", 0.5), (", ''", 0.5), (", {}", 0.4),
                                         (", False", 0.3), (f", {key}", 0.4)):  # fmt: skip
                        yield site.put(node, f"{holder}.get({key}{default})", fit)
                for default in ("None", "0", "''"):
                    yield site.put(node, f"{site.text(node)} if {holder} else {default}", 0.4)
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key_node]):
                yield site.put(node, f"{site.module.operand(owner)}[{site.text(key_node)}]", 0.5)
            case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key_node, _]):
                yield site.put(node, f"{site.module.operand(owner)}[{site.text(key_node)}]", 0.4)
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner) if site.text(owner) not in ("self", "cls"):
                for default in ("None", "''", "0"):
                    yield site.put(node, f"{site.text(node)} if {site.text(owner)} is not None else {default}", 0.3)
        if isinstance(node, ast.Name | ast.Attribute | ast.Call):
            parent = site.module.parents.get(node)
            if isinstance(parent, ast.For | ast.Call | ast.Return | ast.Assign | ast.comprehension | ast.keyword):
                for default, fit in (("[]", 0.5), ("''", 0.4), ("{}", 0.4), ("0", 0.3), ("()", 0.2), ("None", 0.2)):
                    yield site.put(node, f"{site.text(node)} or {default}", fit)
            if isinstance(parent, ast.Assign | ast.Return | ast.keyword | ast.Call):
                yield from _either(site, node)


def _either(site: Site, node: ast.expr) -> Iterator[Change]:
    for name, near, kind in site.values[:6]:
        if name != site.text(node) and kind == site.kind(node):
            yield site.put(node, f"{site.text(node)} or {name}", 0.3 * near)
            yield site.put(node, f"{name} or {site.text(node)}", 0.3 * near)
