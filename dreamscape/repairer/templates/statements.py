"""Statements: removed, moved, doubled, put in or out of a block, or a missing one inserted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.kinds import fits
from dreamscape.repairer.module import FunctionNode, first_line
from dreamscape.repairer.site import Change, Site
from dreamscape.repairer.source import Splice

_SIMPLE = (
    ast.Assign,
    ast.AugAssign,
    ast.Expr,
    ast.Return,
    ast.AnnAssign,
    ast.Delete,
    ast.Raise,
    ast.Break,
    ast.Continue,
)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _position(site: Site) -> tuple[list[ast.stmt], int]:
    block = site.module.block_of(site.node)
    return block, next(index for index, each in enumerate(block) if each is site.node)


def drop_statement(site: Site) -> Iterator[Change]:
    """The statement left out; of an ``if`` or loop also only its frame."""
    node = site.node
    if isinstance(node, FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom) or _is_docstring(node):
        return
    lines = site.module.lines(node)
    if lines is None or site.module.is_elif(node):
        return
    block, _ = _position(site)
    indent = site.module.indent(node)
    fit = 0.8 if isinstance(node, _SIMPLE) else 0.4
    yield site.splice(*lines, f"{indent}pass\n" if len(block) == 1 else "", fit, f"line {node.lineno} left out")


def drop_frame(site: Site) -> Iterator[Change]:
    """What an ``if``, ``with``, ``while`` or ``try`` holds, without its condition; a branch without the other."""
    node = site.node
    if not isinstance(node, ast.If | ast.With | ast.While | ast.Try) or site.module.is_elif(node):
        return
    cut = len(site.module.indent(node.body[0])) - len(site.module.indent(node))
    body = site.module.body_code(node.body, cut=cut) if cut > 0 else None
    if body:
        yield from site.rewrite([node], body, 0.6, f"the frame at line {node.lineno} taken away")
    orelse = getattr(node, "orelse", [])
    if isinstance(node, ast.If) and orelse and not site.module.is_elif(orelse[0]):
        start = site.module.lines(node.body[-1])
        last = site.module.lines(orelse[-1])
        other = site.module.body_code(orelse, cut=cut) if cut > 0 else None
        if start and last and other:
            yield site.splice(start[1], last[1], "", 0.5, "`else` left out")
            yield site.splice(start[1], last[1], other, 0.7, "`else` taken away, its lines kept")


def move(site: Site) -> Iterator[Change]:
    """Exchanged with a neighbour; moved to the start or end of its block."""
    node = site.node
    if isinstance(node, FunctionNode | ast.ClassDef) or _is_docstring(node):
        return
    block, at = _position(site)
    own = site.module.lines(node)
    code = site.module.body_code([node]) if own else None
    if own is None or code is None:
        return
    for other in range(len(block)):
        lines = site.module.lines(block[other])
        if other == at or lines is None or _is_docstring(block[other]):
            continue
        if other == at + 1:
            following = site.module.source.between(*lines).replace("\r\n", "\n")
            following = following if following.endswith("\n") else following + "\n"
            yield from site.rewrite([node, block[other]], following + code, 1.0, f"line {node.lineno} one down")
        elif abs(other - at) > 1 and (other in (0, len(block) - 1) or abs(other - at) < 4):
            target = lines[0] if other < at else lines[1]
            if other < at or site.module.source.view[lines[0] : lines[1]].endswith(b"\n"):
                summary = f"line {node.lineno} moved to line {block[other].lineno}"
                yield Change((Splice(*own, ""), Splice(target, target, code)), 0.4, summary)


def out_of_block(site: Site) -> Iterator[Change]:
    """The last statement of a block put behind it, or the first before it."""
    node = site.node
    parent = site.module.parents.get(node)
    block, at = _position(site)
    if not isinstance(parent, ast.For | ast.While | ast.If | ast.With | ast.Try) or len(block) < 2:
        return
    cut = len(site.module.indent(node)) - len(site.module.indent(parent))
    if cut <= 0 or site.module.is_elif(parent):
        return
    for count in range(1, min(3, len(block) - 1) + 1):
        if block[len(block) - count] is node:
            tail = block[-count:]
            code = site.module.body_code(tail, cut=cut)
            ends = site.module.lines(parent)
            if code and ends and (block is getattr(parent, "orelse", None) or not getattr(parent, "orelse", None)):
                yield from site.rewrite(
                    tail, code, 1.0 if count == 1 else 0.6, f"line {node.lineno} put behind its block"
                )
    if at == 0:
        code, lines, outer = site.module.body_code([node], cut=cut), site.module.lines(node), site.module.lines(parent)
        if code and lines and outer:
            splices = (Splice(outer[0], outer[0], code), Splice(*lines, ""))
            yield Change(splices, 0.6, f"line {node.lineno} put before its block")


def into_block(site: Site) -> Iterator[Change]:
    """The statement taken into the block above it (or into the innermost one at its end), or below it."""
    node = site.node
    block, at = _position(site)
    if isinstance(node, FunctionNode | ast.ClassDef) or site.module.lines(node) is None:
        return
    above = block[at - 1] if at else None
    depth = 0
    while isinstance(above, ast.For | ast.While | ast.If | ast.With) and depth < 3:
        last = (above.orelse or above.body)[-1] if not isinstance(above, ast.With) else above.body[-1]
        inner, outer = site.module.indent(last), site.module.indent(node)
        if inner.startswith(outer) and len(inner) > len(outer):
            code = site.module.body_code([node], shift=inner[len(outer) :])
            if code:
                yield from site.rewrite([node], code, 1.0 - 0.2 * depth, f"line {node.lineno} into the block above")
        above, depth = last, depth + 1


def jump(site: Site) -> Iterator[Change]:
    """A missing ``break``, ``continue`` or ``return``; one of them for another."""
    node = site.node
    names = {ast.Break: "break", ast.Continue: "continue", ast.Pass: "pass"}
    old = names.get(type(node), "")
    start, end = site.module.span(node)
    for other in ("break", "continue", "pass", "return"):
        if old and other != old:
            yield site.splice(start, end, other, 0.8, f"`{old}` becomes `{other}`")
    if isinstance(node, ast.Return) and site.module.loop_of(node):
        for other in ("break", "continue"):
            yield site.splice(start, end, other, 0.5, f"`return` becomes `{other}`")
    block, at = _position(site)
    if at == len(block) - 1 and site.module.loop_of(node) and not isinstance(node, ast.Return | ast.Raise):
        for other in ("break", "continue"):
            yield from site.insert(other, 0.8 if isinstance(site.module.parents.get(node), ast.If) else 0.3, after=node)


def yields(site: Site) -> Iterator[Change]:
    """``yield`` against ``yield from`` and ``return``."""
    for node in site.expressions:
        start, _ = site.module.span(node)
        match node:
            case ast.Yield(value=value) if value is not None:
                inner = site.module.span(value)[0]
                yield site.splice(start, inner, "yield from ", 1.0, "`yield` becomes `yield from`")
                if isinstance(site.node, ast.Expr):
                    yield site.splice(start, inner, "return ", 0.2, "`yield` becomes `return`")
            case ast.YieldFrom(value=value):
                yield site.splice(start, site.module.span(value)[0], "yield ", 1.0, "`yield from` becomes `yield`")
                match value:
                    case ast.Call(args=[only]):
                        yield site.put(node, f"yield {site.text(only)}", 0.5)
    match site.node:
        case ast.Return(value=value) if value is not None:
            start, inner = site.module.span(site.node)[0], site.module.span(value)[0]
            for word in ("yield ", "yield from "):
                yield site.splice(start, inner, word, 0.3, f"`return` becomes `{word.strip()}`")
        case ast.Expr(value=ast.Call()):
            start, _ = site.module.span(site.node)
            for word, fit in (("return ", 0.7), ("yield from ", 0.6), ("yield ", 0.3), ("await ", 0.5)):
                is_async = isinstance(site.function, ast.AsyncFunctionDef)
                if site.function and (word != "await " or is_async):
                    yield site.splice(start, start, word, fit, f"`{word.strip()}` added")
        case ast.Expr(value=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            yield site.splice(site.module.span(left)[1], site.module.span(right)[0], " = ", 1.0, "`==` becomes `=`")
        case ast.Expr(value=value) if not isinstance(value, ast.Constant | ast.Yield | ast.YieldFrom | ast.Await):
            start, _ = site.module.span(site.node)
            yield site.splice(start, start, "return ", 0.8, "`return` added")


def _calls_for(kind: str) -> list[tuple[str, float]]:
    usual: dict[str, tuple[str, ...]] = {
        "list": ("append", "extend", "pop()"),
        "set": ("add", "discard"),
        "": ("append", "add"),
    }
    return [(name, 1.0 - 0.3 * at) for at, name in enumerate(usual.get(kind, ()))]


def insert_call(site: Site) -> Iterator[Change]:
    """A missing call that changes a container or the object: ``seen.add(node)``, ``result.append(line)``."""
    block, at = _position(site)
    names = site.values[:10]
    for owner, near, kind in names:
        if kind not in ("list", "set", "some", ""):
            continue
        methods = dict(_calls_for(kind))
        for node in site.scope.nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and site.text(node.func.value) == owner
            ):
                methods.setdefault(node.func.attr, 0.8)
        for method, fit in methods.items():
            weight = near * fit * (1.0 if kind else 0.3)
            if method.endswith("()"):
                yield from _around(site, f"{owner}.{method}", 0.3 * weight, at, block)
                continue
            for value, near_too, _ in names:
                if value != owner:
                    yield from _around(site, f"{owner}.{method}({value})", weight * near_too, at, block)


def insert_assignment(site: Site) -> Iterator[Change]:
    """A missing assignment between names in scope, or a missing step of a counter."""
    block, at = _position(site)
    names = [each for each in site.values if "." not in each[0] or each[0].startswith("self.")][:9]
    stored = {
        inner.id for inner in site.scope.nodes if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    for target, near, kind in names:
        changed = 1.0 if target in stored or target.startswith("self.") else 0.5
        if kind == "num" or (kind == "" and target in stored):
            weight = near * changed * (1.0 if kind else 0.4)
            yield from _around(site, f"{target} += 1", weight, at, block)
            yield from _around(site, f"{target} -= 1", 0.6 * weight, at, block)
            for value, near_too, other in names:
                if value != target and other in ("num", ""):
                    yield from _around(site, f"{target} += {value}", 0.5 * weight * near_too, at, block)
        for value, near_too, other in names:
            if value != target:
                weight = 0.8 * near * near_too * changed * fits(kind, other)
                yield from _around(site, f"{target} = {value}", weight, at, block)
        empty = {"list": "[]", "dict": "{}", "set": "set()", "str": "''", "num": "0", "bool": "False"}.get(kind)
        if empty and target in stored:
            yield from _around(site, f"{target} = {empty}", 0.6 * near, at, block)
        if kind == "bool" and target in stored:
            yield from _around(site, f"{target} = True", 0.6 * near, at, block)


def _around(site: Site, code: str, fit: float, at: int, block: list[ast.stmt]) -> Iterator[Change]:
    """Inserted before the statement, and behind the last of a block."""
    yield from site.insert(code, fit, before=site.node)
    if at == len(block) - 1 and not isinstance(site.node, ast.Return | ast.Raise | ast.Break | ast.Continue):
        yield from site.insert(code, fit, after=site.node)


def duplicate(site: Site) -> Iterator[Change]:
    """A simple statement of the function repeated here, as it is or with one name exchanged."""
    if not site.function or isinstance(site.node, FunctionNode):
        return
    block, at = _position(site)
    for node in site.scope.nodes:
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) or node is site.node or _is_docstring(node):
            continue
        code = site.text(node)
        if len(code) > 120 or "\n" in code:
            continue
        near = 1.0 / (1.0 + 0.05 * abs(first_line(node) - site.line))
        yield from _around(site, code, 0.7 * near, at, block)
