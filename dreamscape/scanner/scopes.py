"""What one scope of a source collects while it is walked, and what a function's names then say about its calls."""

from __future__ import annotations

from ast import AsyncFunctionDef, Call, ClassDef, FunctionDef
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from dreamscape.scanner.statements import dotted

FUNCTIONS = (FunctionDef, AsyncFunctionDef)


@dataclass(slots=True)
class Scope:
    """Nodes whose decision points belong together: the body of a module (``node`` is a Module), class or function, or
    an aside (None) whose points count nowhere. ``is_top`` where radon adds the scope to the file's total; ``outer`` is
    the scope around it. It calls plain names, and members of others (the first name, and what follows it); ``stored``
    are the names it sets. ``hidden`` are those that mean something local here and in functions inside, all but the
    ``receiver``, a method's first parameter."""

    nodes: list[Any]
    node: Any
    prefix: str
    context: str | None
    is_top: bool
    outer: Any
    called: set[str]
    members: set[tuple[str, str]]
    stored: set[str]
    hidden: Set[str] = frozenset()
    receiver: str = ""

    @property
    def is_late(self) -> bool:
        """Whether what stands here runs when a function is called."""
        scope = self
        while scope is not None:
            if type(scope.node) in FUNCTIONS:
                return True
            scope = scope.outer
        return False


def calls_in(scope: Scope) -> tuple[str, ...]:
    """What a function calls, in the forms of FunctionFacts."""
    node = scope.node
    given = node.args
    parameters = [each.arg for each in given.args]
    if given.posonlyargs or given.kwonlyargs:
        parameters = [each.arg for each in given.posonlyargs + given.args + given.kwonlyargs]
    decorators: list[str] = []
    for each in node.decorator_list:
        decorators.append(dotted(each.func if type(each) is Call else each))
    if parameters and type(scope.outer.node) is ClassDef and "staticmethod" not in decorators:
        scope.receiver = parameters.pop(0)
    hidden = scope.stored
    hidden.update(parameters)
    if given.vararg:
        hidden.add(given.vararg.arg)
    if given.kwarg:
        hidden.add(given.kwarg.arg)
    receiver = scope.receiver
    if receiver in hidden:
        receiver = scope.receiver = ""
    if scope.hidden:
        hidden.update(scope.hidden)
        hidden.discard(receiver)
    scope.hidden = hidden
    calls = scope.called
    calls -= hidden
    if receiver in calls:
        calls.remove(receiver)
        calls.add("self.__init__" if "classmethod" in decorators else "self.__call__")
    for first, rest in scope.members:
        if first == receiver and first and "." not in rest:
            calls.add(f"self.{rest}")
        elif first in hidden or first == receiver:
            calls.add(f".{rest.rpartition('.')[2]}")
        else:
            calls.add(f"{first}.{rest}")
    if node.name.startswith("test") or (decorators and any(each.endswith("fixture") for each in decorators)):
        calls.update([f"@{name}" for name in parameters])
    return tuple(sorted(calls))
