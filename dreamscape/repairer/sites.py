"""From a case's suspect lines to the statements worth editing, each with how suspicious it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from dreamscape.domain.repair import RepairCase
from dreamscape.repairer.clues import Clues
from dreamscape.repairer.module import FunctionNode, Module
from dreamscape.repairer.project import Project
from dreamscape.repairer.scope import Scope
from dreamscape.repairer.site import Site

_RAISED_HERE = 1.4
"""How much more a line in which the exception arose is suspected (chosen)."""


@dataclass(frozen=True, slots=True)
class Suspected:
    """A site and its weight, 0 to 1, relative to the most suspicious one."""

    site: Site
    weight: float


def suspected_sites(case: RepairCase, project: Project, clues: Clues) -> list[Suspected]:
    """One entry per suspect statement, the most suspicious first; files that do not parse have none."""
    highest = max((suspect.suspiciousness for suspect in case.suspects), default=0.0) or 1.0
    weights: dict[tuple[str, int, int], tuple[Module, ast.stmt, float]] = {}

    def add(module: Module, node: ast.stmt, weight: float) -> None:
        key = (module.source.path, node.lineno, node.col_offset)
        known = weights.get(key)
        if known is None or known[2] < weight:
            weights[key] = (module, node, weight)

    for suspect in case.suspects:
        module = project.module(suspect.path)
        node = module.by_line.get(suspect.line) if module else None
        if module is None or node is None:
            continue
        weight = (suspect.suspiciousness / highest) ** 2
        if (suspect.path, suspect.line) in clues.hot_lines:
            weight *= _RAISED_HERE
        add(module, node, weight)
        for other, share in _related(module, node):
            add(module, other, weight * share)
    scopes: dict[tuple[str, int], Scope] = {}
    found = [
        Suspected(Site(module, _scope(module, node, scopes), node, clues, project), min(weight, 1.0))
        for module, node, weight in weights.values()
    ]
    return sorted(found, key=lambda each: (-each.weight, each.site.module.source.path, each.site.line))


def _scope(module: Module, node: ast.stmt, scopes: dict[tuple[str, int], Scope]) -> Scope:
    function = node if isinstance(node, FunctionNode) else module.function_of(node)
    key = (module.source.path, function.lineno if function else 0)
    return scopes.setdefault(key, Scope(module, function))


def _related(module: Module, node: ast.stmt) -> Iterator[tuple[ast.stmt, float]]:
    """What no failing test need run again, and may yet be wrong: the header around, constants used and what fills
    them, fields."""
    function = node if isinstance(node, FunctionNode) else module.function_of(node)
    if function is not None and function is not node:
        yield function, 0.35
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} if function else set()
    for other in module.tree.body:
        match other:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if name in used:
                yield other, 0.5
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                if any((alias.asname or alias.name).split(".")[0] in used for alias in names):
                    yield other, 0.1
    for name in used:
        yield from ((other, 0.3) for other in module.writers.get(name, ()) if other is not node)
    owner = module.class_of(node)
    attributes = {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)} if owner else set()
    for field in owner.body if owner else ():
        match field:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if (
                name in attributes
            ):
                yield field, 0.4
