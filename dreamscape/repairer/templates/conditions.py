"""Conditions: turned round, widened, narrowed, or replaced by what the function knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.site import Change, Site


def negate_condition(site: Site) -> Iterator[Change]:
    """A condition turned round."""
    for node in site.conditions:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield site.put(node, site.text(node.operand), 1.0)
        elif not isinstance(node, ast.Compare) or len(node.ops) > 1:
            yield site.put(node, f"not {site.module.operand(node, 4)}", 1.0)
    for node in site.loads:
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
                    yield site.put(value, site.text(value.operand), 0.6)
                elif not isinstance(value, ast.Compare):
                    yield site.put(value, f"not {site.module.operand(value, 4)}", 0.6)


def none_or_empty(site: Site) -> Iterator[Change]:
    """Truth against ``is None``: ``if x`` becomes ``if x is not None``, and so on."""
    parts: list[ast.expr] = []
    for node in site.conditions:
        parts += node.values if isinstance(node, ast.BoolOp) else [node]
    for node in parts:
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call() if site.kind(node) != "bool":
                yield site.put(node, f"{site.text(node)} is not None", 1.0)
                yield site.put(node, f"{site.text(node)} is None", 0.3)
            case ast.UnaryOp(
                op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() as inner
            ) if site.kind(inner) != "bool":
                yield site.put(node, f"{site.text(inner)} is None", 1.0)
            case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
                yield site.put(node, site.text(left), 0.8)
            case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
                yield site.put(node, f"not {site.module.operand(left, 4)}", 0.8)
    for node in site.loads:
        match node:
            case ast.BoolOp(op=ast.Or(), values=[left, right]) if node not in site.conditions:
                text = f"{site.text(left)} if {site.module.operand(left)} is not None else {site.text(right)}"
                yield site.put(node, text, 0.6)


def atoms(site: Site) -> Iterator[tuple[str, float]]:
    """Conditions that can be made of what is in scope, with how natural each is."""
    for text, fit in _conditions_nearby(site):
        yield text, fit
    mentioned = _mentioned(site)
    for name, near, kind in site.values[:14]:
        weight = near * (1.0 if name in mentioned else 0.6)
        if kind != "num":
            yield f"not {name}", 0.8 * weight
            yield name, 0.8 * weight
        if kind in ("", "none"):
            yield f"{name} is None", 0.8 * weight
            yield f"{name} is not None", 0.8 * weight
        if kind in ("num", ""):
            for form, fit in (("{} == 0", 0.7), ("{} > 0", 0.7), ("{} < 0", 0.6), ("{} != 0", 0.4), ("{} >= 0", 0.3),
                              ("{} == 1", 0.3), ("{} <= 0", 0.3), ("{} <= 1", 0.2)):  # fmt: skip
                yield form.format(name), fit * weight * (1.0 if kind else 0.5)
    yield from _comparisons(site, mentioned)


def _comparisons(site: Site, mentioned: set[str]) -> Iterator[tuple[str, float]]:
    numbers = [(name, near) for name, near, kind in site.values if kind == "num"][:7]
    rest = [(name, near, kind) for name, near, kind in site.values if kind != "num"][:7]
    for at, (one, near) in enumerate(numbers):
        for other, near_too in numbers[at + 1 :]:
            weight = near * near_too * (0.6 if {one, other} & mentioned else 0.3)
            for symbol in ("<", ">", "==", "<=", ">=", "!="):
                yield f"{one} {symbol} {other}", weight * (1.0 if symbol in "<>==" else 0.7)
        for container, near_too, kind in rest:
            if kind in ("list", "str", "some", "tuple"):
                weight = near * near_too * (0.5 if {one, container} & mentioned else 0.25)
                yield f"{one} < len({container})", weight
                yield f"{one} >= len({container})", 0.7 * weight
    for one, near, kind in [*rest, *((name, near, "num") for name, near in numbers)]:
        for container, near_too, other in rest:
            if (
                one != container
                and other in ("list", "set", "dict", "some", "str", "tuple")
                and kind not in ("dict", "set")
            ):
                weight = near * near_too * (0.6 if {one, container} & mentioned else 0.3)
                yield f"{one} in {container}", weight
                yield f"{one} not in {container}", weight
    for at, (one, near, kind) in enumerate(rest):
        for other, near_too, kind_too in rest[at + 1 :]:
            if kind == kind_too or not kind or not kind_too:
                weight = near * near_too * (0.4 if {one, other} & mentioned else 0.2)
                yield f"{one} == {other}", weight
                yield f"{one} != {other}", weight


def _mentioned(site: Site) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(site.node):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.{node.attr}")
    return names


def _conditions_nearby(site: Site) -> Iterator[tuple[str, float]]:
    """Conditions of the function, and their parts, as they are written."""
    seen: set[str] = set()
    for node in site.scope.nodes if site.function else ():
        if not isinstance(node, ast.If | ast.While | ast.IfExp) or node is site.node:
            continue
        parts = [node.test, *(node.test.values if isinstance(node.test, ast.BoolOp) else [])]
        for part in parts:
            text = site.text(part)
            if text not in seen and len(text) < 80 and "\n" not in text and not isinstance(part, ast.Constant):
                seen.add(text)
                yield site.module.operand(part, 4), 0.6


def widen(site: Site) -> Iterator[Change]:
    """One more part: ``if c or more``, ``if c and more``, before or behind."""
    offered = sorted(atoms(site), key=lambda each: -each[1])[:70]
    for node in site.conditions:
        if isinstance(node, ast.Constant):
            continue
        parts = node.values if isinstance(node, ast.BoolOp) else []
        for text, fit in (*_guards_of(site, node), *offered):
            if text == site.text(node) or any(site.text(part) == text for part in parts):
                continue
            before = fit > 1.0 or text.endswith((" is None", " is not None"))
            for joiner, least in (("or", 2), ("and", 3)):
                own = site.module.operand(node, least) if not isinstance(node, ast.BoolOp) else site.text(node)
                loose = isinstance(node, ast.BoolOp) and (joiner == "and") != isinstance(node.op, ast.And)
                own = f"({own})" if loose else own
                if before:
                    yield site.put(node, f"{text} {joiner} {own}", min(1.0, fit))
                else:
                    yield site.put(node, f"{own} {joiner} {text}", min(1.0, fit))
                if loose and isinstance(node, ast.BoolOp) and fit > 0.4:
                    for part in node.values:
                        yield site.put(part, f"({site.module.operand(part, 4)} {joiner} {text})", 0.5 * fit)
                if not before and fit > 0.5:
                    yield site.put(node, f"{text} {joiner} {own}", 0.6 * fit)


def _guards_of(site: Site, condition: ast.expr) -> Iterator[tuple[str, float]]:
    """What a condition takes for granted: that an object is there, a key or an index exists."""
    for node in ast.walk(condition):
        match node:
            case ast.Attribute(value=ast.Name() | ast.Attribute() as owner) if site.text(owner) not in ("self", "cls"):
                yield f"{site.text(owner)} is None", 1.05
                yield f"{site.text(owner)} is not None", 1.05
                yield f"not {site.text(owner)}", 1.02
                yield site.text(owner), 1.02
            case ast.Subscript(value=ast.Name() | ast.Attribute() as owner, slice=index) if not isinstance(
                index, ast.Slice
            ):
                yield f"{site.text(index)} in {site.text(owner)}", 1.01
                yield f"{site.text(index)} < len({site.text(owner)})", 1.02
                yield f"{site.text(index)} >= len({site.text(owner)})", 1.01
                yield f"not {site.text(owner)}", 1.02
                yield site.text(owner), 1.02


def replace_condition(site: Site) -> Iterator[Change]:
    """Another condition altogether, of those in scope or nearby."""
    offered = sorted(atoms(site), key=lambda each: -each[1])[:70]
    for node in site.conditions:
        constant = 1.0 if isinstance(node, ast.Constant) else 0.6
        for text, fit in offered:
            if text != site.text(node):
                yield site.put(node, text, min(1.0, fit * constant))
        for text in ("True", "False"):
            if text != site.text(node):
                yield site.put(node, text, 0.15)


def filters(site: Site) -> Iterator[Change]:
    """A condition added to or taken from a comprehension."""
    for node in site.expressions:
        for each in getattr(node, "generators", ()):
            for test in each.ifs:
                start = site.module.source.view.rfind(b"if", 0, site.module.span(test)[0])
                yield site.splice(start, site.module.span(test)[1], "", 0.3, f"no filter `{site.text(test)}`")
            if each.ifs:
                continue
            names = [inner.id for inner in ast.walk(each.target) if isinstance(inner, ast.Name)]
            _, end = site.module.span(each.iter)
            while (
                site.module.source.view[end : end + 1] == b")"
                and site.module.source.view[:end].count(b"(") != (site.module.source.view[:end].count(b")"))
                and end + 1 < site.module.span(node)[1] - 1
            ):
                end += 1
            for name in names[:3]:
                for form, fit in (
                    (" if {}", 0.8),
                    (" if {} is not None", 0.7),
                    (" if {}.strip()", 0.4),
                    (" if {} > 0", 0.4),
                ):
                    yield site.splice(end, end, form.format(name), fit, f"filter `{form.format(name).strip()}` added")
                for other, near, _ in site.values[:8]:
                    for form in (" if {} != {}", " if {} not in {}", " if {} in {}", " if {} < {}", " if {} > {}"):
                        if other != name:
                            text = form.format(name, other)
                            yield site.splice(end, end, text, 0.4 * near, f"filter `{text.strip()}` added")


def branches(site: Site) -> Iterator[Change]:
    """The two branches of an ``if`` exchanged, ``elif`` against ``if``, ``while`` against ``if``."""
    node = site.node
    view = site.module.source.view
    start, _ = site.module.span(node) if isinstance(node, ast.If | ast.While) else (0, 0)
    if isinstance(node, ast.If):
        if view[start : start + 4] == b"elif":
            yield site.splice(start, start + 4, "if", 0.6, "`elif` becomes `if`")
        else:
            block = site.module.block_of(node)
            at = next(index for index, each in enumerate(block) if each is node)
            if at and isinstance(block[at - 1], ast.If):
                yield site.splice(start, start + 2, "elif", 0.7, "`if` becomes `elif`")
            yield site.splice(start, start + 2, "while", 0.4, "`if` becomes `while`")
        if node.orelse and not site.module.is_elif(node.orelse[0]):
            one = site.module.body_code(node.body)
            other = site.module.body_code(node.orelse)
            if one and other:
                first = site.module.lines(node.body[0])
                last = site.module.lines(node.body[-1])
                third, fourth = site.module.lines(node.orelse[0]), site.module.lines(node.orelse[-1])
                if first and last and third and fourth:
                    between = site.module.source.between(last[1], third[0])
                    yield site.splice(first[0], fourth[1], other + between + one, 0.6, "the two branches exchanged")
    if isinstance(node, ast.While):
        yield site.splice(start, start + 5, "if", 0.4, "`while` becomes `if`")
