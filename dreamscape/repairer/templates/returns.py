"""Returns: a missing one, one too early or late, another value returned."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.module import FunctionNode
from dreamscape.repairer.site import Change, Site
from dreamscape.repairer.source import Splice


def missing_return(site: Site) -> Iterator[Change]:
    """``return`` of what the function has made, at the end of its body or of a block."""
    function = site.function
    if function is None or isinstance(site.node, ast.Return | ast.Raise | FunctionNode):
        return
    block = site.module.block_of(site.node)
    if block[-1] is not site.node:
        return
    is_end = block is function.body
    for name, near, _ in site.values[:10]:
        yield from site.insert(f"return {name}", (1.0 if is_end else 0.5) * near, after=site.node)
    for text in ("None", "True", "False", "0", "-1", "[]", "''"):
        yield from site.insert(f"return {text}", 0.4 if is_end else 0.2, after=site.node)
    if not is_end:
        return
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Return)
            and node.value is not None
            and not isinstance(node.value, ast.Name | ast.Constant)
        ):
            yield from site.insert(f"return {site.text(node.value)}", 0.4, after=site.node)


def returned_value(site: Site) -> Iterator[Change]:
    """Another value returned: from elsewhere in the function, or made of what is in scope."""
    if not isinstance(site.node, ast.Return):
        return
    value = site.node.value
    if value is None:
        start, end = site.module.span(site.node)
        for name, near, _ in site.values[:10]:
            yield site.splice(start, end, f"return {name}", near, f"`return` becomes `return {name}`")
        for text in ("None", "True", "False", "0", "[]", "''"):
            yield site.splice(start, end, f"return {text}", 0.4, f"`return` becomes `return {text}`")
        return
    kind = site.kind(value)
    for text, fit in _made_of_scope(site, kind, isinstance(value, ast.Constant | ast.List)):
        if text != site.text(value):
            yield site.put(value, text, fit)
    yield from _collections(site, value)


def _made_of_scope(site: Site, kind: str, is_fixed: bool) -> Iterator[tuple[str, float]]:
    weight = 1.0 if is_fixed else 0.5
    for name, near, other in site.values[:12]:
        yield name, 0.8 * weight * near
        if kind in ("bool", "none", ""):
            if other in ("num", ""):
                for form, fit in (("{} == 0", 1.0), ("{} > 0", 0.6), ("{} != 0", 0.4), ("{} == 1", 0.3)):
                    yield form.format(name), fit * weight * near * (1.0 if other else 0.5)
            if other != "num":
                yield f"not {name}", 0.9 * weight * near
                yield f"bool({name})", 0.4 * weight * near
                yield f"len({name}) == 0", 0.4 * weight * near
        if kind in ("num", "none", "") and other in ("list", "dict", "set", "str", "some"):
            yield f"len({name})", 0.5 * weight * near
        if kind in ("list", "none", ""):
            yield f"[{name}]", 0.7 * weight * near
    for text, fit in (("True", 0.4), ("False", 0.4), ("None", 0.4), ("[]", 0.3), ("0", 0.3), ("1", 0.3), ("-1", 0.3),
                      ("''", 0.2), ("{}", 0.2), ("set()", 0.1)):  # fmt: skip
        yield text, fit * weight


def _collections(site: Site, value: ast.expr) -> Iterator[Change]:
    if isinstance(value, ast.List) and not value.elts:
        yield site.put(value, "[[]]", 0.9)
        yield site.put(value, "['']", 0.4)
    text = site.text(value)
    if not isinstance(value, ast.Constant | ast.Compare | ast.Tuple):
        for name, near, kind in site.values[:8]:
            if kind and kind == site.kind(value) and kind in ("list", "str", "num", "tuple") and name != text:
                own = site.module.operand(value, 9)
                yield site.put(value, f"{own} + {name}", 0.5 * near)
                yield site.put(value, f"{name} + {own}", 0.45 * near)
            if kind in ("list", "some", "") and name != text:
                yield site.put(value, f"{name} + {site.module.operand(value, 9)}", 0.2 * near)
    if isinstance(value, ast.Tuple) and len(value.elts) == 2:
        one, other = (site.text(each) for each in value.elts)
        yield site.put(value, f"({other}, {one})", 0.7)


def early_return(site: Site) -> Iterator[Change]:
    """A return taken out of its loop or branch, or its value kept for later."""
    node = site.node
    if not isinstance(node, ast.Return):
        return
    outer = site.module.parents.get(node)
    if not isinstance(outer, ast.For | ast.While | ast.If | ast.With):
        return
    block = site.module.block_of(node)
    for depth in range(3):
        if not isinstance(outer, ast.For | ast.While | ast.If | ast.With | ast.Try) or site.module.is_elif(outer):
            break
        cut = len(site.module.indent(node)) - len(site.module.indent(outer))
        code = site.module.body_code([node], cut=cut) if cut > 0 else None
        own, whole = site.module.lines(node), site.module.lines(outer)
        if code and own and whole and len(block) > 1 and own[1] == whole[1]:
            yield from site.rewrite([node], code, 1.0 - 0.2 * depth, f"return at line {node.lineno} out of its block")
        elif code and own and whole and len(block) > 1:
            splices = (Splice(*own, ""), Splice(whole[1], whole[1], code))
            yield Change(splices, 0.7, f"the return at line {node.lineno} put behind its block")
        outer = site.module.parents.get(outer)
