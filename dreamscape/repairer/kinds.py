"""What sort of value a name or expression holds, guessed cheaply from how it is used."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable

UNKNOWN = ""
_CALLS = {
    "int": "num", "float": "num", "len": "num", "sum": "num", "abs": "num", "round": "num", "ord": "num",
    "str": "str", "repr": "str", "chr": "str", "input": "str", "list": "list", "sorted": "list", "range": "list",
    "set": "set", "frozenset": "set", "dict": "dict", "tuple": "tuple", "bool": "bool", "isinstance": "bool",
    "any": "bool", "all": "bool", "deque": "list", "defaultdict": "dict", "Counter": "dict", "OrderedDict": "dict",
    "bytes": "bytes", "issubclass": "bool", "callable": "bool", "hasattr": "bool",
}  # fmt: skip
_METHODS = {
    "append": "list", "extend": "list", "insert": "list", "sort": "list", "appendleft": "list", "add": "set",
    "discard": "set", "union": "set", "get": "dict", "items": "dict", "keys": "dict", "values": "dict",
    "setdefault": "dict", "split": "str", "strip": "str", "lower": "str", "upper": "str", "startswith": "str",
    "endswith": "str", "join": "str", "isdigit": "str", "isalpha": "str", "encode": "str", "rstrip": "str",
    "lstrip": "str", "title": "str", "format": "str", "isspace": "str", "splitlines": "str",
}  # fmt: skip
_METHOD_RESULTS = {
    "split": "list", "splitlines": "list", "strip": "str", "lower": "str", "upper": "str", "join": "str",
    "replace": "str", "startswith": "bool", "endswith": "bool", "find": "num", "index": "num", "count": "num",
    "format": "str", "copy": UNKNOWN, "rstrip": "str", "lstrip": "str",
    **{name: "bool" for kind in (str, set, float) for name in dir(kind) if name.startswith("is")},
}  # fmt: skip
_CONTAINERS = frozenset({"list", "set", "dict", "tuple", "str", "bytes", "some"})


def kind_of(node: ast.expr | None, known: dict[str, str]) -> str:
    """num, str, bytes, bool, list, set, dict, tuple, none, func, ``some`` (a container), or `UNKNOWN`."""
    match node:
        case ast.Constant(value=value):
            return _kind_of_constant(value)
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Tuple():
            return "tuple"
        case ast.JoinedStr():
            return "str"
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.UnaryOp():
            return "num"
        case ast.BinOp(left=left, op=op, right=right):
            kinds = {kind_of(left, known), kind_of(right, known)} - {UNKNOWN}
            if isinstance(op, ast.Add | ast.Mult | ast.Mod) and kinds & (_CONTAINERS - {"some"}):
                return min(kinds & (_CONTAINERS - {"some"}))
            return "num" if kinds == {"num"} or isinstance(op, ast.FloorDiv | ast.Pow | ast.Div) else UNKNOWN
        case ast.Call(func=ast.Name(id=name)):
            return _CALLS.get(name, UNKNOWN)
        case ast.Call(func=ast.Attribute(attr=name)):
            return _METHOD_RESULTS.get(name, UNKNOWN)
        case ast.Name(id=name):
            return known.get(name, UNKNOWN)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return known.get(f"self.{name}", UNKNOWN)
    return UNKNOWN


def _kind_of_constant(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float | complex):
        return "num"
    if value is None:
        return "none"
    return "str" if isinstance(value, str) else "bytes" if isinstance(value, bytes) else UNKNOWN


def fits(wanted: str, offered: str) -> float:
    """How well a value of one kind can stand where the other stood: 1 the same, down to 0.15."""
    if wanted == offered:
        return 1.0 if wanted else 0.7
    if not wanted or not offered:
        return 0.6
    if {wanted, offered} <= _CONTAINERS:
        return 0.8 if "some" in (wanted, offered) else 0.4
    if {wanted, offered} <= {"num", "bool"}:
        return 0.5
    return 0.15


def kinds_in(roots: Iterable[ast.AST]) -> dict[str, str]:
    """The most attested kind of each name and ``self`` attribute in some code."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for root in roots:
        for node in ast.walk(root):
            _vote(node, votes)
    return {name: counted.most_common(1)[0][0] for name, counted in votes.items()}


def _name(node: ast.AST | None) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.arg(arg=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return ""


def _vote(node: ast.AST, votes: defaultdict[str, Counter[str]]) -> None:
    def vote(target: ast.AST | None, kind: str, weight: int = 1) -> None:
        name = _name(target)
        if name and kind and kind != "none":
            votes[name][kind] += weight

    match node:
        case ast.Assign(targets=[target], value=value):
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                for each, given in zip(target.elts, value.elts, strict=False):
                    vote(each, kind_of(given, {}), 3)
            vote(target, kind_of(value, {}), 3)
        case ast.AnnAssign(target=target, annotation=annotation):
            vote(target, _kind_of_annotation(annotation), 5)
        case ast.arg(annotation=annotation):
            vote(node, _kind_of_annotation(annotation), 5)
        case ast.AugAssign(target=target, value=value):
            vote(target, kind_of(value, {}))
        case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.Mod | ast.Add | ast.Mult):
            for side in (left, right):
                vote(side, "num")
        case ast.BinOp(left=left, right=right):
            for side, other in ((left, right), (right, left)):
                vote(side, kind_of(other, {}))
        case ast.Compare(left=left, comparators=[right], ops=[op]):
            _vote_compared(left, op, right, vote)
        case ast.Subscript(value=value, slice=index):
            vote(value, "some")
            if isinstance(index, ast.Slice):
                for bound in (index.lower, index.upper, index.step):
                    vote(bound, "num", 2)
        case ast.For(target=target, iter=iterable) | ast.comprehension(target=target, iter=iterable):
            vote(iterable, "some")
            if isinstance(iterable, ast.Call) and _name(iterable.func) == "range":
                vote(target, "num", 3)
            if isinstance(iterable, ast.Call) and _name(iterable.func) == "enumerate" and isinstance(target, ast.Tuple):
                vote(target.elts[0], "num", 3)
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _METHODS:
            vote(owner, _METHODS[method], 2)
        case ast.Call(func=ast.Name(id=function), args=args):
            kind = {"len": "some", "range": "num", "sum": "some", "enumerate": "some", "abs": "num"}.get(function, "")
            for arg in args:
                vote(arg, kind)
            vote(node.func if isinstance(node, ast.Call) else None, "func")


def _vote_compared(left: ast.expr, op: ast.cmpop, right: ast.expr, vote: object) -> None:
    assert callable(vote)
    if isinstance(op, ast.In | ast.NotIn):
        vote(right, "some")
        return
    for side, other in ((left, right), (right, left)):
        vote(side, kind_of(other, {}))


def _kind_of_annotation(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    name = annotation.attr if isinstance(annotation, ast.Attribute) else getattr(annotation, "id", "")
    return {
        "int": "num", "float": "num", "str": "str", "bool": "bool", "bytes": "bytes", "list": "list", "List": "list",
        "dict": "dict", "Dict": "dict", "Mapping": "dict", "set": "set", "Set": "set", "tuple": "tuple",
        "Tuple": "tuple", "Sequence": "some", "Iterable": "some", "Callable": "func",
    }.get(str(name), UNKNOWN)  # fmt: skip
