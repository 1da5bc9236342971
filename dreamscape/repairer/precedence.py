"""When an expression needs parentheses where it is put (Python's own table of operator precedence)."""

from __future__ import annotations

import ast

ATOM = 15
_OPERATORS: dict[type[ast.operator], int] = {
    ast.BitOr: 5,
    ast.BitXor: 6,
    ast.BitAnd: 7,
    ast.LShift: 8,
    ast.RShift: 8,
    ast.Add: 9,
    ast.Sub: 9,
    ast.Mult: 10,
    ast.Div: 10,
    ast.FloorDiv: 10,
    ast.Mod: 10,
    ast.MatMult: 10,
    ast.Pow: 12,
}


def operator_level(operator: ast.operator) -> int:
    """How tightly a binary operator binds."""
    return _OPERATORS[type(operator)]


def level(node: ast.expr) -> int:
    """How tightly an expression holds together; names, calls and literals hold tightest."""
    match node:
        case ast.NamedExpr() | ast.Yield() | ast.YieldFrom() | ast.Tuple():
            return -1
        case ast.Lambda() | ast.IfExp():
            return 0
        case ast.BoolOp(op=op):
            return 1 if isinstance(op, ast.Or) else 2
        case ast.UnaryOp(op=op):
            return 3 if isinstance(op, ast.Not) else 11
        case ast.Compare():
            return 4
        case ast.BinOp(op=operator):
            return operator_level(operator)
        case ast.Await():
            return 13
        case ast.GeneratorExp():
            return ATOM
        case ast.Constant(value=value) if isinstance(value, int | float) and value < 0:
            return 11
    return ATOM


def needed(parent: ast.AST | None, child: ast.expr) -> int:
    """How tightly what stands in ``child``'s place must hold together to stay one operand of ``parent``."""
    match parent:
        case ast.BinOp(op=operator, right=right):
            own = operator_level(operator)
            is_power = isinstance(operator, ast.Pow)
            return own + (1 if (child is right) != is_power else 0)
        case ast.UnaryOp(op=op):
            return 3 if isinstance(op, ast.Not) else 11
        case ast.BoolOp(op=op):
            return 2 if isinstance(op, ast.Or) else 3
        case ast.Compare():
            return 5
        case ast.Attribute() | ast.Await():
            return ATOM
        case ast.Subscript(value=value) if child is value:
            return ATOM
        case ast.Call(func=func) if child is func:
            return ATOM
        case ast.IfExp() | ast.comprehension():
            return 1
        case ast.Starred():
            return 5
        case ast.Assign() | ast.Return() | ast.AugAssign() | ast.Expr() | ast.AnnAssign() | ast.Subscript():
            return -1
        case ast.FormattedValue():
            return 1
    return 0
