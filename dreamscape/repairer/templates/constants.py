"""Numbers and bounds: off by one in constants, indices, slices and ranges; another constant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.site import Change, Site


def number(site: Site) -> Iterator[Change]:
    """Another number or truth value in the place of a constant."""
    for node in site.loads:
        if not isinstance(node, ast.Constant):
            continue
        value = node.value
        if isinstance(value, bool):
            yield site.put(node, str(not value), 1.0)
        elif isinstance(value, int):
            if isinstance(site.module.parents.get(node), ast.UnaryOp):
                continue
            near: dict[int, float] = {value + 1: 1.0, value - 1: 1.0}
            for other, fit in ((0, 0.7), (1, 0.7), (2, 0.4), (-value, 0.5), (value * 2, 0.3), (value // 2, 0.3),
                               (value * 10, 0.25), (value // 10, 0.2), (value + 2, 0.3), (value - 2, 0.3)):  # fmt: skip
                near.setdefault(other, fit)
            for other, fit in near.items():
                if other != value and other != _neutral(site, node):
                    yield site.put(node, str(other), fit)
        elif isinstance(value, float):
            for changed, fit in ((value + 1, 0.4), (value * 10, 0.6), (value / 10, 0.6), (-value, 0.4), (0.0, 0.5),
                                 (1.0, 0.5), (value * 2, 0.5), (value / 2, 0.5), (value * 100, 0.4),
                                 (value / 100, 0.4)):  # fmt: skip
                if changed != value:
                    yield site.put(node, repr(changed), fit)
        elif value is None:
            for text, fit in (("[]", 0.5), ("''", 0.4), ("0", 0.5), ("False", 0.5), ("True", 0.4), ("{}", 0.4)):
                yield site.put(node, text, fit)


def _neutral(site: Site, node: ast.expr) -> int | None:
    """The number with which its operation means nothing, which nobody writes: ``x + 0``, ``x * 1``, ``x % 1``."""
    match site.module.parents.get(node):
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return 0
        case ast.BinOp(op=ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Pow() | ast.Mod(), right=right) if (
            right is node
        ):
            return 1
    return None


def signed_number(site: Site) -> Iterator[Change]:
    """Another number in the place of a negative one."""
    for node in site.loads:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
                for other, fit in ((value, 1.0), (-value - 1, 0.9), (-value + 1, 0.9), (0, 0.5)):
                    yield site.put(node, str(other), fit)


def _counts(site: Site, node: ast.expr) -> float:
    """How likely an expression is a place where one can be off by one."""
    parent = site.module.parents.get(node)
    match parent:
        case ast.Slice():
            return 1.0
        case ast.Subscript(slice=index) if index is node:
            return 0.9 if site.kind(node) == "num" or not isinstance(node, ast.Name) else 0.7
        case ast.Tuple() if isinstance(site.module.parents.get(parent), ast.Subscript):
            return 0.8
        case ast.Call(func=ast.Name(id="range")):
            return 1.0
        case ast.Compare(ops=ops):
            ordered = any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in ops)
            return {"num": 0.7, "": 0.4 if ordered else 0.0}.get(site.kind(node), 0.0)
        case ast.Call():
            return 0.7 if site.kind(node) == "num" else 0.2
        case ast.Return() | ast.Assign() | ast.AugAssign():
            return 0.7 if site.kind(node) == "num" else 0.25
        case ast.BinOp():
            return 0.5 if site.kind(node) == "num" else 0.2
        case ast.GeneratorExp() | ast.ListComp():
            return 0.6 if site.kind(node) == "num" else 0.4
        case ast.Tuple() | ast.List():
            return 0.4 if site.kind(node) == "num" else 0.1
    return 0.0


def off_by_one(site: Site) -> Iterator[Change]:
    """One more or one less than a value that counts."""
    for node in site.loads:
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.List | ast.Dict | ast.Lambda | ast.Compare | ast.Slice):
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
            continue
        weight = _counts(site, node)
        if weight and site.kind(node) in ("num", ""):
            text = site.module.operand(node, 9)
            yield site.put(node, f"{text} + 1", weight)
            yield site.put(node, f"{text} - 1", weight)


def offset_by_name(site: Site) -> Iterator[Change]:
    """Another value in scope added to or taken from a value that counts; doubled, halved or squared."""
    for node in site.loads:
        if not isinstance(node, ast.Name | ast.Subscript | ast.Attribute | ast.Call | ast.BinOp):
            continue
        weight = _counts(site, node)
        if weight < 0.2 or site.kind(node) not in ("num", ""):
            continue
        text = site.module.operand(node, 9)
        tight = site.module.operand(node, 10)
        for name, near in site.fitting("num", 0.3)[:8]:
            if name != text:
                yield site.put(node, f"{text} + {name}", 0.6 * weight * near)
                yield site.put(node, f"{text} - {name}", 0.7 * weight * near)
                yield site.put(node, f"{tight} * {name}", 0.3 * weight * near)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            for name in sorted(site.scope.parts.get(node.value.id, set()) - {node.attr})[:6]:
                for symbol, fit in (("*", 0.8), ("+", 0.6), ("-", 0.6)):
                    yield site.put(node, f"{tight} {symbol} {node.value.id}.{name}", fit * weight)
        for name, near, kind in site.values[:10]:
            if kind in ("str", "list", "tuple", "some", "dict", "set") or (not kind and name in site.scope.parameters):
                least = 0.6 if kind else 0.35
                yield site.put(node, f"{text} - len({name})", least * weight * near)
                yield site.put(node, f"{text} + len({name})", 0.5 * least * weight * near)
        for form, fit in (("{} * 2", 0.2), ("{} // 2", 0.2), ("{} ** 2", 0.3), ("{} % 2", 0.1), ("{} / 100", 0.15)):
            yield site.put(node, form.format(tight), fit * weight)


def slices(site: Site) -> Iterator[Change]:
    """A slice begun, ended or turned elsewhere; first against last element; part of a sequence instead of all."""
    for node in site.loads:
        match node:
            case ast.Subscript(value=value, slice=ast.Slice(lower=lower, upper=upper, step=step)):
                owner = site.module.operand(value)
                low, high = (site.text(each) if each else "" for each in (lower, upper))
                tail = f":{site.text(step)}" if step else ""
                if low:
                    yield site.put(node, f"{owner}[:{high}{tail}]", 0.7)
                if high:
                    yield site.put(node, f"{owner}[{low}:{tail}]", 0.7)
                if low and not high:
                    yield site.put(node, f"{owner}[:{low}{tail}]", 0.9)
                if high and not low:
                    yield site.put(node, f"{owner}[{high}:{tail}]", 0.9)
                if not step and (bound := low or high).startswith("-") and not (low and high):
                    yield site.put(node, f"{owner}[::{bound}]", 0.6)
                if not low:
                    yield site.put(node, f"{owner}[1:{high}{tail}]", 0.6)
                if not high:
                    yield site.put(node, f"{owner}[{low}:-1{tail}]", 0.5)
                    for name, near in site.fitting("num")[:6]:
                        yield site.put(node, f"{owner}[{low}:{name}{tail}]", 0.5 * near)
                if not step:
                    yield site.put(node, f"{owner}[{low}:{high}:-1]", 0.3)
                yield site.put(node, site.text(value), 0.5)
            case ast.Subscript(value=value, slice=ast.Constant(value=int(index))) if not isinstance(index, bool):
                yield site.put(node, f"{site.module.operand(value)}[{-1 if index == 0 else -index}]", 0.8)
            case ast.Subscript(value=value, slice=ast.UnaryOp()):
                yield site.put(node, f"{site.module.operand(value)}[0]", 0.8)


def part_of_sequence(site: Site) -> Iterator[Change]:
    """A slice or an element of a sequence where the whole was taken, and back."""
    for node in site.loads:
        kind = site.kind(node)
        if isinstance(node, ast.Name | ast.Attribute) and kind in ("list", "str", "tuple", "some", "bytes", ""):
            parent = site.module.parents.get(node)
            if isinstance(parent, ast.Attribute | ast.Subscript) or (isinstance(parent, ast.Call) and kind == ""):
                continue
            weight = 0.8 if kind else 0.25
            text = site.module.operand(node)
            for form, fit in (
                ("[1:]", 1.0),
                ("[:-1]", 0.9),
                ("[::-1]", 0.6),
                ("[0]", 0.5),
                ("[-1]", 0.5),
                ("[:]", 0.4),
            ):
                yield site.put(node, text + form, fit * weight)
            for name, near in site.fitting("num")[:6]:
                if name != text:
                    yield site.put(node, f"{text}[{name}:]", 0.6 * weight * near)
                    yield site.put(node, f"{text}[:{name}]", 0.6 * weight * near)
                    yield site.put(node, f"{text}[{name}]", 0.4 * weight * near)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            yield site.put(node, site.text(node.value), 0.35)


def ranges(site: Site) -> Iterator[Change]:
    """Other bounds, direction or step of a range."""
    for node in site.loads:
        match node:
            case ast.Call(func=ast.Name(id="range"), args=[stop]):
                yield site.put(node, f"range(1, {site.text(stop)})", 0.9)
                yield site.put(node, f"range(1, {site.module.operand(stop, 9)} + 1)", 0.8)
                yield site.put(node, f"range({site.module.operand(stop, 9)} - 1, -1, -1)", 0.5)
                yield site.put(node, f"reversed(range({site.text(stop)}))", 0.4)
                for name, near in site.fitting("num")[:6]:
                    if name != site.text(stop):
                        yield site.put(node, f"range({name}, {site.text(stop)})", 0.7 * near)
                        yield site.put(node, f"range({name} + 1, {site.text(stop)})", 0.5 * near)
                        yield site.put(node, f"range(0, {site.text(stop)}, {name})", 0.4 * near)
            case ast.Call(func=ast.Name(id="range"), args=[start, stop]):
                low, high = site.text(start), site.text(stop)
                yield site.put(node, f"range({high})", 0.4)
                yield site.put(node, f"range({high}, {low})", 0.4)
                yield site.put(node, f"range({low}, {high}, -1)", 0.6)
                yield site.put(node, f"range({low}, {high}, 2)", 0.3)
                for name, near in site.fitting("num")[:5]:
                    yield site.put(node, f"range({low}, {high}, {name})", 0.5 * near)
                yield site.put(node, f"range({high}, {low}, -1)", 0.4)
                yield site.put(node, f"range({site.module.operand(stop, 9)} - 1, {low} - 1, -1)", 0.4)
            case ast.Call(func=ast.Name(id="range"), args=[start, stop, _]):
                yield site.put(node, f"range({site.text(start)}, {site.text(stop)})", 0.5)


def known_constant(site: Site) -> Iterator[Change]:
    """Another constant of the same kind that the function or the file uses, or a name in scope."""
    same: dict[str, dict[str, float]] = {}
    for root, fit in ((site.scope.root, 0.7), (site.module.tree, 0.3)):
        for node in ast.walk(root) if root is not site.module.tree or len(site.module.statements) < 300 else ():
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | str | float)
                and len(str(node.value)) < 40
            ):
                same.setdefault(site.kind(node), {}).setdefault(repr(node.value), fit)
    for node in site.loads:
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        kind = site.kind(node)
        for text, fit in sorted(same.get(kind, {}).items(), key=lambda each: -each[1])[:20]:
            if text != repr(node.value):
                yield site.put(node, text, fit)
        for name, near in site.fitting(kind if kind != "none" else "", 0.4)[:10]:
            yield site.put(node, name, 0.8 * near)
