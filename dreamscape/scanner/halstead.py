"""Halstead's counts, as radon takes them."""

from __future__ import annotations

import ast
from ast import Attribute, Constant, Name
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2


@dataclass(slots=True)
class Halstead:
    """Operators and operands as radon's Halstead visitor counts them; an operand is distinct per function name."""

    operators: int = 0
    operands: int = 0
    unnamed: int = 0
    kinds: set[type] = field(default_factory=set)
    named: set[tuple[str | None, object]] = field(default_factory=set)

    def count(self, operators: int, operands: Sequence[ast.expr], context: str | None) -> None:
        self.operators += operators
        self.operands += len(operands)
        add = self.named.add
        for operand in operands:
            kind = type(operand)
            if kind is Name:
                add((context, operand.id))  # type: ignore[attr-defined]  # kind says so
            elif kind is Attribute:
                add((context, operand.attr))  # type: ignore[attr-defined]
            elif kind is Constant:
                add((context, operand.value))  # type: ignore[attr-defined]
            else:
                self.unnamed += 1  # a larger expression is like no other

    @property
    def volume(self) -> float:
        """Length times the bits that name one of the vocabulary; 0 for a file without operators."""
        vocabulary = len(self.kinds) + len(self.named) + self.unnamed
        return (self.operators + self.operands) * log2(vocabulary) if vocabulary else 0.0
