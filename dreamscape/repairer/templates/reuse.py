"""Reuse: what the same file already says elsewhere, written here (most repairs are made of code that exists)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.repairer.kinds import fits
from dreamscape.repairer.module import FunctionNode, header
from dreamscape.repairer.scope import BUILTINS
from dreamscape.repairer.site import Change, Site

_REUSABLE = (ast.Call, ast.Subscript, ast.BinOp, ast.Compare, ast.BoolOp, ast.Attribute, ast.List)
_SIMPLE = (ast.Assign, ast.Expr, ast.AugAssign)


def _neighbours(site: Site) -> Iterator[tuple[FunctionNode, float]]:
    """The function itself, then its siblings."""
    if site.function is None:
        return
    yield site.function, 1.0
    owner = site.module.parents.get(site.function)
    siblings = [
        each for each in getattr(owner, "body", []) if isinstance(each, FunctionNode) and each is not site.function
    ]
    line = site.function.lineno
    for each in sorted(siblings, key=lambda other: abs(other.lineno - line))[:8]:
        yield each, 0.5


def expression(site: Site) -> Iterator[Change]:
    """An expression of the same form and kind from this function or its siblings."""
    if site.scope not in site.project.pools:
        site.project.pools[site.scope] = list(_pool(site))
    offered = [
        (text, node, weight * (0.5 + 0.5 / (1.0 + 0.04 * abs(node.lineno - site.line))), site.kind(node))
        for text, node, weight in site.project.pools[site.scope]
    ]
    for old in site.loads:
        if isinstance(old, ast.Constant | ast.JoinedStr | ast.Lambda):
            continue
        own, kind = site.text(old), site.kind(old)
        inside = {id(inner) for inner in ast.walk(old)}
        for text, node, fit, other in offered:
            if text != own and id(node) not in inside:
                form = 1.0 if type(node) is type(old) else 0.35
                yield site.put(old, text, fit * form * fits(kind, other))


def _pool(site: Site) -> Iterator[tuple[str, ast.expr, float]]:
    known = {*site.scope.variables, *site.scope.globals, *BUILTINS}
    seen: set[str] = set()
    for function, weight in _neighbours(site):
        for node in ast.walk(function):
            if isinstance(node, _REUSABLE) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                text = site.text(node)
                if text not in seen and len(text) <= 60 and "\n" not in text and _names(node) <= known:
                    seen.add(text)
                    yield text, node, weight


def _names(node: ast.AST) -> set[str]:
    bound = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - bound


def sibling_statement(site: Site) -> Iterator[Change]:
    """A simple statement of a sibling function that this one lacks, before or in the place of this."""
    if site.function is None or isinstance(site.node, FunctionNode):
        return
    own = {site.text(node) for node in site.scope.nodes if isinstance(node, ast.Assign | ast.Expr | ast.AugAssign)}
    known = {*site.scope.variables, *site.scope.globals, *BUILTINS}
    for function, weight in _neighbours(site):
        for node in function.body if function is not site.function else ():
            if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse and _names(node) <= known:
                text = f"if {site.text(node.test)}:\n    {site.text(node.body[0])}"
                if text.count("\n") == 1 and site.text(node.test) not in {site.text(t) for t in _tests(site)}:
                    yield from site.insert(text, 1.2 * weight, before=site.node)
            if not isinstance(node, _SIMPLE) or not _names(node) <= known:
                continue
            text = site.text(node)
            if (
                text not in own
                and "\n" not in text
                and len(text) < 120
                and not isinstance(getattr(node, "value", None), ast.Constant)
            ):
                yield from site.insert(text, weight, before=site.node)


def _tests(site: Site) -> list[ast.expr]:
    return [node.test for node in site.scope.nodes if isinstance(node, ast.If)]


def twin(site: Site) -> Iterator[Change]:
    """The statement made like its twin: a similar one of the function that differs in a name or constant."""
    own = list(header(site.node))
    if site.function is None or not own:
        return
    for other in site.scope.nodes:
        if type(other) is not type(site.node) or other is site.node or not isinstance(other, ast.stmt):
            continue
        theirs = list(header(other))
        if len(theirs) != len(own) or any(type(a) is not type(b) for a, b in zip(own, theirs, strict=True)):
            continue
        differing = [
            (a, b)
            for a, b in zip(own, theirs, strict=True)
            if isinstance(a, ast.Name | ast.Constant | ast.Attribute) and site.text(a) != site.text(b)
        ]
        for mine, yours in differing if len(differing) <= 4 else ():
            yield site.put(mine, site.text(yours), 0.8 / len(differing))
