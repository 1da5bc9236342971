"""One pass over a syntax tree, without recursion: functions, complexity, imports, calls and what Halstead counts.

Complexity is radon's definition, the same number on every function radon reports: 1, plus 1 for each ``if``,
conditional expression, ``assert``, exception handler, loop, comprehension and comprehension ``if``, each ``else`` of a
loop or ``try``, each ``and``/``or`` operand after the first, and each ``case`` but one that catches all. Like radon's,
a function's number leaves out its inner functions and classes, its decorators and defaults, and whatever stands
inside an ``assert``. One difference: ``except*`` handlers count as ``except`` handlers do, where radon counts none.
Unlike radon, inner functions and the methods of inner classes get a row of their own, and lines end where they end.
"""

from __future__ import annotations

import ast
from ast import (  # names without a dot: the loop below looks each of them up millions of times
    Assert,
    Assign,
    AsyncFor,
    AsyncFunctionDef,
    AsyncWith,
    Attribute,
    AugAssign,
    BinOp,
    BoolOp,
    Call,
    ClassDef,
    Compare,
    Constant,
    Expr,
    For,
    FunctionDef,
    If,
    IfExp,
    JoinedStr,
    Match,
    Module,
    Name,
    Return,
    Store,
    Try,
    TryStar,
    UnaryOp,
    While,
    With,
    comprehension,
)
from dataclasses import dataclass, field

from dreamscape.scanner.facts import ClassFacts, FunctionFacts, Import, When
from dreamscape.scanner.halstead import Halstead
from dreamscape.scanner.scopes import FUNCTIONS, Scope, calls_in
from dreamscape.scanner.statements import dotted, exported, imports_in

_LEAVES = frozenset({type(None), ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal})

# Children of nodes that count for nothing themselves: fields with one node, fields with a list of nodes.
_PLAIN: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ast.keyword: (("value",), ()),
    ast.AnnAssign: (("target", "annotation", "value"), ()),
    ast.Subscript: (("value", "slice"), ()),
    ast.Slice: (("lower", "upper", "step"), ()),
    ast.Tuple: ((), ("elts",)),
    ast.List: ((), ("elts",)),
    ast.Set: ((), ("elts",)),
    ast.Dict: ((), ("keys", "values")),
    ast.Starred: (("value",), ()),
    ast.FormattedValue: (("value", "format_spec"), ()),
    ast.Raise: (("exc", "cause"), ()),
    ast.withitem: (("context_expr", "optional_vars"), ()),
    ast.ListComp: (("elt",), ("generators",)),
    ast.SetComp: (("elt",), ("generators",)),
    ast.GeneratorExp: (("elt",), ("generators",)),
    ast.DictComp: (("key", "value"), ("generators",)),
}


@dataclass(slots=True)
class Syntax:
    """What the pass found.

    ``total`` is radon's complexity of the whole file, ``statements`` its logical lines (statements, ``else`` and
    handler lines, decorators), ``volume`` Halstead's as radon counts it; ``texts`` are the first and last lines of
    strings standing alone, ``literals`` those of other strings over several lines.
    """

    functions: list[FunctionFacts] = field(default_factory=list)
    classes: list[ClassFacts] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    names: tuple[str, ...] = ()
    exports: tuple[str, ...] | None = None
    total: int = 1
    statements: int = 0
    volume: float = 0.0
    texts: list[tuple[int, int]] = field(default_factory=list)
    literals: list[tuple[int, int]] = field(default_factory=list)


def read_syntax(tree: ast.Module) -> Syntax:
    """Everything the scan needs of a tree, each node looked at once."""
    found = Syntax()
    halstead = Halstead()
    module = Scope(list(tree.body), tree, "", None, True, None, set(), set(), set())
    scopes = [module]
    found.statements = len(tree.body)
    walked: list[tuple[Scope, int]] = []
    while scopes:
        scope = scopes.pop()
        walked.append((scope, _walk(scope, scopes, found, halstead)))
    # Only now: what stands in an assert is walked after the function that holds it, and adds to its calls.
    for scope, points in walked:
        _close(scope, points, found)
    found.functions.sort(key=lambda function: (function.line, function.end_line, function.name))
    found.volume = halstead.volume
    top = {named.name for part in (found.functions, found.classes) for named in part if "." not in named.name}
    found.names = tuple(sorted(top | module.stored))
    found.exports = exported(tree.body) if "__all__" in module.stored else None
    return found


def _close(scope: Scope, points: int, found: Syntax) -> None:
    """Books the decision points and calls of a scope that has been walked, the scopes around it before it."""
    node = scope.node
    outer = scope.outer
    if outer is not None:
        scope.hidden, scope.receiver = outer.hidden, outer.receiver
    if type(node) in FUNCTIONS:
        end = node.end_lineno or node.lineno
        name = scope.prefix[:-1]
        found.functions.append(FunctionFacts(name, node.lineno, end, points + 1, calls_in(scope)))
        if scope.is_top:
            # radon counts a method's own 1 in its class, but takes a plain function's away again
            found.total += points + (type(scope.outer.node) is ClassDef)
    elif scope.is_top:
        found.total += points


def _walk(scope: Scope, scopes: list[Scope], found: Syntax, halstead: Halstead) -> int:
    """Looks at the nodes of one scope, queues inner scopes, returns the decision points.

    One long branch on purpose: this loop meets every node of the project, and a call per node would double its time.
    """
    nodes = scope.nodes
    context = scope.context
    calls = scope.called
    members = scope.members
    stored = scope.stored
    push = nodes.append
    push_all = nodes.extend
    points = statements = 0
    imports = False
    inner: list[Scope] = []
    for node in nodes:  # grows while it is gone through
        kind = type(node)
        if kind is Name:
            if type(node.ctx) is Store:
                stored.add(node.id)
        elif kind is Constant:
            if node.end_lineno != node.lineno:  # only texts run over lines
                found.literals.append((node.lineno, node.end_lineno))
        elif kind is Attribute:
            first = node.value
            while type(first) is Attribute:
                first = first.value
            if type(first) is not Name:
                push(first)
        elif kind is Call:
            called = node.func
            if type(called) is Name:
                calls.add(called.id)
            elif type(called) is not Attribute:
                push(called)
            elif type(called.value) is Name:
                members.add((called.value.id, called.attr))
            else:
                first = called.value
                rest = called.attr
                while type(first) is Attribute:
                    rest = f"{first.attr}.{rest}"
                    first = first.value
                if type(first) is Name:
                    members.add((first.id, rest))
                elif type(first) is Call and type(first.func) is Name and first.func.id == "super":
                    members.add(("super()", rest))
                    push_all(first.args)
                else:
                    members.add(("", called.attr))
                    push(first)
            push_all(node.args)
            for keyword in node.keywords:
                push(keyword.value)
        elif kind is Assign:
            push(node.value)
            for target in node.targets:
                if type(target) is Name:
                    stored.add(target.id)
                else:
                    push(target)
        elif kind is Expr:
            value = node.value
            if type(value) is Constant and type(value.value) is str:
                found.texts.append((node.lineno, node.end_lineno))
            else:
                push(value)
        elif kind is Return:
            if node.value is not None:
                push(node.value)
        elif kind is If:
            points += 1
            orelse = node.orelse
            push(node.test)
            push_all(node.body)
            statements += len(node.body)
            if orelse:
                push_all(orelse)
                # an elif is an If of its own and brings its line itself
                is_elif = len(orelse) == 1 and type(orelse[0]) is If and orelse[0].col_offset == node.col_offset
                statements += len(orelse) + (not is_elif)
        elif kind is FunctionDef or kind is AsyncFunctionDef:
            statements += len(node.body) + len(node.decorator_list)
            is_top = scope.is_top and type(scope.node) in (Module, ClassDef)
            prefix = f"{scope.prefix}{node.name}."
            inner.append(Scope(node.body[:], node, prefix, node.name, is_top, scope, set(), set(), set()))
        elif kind in _PLAIN:
            ones, lists = _PLAIN[kind]
            for name in ones:
                push(getattr(node, name))
            for name in lists:
                push_all(getattr(node, name))
        elif kind is Compare:
            halstead.kinds.update(map(type, node.ops))
            halstead.count(len(node.ops), [node.left, *node.comparators], context)
            push(node.left)
            push_all(node.comparators)
        elif kind is BinOp:
            halstead.kinds.add(type(node.op))
            halstead.count(1, (node.left, node.right), context)
            push(node.left)
            push(node.right)
        elif kind in _LEAVES:
            continue
        elif kind is JoinedStr:
            if node.end_lineno != node.lineno:
                found.literals.append((node.lineno, node.end_lineno))
            push_all(node.values)
        elif kind is BoolOp:
            points += len(node.values) - 1
            halstead.kinds.add(type(node.op))
            halstead.count(1, node.values, context)
            push_all(node.values)
        elif kind is UnaryOp:
            halstead.kinds.add(type(node.op))
            halstead.count(1, (node.operand,), context)
            push(node.operand)
        elif kind is AugAssign:
            halstead.kinds.add(type(node.op))
            halstead.count(1, (node.target, node.value), context)
            push(node.target)
            push(node.value)
        elif kind is comprehension:
            points += 1 + len(node.ifs)
            push(node.target)
            push(node.iter)
            push_all(node.ifs)
        elif kind is IfExp:
            points += 1
            push(node.test)
            push(node.body)
            push(node.orelse)
        elif kind is ast.Import or kind is ast.ImportFrom:
            imports = True
        elif kind is Assert:
            points += 1
            scopes.append(Scope([node.test, node.msg], None, "", context, False, None, calls, members, stored))
        elif kind is ClassDef:
            statements += len(node.body) + len(node.decorator_list)
            is_top = scope.is_top and type(scope.node) is Module
            prefix = f"{scope.prefix}{node.name}."
            inner.append(Scope(node.body[:], node, prefix, context, is_top, scope, set(), set(), set()))
            aside = [*node.bases, *node.keywords, *node.decorator_list, *getattr(node, "type_params", ())]
            scopes.append(Scope(aside, None, "", context, False, None, calls, members, stored))
        elif kind is For or kind is While or kind is AsyncFor:
            has_else = bool(node.orelse)
            points += 1 + has_else
            statements += len(node.body) + len(node.orelse) + has_else
            push_all((node.test,) if kind is While else (node.target, node.iter))
            push_all(node.body)
            push_all(node.orelse)
        elif kind is Try or kind is TryStar:
            has_else = bool(node.orelse)
            points += len(node.handlers) + has_else
            statements += len(node.body) + len(node.orelse) + len(node.finalbody) + len(node.handlers)
            statements += has_else + bool(node.finalbody)
            push_all(node.body)
            push_all(node.orelse)
            push_all(node.finalbody)
            for handler in node.handlers:
                statements += len(handler.body)
                push(handler.type)
                push_all(handler.body)
        elif kind is With or kind is AsyncWith:
            statements += len(node.body)
            push_all(node.items)
            push_all(node.body)
        elif kind is Match:
            points += len(node.cases) - any(_catches_all(case.pattern) for case in node.cases)
            statements += len(node.cases) + sum(len(case.body) for case in node.cases)
            push_all(ast.iter_child_nodes(node))
        else:
            push_all(ast.iter_child_nodes(node))
    found.statements += statements
    if imports:
        found.imports.extend(imports_in(scope.node.body, When.LATER if scope.is_late else When.ALWAYS))
    if inner:
        # the next to be walked stands last, and comes first in the source
        inner.sort(key=_line, reverse=True)
        scopes.extend(inner)
        classes = [one for one in inner if type(one.node) is ClassDef]
        found.classes.extend([ClassFacts(one.prefix[:-1], tuple(map(dotted, one.node.bases))) for one in classes])
    return points


def _line(scope: Scope) -> int:
    line: int = scope.node.lineno
    return line


def _catches_all(pattern: ast.pattern) -> bool:
    """Whether radon takes the case for the default one: ``_``, or a bare name, guarded or not."""
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
