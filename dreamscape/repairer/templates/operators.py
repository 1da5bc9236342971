"""Operators: another comparison, arithmetic or assignment operator; operands dropped, swapped or grouped anew."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dreamscape.repairer.precedence import level, operator_level
from dreamscape.repairer.site import Change, Site

_COMPARISONS: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 1.0), (">", 0.8), (">=", 0.6), ("!=", 0.3), ("==", 0.2), ("in", 0.1)),
    "<=": (("<", 1.0), (">=", 0.8), (">", 0.6), ("==", 0.2), ("!=", 0.2)),
    ">": ((">=", 1.0), ("<", 0.8), ("<=", 0.6), ("!=", 0.3), ("==", 0.2)),
    ">=": ((">", 1.0), ("<=", 0.8), ("<", 0.6), ("==", 0.2), ("!=", 0.2)),
    "==": (("!=", 0.9), ("<=", 0.4), (">=", 0.4), ("<", 0.3), (">", 0.3), ("in", 0.4), ("is", 0.3)),
    "!=": (("==", 0.9), ("<", 0.5), (">", 0.5), ("not in", 0.4), ("<=", 0.3), (">=", 0.3), ("is not", 0.3)),
    "is": (("is not", 0.9), ("==", 0.9)),
    "is not": (("is", 0.9), ("!=", 0.9)),
    "in": (("not in", 0.9), ("==", 0.5), ("is", 0.1)),
    "not in": (("in", 0.9), ("!=", 0.5)),
}
_COMPARISON_TEXT: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_ARITHMETIC: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 1.0), ("*", 0.5), ("//", 0.2), ("|", 0.2), ("%", 0.1)),
    "-": (("+", 1.0), ("*", 0.3), ("//", 0.3), ("/", 0.2), ("%", 0.2), ("&", 0.1), ("|", 0.1)),
    "*": (("+", 0.7), ("**", 0.6), ("//", 0.6), ("/", 0.6), ("-", 0.4), ("%", 0.2)),
    "/": (("//", 1.0), ("*", 0.7), ("%", 0.4), ("-", 0.2)),
    "//": (("/", 1.0), ("%", 0.8), ("*", 0.6), ("-", 0.3), (">>", 0.2)),
    "%": (("//", 1.0), ("/", 0.4), ("*", 0.3), ("+", 0.2), ("-", 0.2)),
    "**": (("*", 1.0), ("^", 0.2), ("//", 0.2)),
    "<<": ((">>", 1.0), ("*", 0.3)),
    ">>": (("<<", 1.0), ("//", 0.3), ("&", 0.3)),
    "&": (("|", 1.0), ("^", 0.8), ("-", 0.2), ("%", 0.2), (">>", 0.2)),
    "|": (("&", 1.0), ("^", 0.8), ("+", 0.3)),
    "^": (("&", 1.0), ("|", 0.9), ("**", 0.8), ("+", 0.2)),
    "@": (("*", 0.6),),
}
_UNLIKELY = 0.15
"""What any other operator in the place of the written one is worth beside the likely ones (chosen)."""
_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod, "**": ast.Pow,
    "<<": ast.LShift, ">>": ast.RShift, "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor, "@": ast.MatMult,
}  # fmt: skip
_ARITHMETIC_TEXT = {kind: text for text, kind in _OPERATORS.items()}


def _gap(site: Site, left: ast.expr, right: ast.expr, symbol: str) -> tuple[int, int] | None:
    """Where the operator between two operands is written."""
    start, end = site.module.span(left)[1], site.module.span(right)[0]
    pattern = re.escape(symbol).replace(r"\ ", r"\s+")
    found = re.search(pattern.encode(), site.module.source.view[start:end])
    return (start + found.start(), start + found.end()) if found else None


def comparison(site: Site) -> Iterator[Change]:
    """Another comparison operator."""
    for node in site.expressions:
        if not isinstance(node, ast.Compare):
            continue
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            symbol = _COMPARISON_TEXT[type(op)]
            gap = _gap(site, left, right, symbol)
            for other, fit in _COMPARISONS[symbol] if gap else ():
                if other in ("in", "not in") and symbol in ("==", "!=", "<") and site.kind(right) in ("num", "bool"):
                    continue
                if other in ("is", "is not") and isinstance(right, ast.Constant) and right.value is not None:
                    continue
                assert gap is not None
                yield site.splice(*gap, other, fit, f"`{symbol}` becomes `{other}` in `{site.text(node)}`")


def arithmetic(site: Site) -> Iterator[Change]:
    """Another arithmetic or bit operator: with the operands kept together, and, where that takes parentheses, as if
    just the sign had been mistyped."""
    for node in site.expressions:
        if not isinstance(node, ast.BinOp):
            continue
        symbol = _ARITHMETIC_TEXT[type(node.op)]
        textual = {"str", "list", "tuple"} & {site.kind(node.left), site.kind(node.right)}
        gap = _gap(site, node.left, node.right, symbol)
        likely = dict(_ARITHMETIC[symbol])
        for other in (*likely, *(each for each in _OPERATORS if each not in likely and each != symbol)):
            fit = likely.get(other, _UNLIKELY) * (0.2 if textual else 1.0)
            if other == "%" and isinstance(node.left, ast.Constant) and "%" in str(node.left.value):
                fit = 1.0  # a text with places to fill
            least = operator_level(_OPERATORS[other]())
            left, right = site.module.operand(node.left, least), site.module.operand(node.right, least + 1)
            yield site.put(node, f"{left} {other} {right}", fit)
            if gap and (left, right) != (site.text(node.left), site.text(node.right)):
                yield site.splice(*gap, other, 0.6 * fit, f"`{symbol}` becomes `{other}`, grouped anew")


def augmented(site: Site) -> Iterator[Change]:
    """``+=`` against ``=`` and the other operators of assignment."""
    node = site.node
    if isinstance(node, ast.AugAssign):
        symbol = _ARITHMETIC_TEXT[type(node.op)]
        gap = _gap(site, node.target, node.value, symbol + "=")
        for other, fit in (*_ARITHMETIC[symbol], ("", 0.6)) if gap else ():
            assert gap is not None
            yield site.splice(*gap, other + "=", fit, f"`{symbol}=` becomes `{other}=`")
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Tuple):
        gap = _gap(site, node.targets[0], node.value, "=")
        numeric = site.kind(node.targets[0]) in ("num", "") and site.kind(node.value) in ("num", "")
        for other, fit in (
            (("+=", 1.0), ("-=", 0.5 if numeric else 0.0), ("*=", 0.4 if numeric else 0.0)) if gap else ()
        ):
            assert gap is not None
            if fit:
                yield site.splice(*gap, other, fit, f"`=` becomes `{other}`")


def boolean(site: Site) -> Iterator[Change]:
    """``and`` against ``or``."""
    for node in site.expressions:
        if isinstance(node, ast.BoolOp):
            old, new, least = ("and", "or", 2) if isinstance(node.op, ast.And) else ("or", "and", 3)
            parts = [site.module.operand(value, least) for value in node.values]
            yield site.put(node, f" {new} ".join(parts), 1.0, f"`{old}` becomes `{new}`")
            if len(parts) > 2:
                for at in range(1, len(parts)):
                    left, right = f" {old} ".join(parts[:at]), f" {old} ".join(parts[at:])
                    yield site.put(node, f"({left}) {new} ({right})", 0.4)


def drop_operand(site: Site) -> Iterator[Change]:
    """One operand alone instead of an operation; one part of ``and``/``or`` left out."""
    for node in site.expressions:
        match node:
            case ast.BinOp(left=left, right=right):
                small = isinstance(right, ast.Constant)
                yield site.put(node, site.text(left), 1.0 if small else 0.6)
                if not small:
                    yield site.put(node, site.text(right), 0.6)
            case ast.BoolOp(values=values, op=op):
                joiner, least = (" and ", 3) if isinstance(op, ast.And) else (" or ", 2)
                for left_out in values:
                    kept = [site.module.operand(value, least) for value in values if value is not left_out]
                    yield site.put(node, joiner.join(kept), 0.5)
            case ast.UnaryOp(operand=operand):
                yield site.put(node, site.text(operand), 0.8)


def swap_operands(site: Site) -> Iterator[Change]:
    """The two sides of an operation exchanged, where that changes anything."""
    for node in site.expressions:
        match node:
            case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.BitAnd | ast.BitOr | ast.BitXor):
                both_numbers = site.kind(left) == "num" == site.kind(right)
                if isinstance(op, ast.Add | ast.Mult) and both_numbers:
                    continue
                least = operator_level(op)
                fit = 0.9 if isinstance(op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow) else 0.6
                symbol = _ARITHMETIC_TEXT[type(op)]
                text = f"{site.module.operand(right, least)} {symbol} {site.module.operand(left, least + 1)}"
                yield site.put(node, text, fit)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[right]):
                symbol = _COMPARISON_TEXT[type(op)]
                yield site.put(node, f"{site.module.operand(right, 5)} {symbol} {site.module.operand(left, 5)}", 0.5)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                text = f"{site.text(orelse)} if {site.text(test)} else {site.text(body)}"
                yield site.put(node, text, 0.7)
            case ast.BoolOp(values=[left, right], op=op):
                symbol = "and" if isinstance(op, ast.And) else "or"
                yield site.put(node, f"{site.module.operand(right, 3)} {symbol} {site.module.operand(left, 3)}", 0.3)


def regroup(site: Site) -> Iterator[Change]:
    """Parentheses set elsewhere: ``a + b * c`` becomes ``(a + b) * c``, and back."""
    for node in site.expressions:
        match node:
            case ast.BinOp(left=left, op=op, right=ast.BinOp(left=middle, op=inner, right=last)):
                first, second = _ARITHMETIC_TEXT[type(op)], _ARITHMETIC_TEXT[type(inner)]
                parts = [site.module.operand(each, 11) for each in (left, middle, last)]
                yield site.put(node, f"({parts[0]} {first} {parts[1]}) {second} {parts[2]}", 0.8)
            case ast.BinOp(left=ast.BinOp(left=first_part, op=inner, right=middle), op=op, right=last):
                first, second = _ARITHMETIC_TEXT[type(inner)], _ARITHMETIC_TEXT[type(op)]
                parts = [site.module.operand(each, 11) for each in (first_part, middle, last)]
                if (first, second) not in (("+", "+"), ("*", "*"), ("+", "-")):
                    yield site.put(node, f"{parts[0]} {first} ({parts[1]} {second} {parts[2]})", 0.8)
            case ast.BoolOp(op=ast.Or(), values=[left, ast.BoolOp(op=ast.And(), values=[middle, last])]):
                parts = [site.module.operand(each, 3) for each in (left, middle, last)]
                yield site.put(node, f"({parts[0]} or {parts[1]}) and {parts[2]}", 1.0)
            case ast.BoolOp(op=ast.Or(), values=[ast.BoolOp(op=ast.And(), values=[left, middle]), last]):
                parts = [site.module.operand(each, 3) for each in (left, middle, last)]
                yield site.put(node, f"{parts[0]} and ({parts[1]} or {parts[2]})", 1.0)
            case ast.UnaryOp(op=ast.Not(), operand=ast.BoolOp(op=op, values=values)):
                joiner, least = (" and ", 3) if isinstance(op, ast.And) else (" or ", 2)
                negated = f"not {site.module.operand(values[0], 3)}"
                rest = [site.module.operand(value, least) for value in values[1:]]
                yield site.put(node, joiner.join([negated, *rest]), 0.8)
            case ast.BinOp(left=ast.UnaryOp() as unary, op=op, right=right) if level(right) > 9:
                sign = {"USub": "-", "Invert": "~", "UAdd": "+"}.get(type(unary.op).__name__, "not ")
                text = f"{sign}({site.text(unary.operand)} {_ARITHMETIC_TEXT[type(op)]} {site.text(right)})"
                yield site.put(node, text, 0.5)
            case ast.UnaryOp(op=ast.USub()):
                continue
            case ast.BinOp():
                if isinstance(node.op, ast.Sub):
                    least = operator_level(node.op)
                    text = f"-({site.module.operand(node.left, least)} - {site.module.operand(node.right, least + 1)})"
                    yield site.put(node, text, 0.1)


def negate(site: Site) -> Iterator[Change]:
    """A minus or ``not`` in front of a value."""
    for node in site.loads:
        if isinstance(node, ast.UnaryOp | ast.Constant | ast.BoolOp) or node in site.conditions:
            continue
        kind = site.kind(node)
        if kind in ("num", "") and isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript):
            yield site.put(node, f"-{site.module.operand(node, 11)}", 0.6 if kind else 0.3)
        if kind == "bool" or (kind == "" and isinstance(site.node, ast.Return) and node is site.node.value):
            yield site.put(node, f"not {site.module.operand(node, 4)}", 0.7 if kind else 0.2)
