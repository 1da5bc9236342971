"""What single statements say of names: imports and when they run, ``__all__``, dotted names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from dreamscape.scanner.facts import Import, When

_TYPING_NAME = "TYPE_CHECKING"
_COMPOUND = frozenset(
    {ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match}
)


def imports_in(body: Sequence[ast.stmt], when: When) -> Iterator[Import]:
    """The import statements of one scope in their order, without those of its functions and classes."""
    pending = [(statement, when) for statement in reversed(body)]
    while pending:
        statement, when = pending.pop()
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield Import(alias.name, (), 0, (alias.asname,) if alias.asname else (), when)
        elif isinstance(statement, ast.ImportFrom):
            yield _import_from(statement, when)
        elif type(statement) in _COMPOUND:
            pending += [(inner, max(when, at)) for at, part in _inside(statement) for inner in reversed(part)]


def _import_from(statement: ast.ImportFrom, when: When) -> Import:
    names = tuple([alias.name for alias in statement.names])
    bound = tuple([alias.asname or alias.name for alias in statement.names])
    return Import(statement.module or "", names, statement.level, () if bound == names else bound, when)


def _inside(statement: ast.stmt) -> Iterator[tuple[When, Sequence[ast.stmt]]]:
    """The blocks of a compound statement from the last to the first, and when each of them runs at the earliest."""
    match statement:
        case ast.If(test, body, orelse):
            typing = _asks_for_type_checking(test)
            yield When.MAYBE if typing is None else When.ALWAYS if typing else When.TYPING, orelse
            yield When.MAYBE if typing is None else When.TYPING if typing else When.ALWAYS, body
        case ast.Try(body, handlers, orelse, finalbody) | ast.TryStar(body, handlers, orelse, finalbody):
            when = When.MAYBE if handlers else When.ALWAYS
            yield When.ALWAYS, finalbody
            yield when, orelse
            for handler in reversed(handlers):
                yield when, handler.body
            yield when, body
        case ast.With(items, body) | ast.AsyncWith(items, body):
            yield When.MAYBE if any(map(_suppresses, items)) else When.ALWAYS, body
        case ast.For(body=body, orelse=orelse) | ast.AsyncFor(body=body, orelse=orelse) | ast.While(_, body, orelse):
            yield When.MAYBE, orelse
            yield When.MAYBE, body
        case ast.Match(_, cases):
            for case in reversed(cases):
                yield When.MAYBE, case.body


def _asks_for_type_checking(test: ast.expr) -> bool | None:
    """Whether a condition holds for type checkers alone (True) or for everybody else (False); None for all others."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _asks_for_type_checking(test.operand)
        return None if inner is None else not inner
    return True if dotted(test).rpartition(".")[2] == _TYPING_NAME else None


def _suppresses(item: ast.withitem) -> bool:
    called = item.context_expr
    return isinstance(called, ast.Call) and dotted(called.func).rpartition(".")[2] == "suppress"


def dotted(expression: ast.expr) -> str:
    """``a.b.c`` as written, without what stands in brackets behind it; "" for any other expression."""
    if isinstance(expression, ast.Subscript):
        expression = expression.value
    words = []
    while isinstance(expression, ast.Attribute):
        words.append(expression.attr)
        expression = expression.value
    return ".".join([expression.id, *reversed(words)]) if isinstance(expression, ast.Name) else ""


def exported(body: Iterable[ast.stmt]) -> tuple[str, ...] | None:
    """The names in a module's ``__all__``; None where it has none, or one that must be computed."""
    found: list[str] | None = None
    for statement in body:
        match statement:
            case (
                ast.Assign([ast.Name("__all__")], value)
                | ast.AnnAssign(ast.Name("__all__"), _, ast.expr() as value)
                | ast.AugAssign(ast.Name("__all__"), _, value)
                | ast.Expr(ast.Call(ast.Attribute(ast.Name("__all__"), "extend"), [value]))
            ):
                names = _texts(value)
                if names is None:
                    return None
                found = names if isinstance(statement, ast.Assign | ast.AnnAssign) else [*(found or ()), *names]
            case ast.Expr(ast.Call(ast.Attribute(ast.Name("__all__"), "append"), [ast.Constant(str(name))])):
                found = [*(found or ()), name]
    return None if found is None else tuple(dict.fromkeys(found))


def _texts(value: ast.expr) -> list[str] | None:
    """The strings of a literal list or tuple; None for anything else."""
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    texts = [each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return texts if len(texts) == len(value.elts) else None
