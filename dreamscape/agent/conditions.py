"""A change goes in; whether it makes a condition into one that has nothing to do with what was asked comes out.

Tests are weakest at conditions: a branch that one test needs can be opened by whatever happens to be true there.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from dreamscape.agent.parsing import parsed
from dreamscape.domain.repair import Candidate

ANOTHER_CONDITION = "it puts another condition in the place of the written one"
SAME_FOR_ALL = "its filter asks the same of every element"


def doubtful_condition(candidate: Candidate, sources: Mapping[str, bytes]) -> str:
    """Why a condition of the change is not to be trusted; empty where none is changed so."""
    for path, after in candidate.applied_to(sources).items():
        old, new = parsed(sources.get(path, b"")), parsed(after)
        if set(_idle_filters(new)) - set(_idle_filters(old)):
            return SAME_FOR_ALL
        gone, come = (_left(_conditions(one), _conditions(other)) for one, other in ((old, new), (new, old)))
        if len(gone) == len(come) == 1 and _is_another(*gone.values(), *come.values()):
            return ANOTHER_CONDITION
    return ""


def _idle_filters(tree: ast.Module) -> Iterator[str]:
    """Conditions of comprehensions that speak of none of what the comprehension goes through."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            bound = {name for each in node.generators for name in _names(each.target)}
            for test in (test for each in node.generators for test in each.ifs):
                if bound.isdisjoint(_names(test)):
                    yield ast.dump(test)


def _conditions(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield ast.dump(node.test), node.test


def _left(ones: Iterator[tuple[str, ast.expr]], others: Iterator[tuple[str, ast.expr]]) -> dict[str, ast.expr]:
    """Those conditions that occur more often among the ones than among the others, by how they read."""
    mine = list(ones)
    more = Counter(text for text, _ in mine) - Counter(text for text, _ in others)
    return {text: node for text, node in mine if text in more}


def _is_another(old: ast.expr, new: ast.expr) -> bool:
    """Whether the two have no name in common and ask in different ways, so that neither is the other mistyped."""
    return bool(_names(old)) and _names(old).isdisjoint(_names(new)) and _shape(old) != _shape(new)


def _names(node: ast.AST) -> set[str]:
    """What an expression speaks of: its variables, and the attributes it asks for."""
    return {each.attr if isinstance(each, ast.Attribute) else each.id
            for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Name)}  # fmt: skip


def _shape(node: ast.expr) -> list[type[ast.AST]]:
    return [type(each) for each in ast.walk(node)]
