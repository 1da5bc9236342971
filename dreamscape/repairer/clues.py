"""What the failures of a case give away: exceptions, missing names, values compared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import RepairCase
from dreamscape.repairer.source import parsed

_DID_NOT_RAISE = re.compile(r"DID NOT RAISE(?: any of)? \(?(.+)")
_CLASS = re.compile(r"<class '([\w.]+)'>")
_NOT_RAISED = re.compile(r"(?:AssertionError: )?([\w.]+) not raised")
_NAME = re.compile(r"name '(\w+)' is not defined|(?:variable|free variable) '(\w+)' ")
_ATTRIBUTE = re.compile(r"(?:has no attribute|attribute) '(\w+)'")
_KEYWORD = re.compile(r"(?:unexpected keyword argument|missing .* argument[s]?:?) '(\w+)'")


@dataclass(frozen=True)
class Clues:
    """The failures of one cause, read once for all templates."""

    failure_class: FailureClass
    failures: tuple[Failure, ...]
    test_sources: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def raised(self) -> tuple[str, ...]:
        """Types of the exceptions that ended the tests, without modules."""
        return _unique(failure.exception.rpartition(".")[2] for failure in self.failures)

    @cached_property
    def wanted_exceptions(self) -> tuple[str, ...]:
        """Types that a test waited for in vain."""
        found: list[str] = []
        for failure in self.failures:
            waited = _DID_NOT_RAISE.search(failure.message)
            if waited:
                found += _CLASS.findall(waited.group(1)) or [waited.group(1)]
            found += _NOT_RAISED.findall(failure.message)
            for frame in failure.frames:
                found += _awaited(self.test_sources.get(frame.path, b""), frame.line)
        return _unique(name.rpartition(".")[2] for name in found if re.fullmatch(r"[\w.]+", name))

    @cached_property
    def missing_names(self) -> tuple[str, ...]:
        return _unique(a or b for failure in self.failures for a, b in _NAME.findall(failure.message))

    @cached_property
    def missing_attributes(self) -> tuple[str, ...]:
        return _unique(name for failure in self.failures for name in _ATTRIBUTE.findall(failure.message))

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        return _unique(name for failure in self.failures for name in _KEYWORD.findall(failure.message))

    @cached_property
    def pairs(self) -> tuple[tuple[object, object], ...]:
        """The two values of each failed comparison, where they are literals."""
        found: list[tuple[object, object]] = []
        for failure in self.failures:
            if failure.comparison:
                left, right = _literal(failure.comparison.left), _literal(failure.comparison.right)
                if left is not _NOTHING and right is not _NOTHING:
                    found.append((left, right))
        return tuple(found)

    @cached_property
    def hot_lines(self) -> frozenset[tuple[str, int]]:
        """Path and line of the project frames in which exceptions arose."""
        return frozenset(
            (failure.frames[-1].path, failure.frames[-1].line)
            for failure in self.failures
            if failure.frames and failure.frames[-1].in_project
        )


_RAISES = {"raises", "assertRaises", "assertRaisesRegex"}


def _awaited(source: bytes, line: int) -> list[str]:
    """The exceptions that a test waits for around a line of it."""
    found: list[str] = []
    for node in ast.walk(parsed(source.decode("utf-8", "replace")) or ast.Module([], [])):
        match node:
            case ast.With(items=items) if node.lineno <= line <= (node.end_lineno or line):
                calls = [item.context_expr for item in items]
            case ast.Expr(value=call) if node.lineno <= line <= (node.end_lineno or line):
                calls = [call]
            case _:
                continue
        for call in calls:
            match call:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in _RAISES:
                    names = first.elts if isinstance(first, ast.Tuple) else [first]
                    found += [ast.unparse(each).rpartition(".")[2] for each in names]
    return found


_NOTHING = object()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _NOTHING


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def clues_of(case: RepairCase) -> Clues:
    """Reads a case's failures."""
    return Clues(case.failure_class, case.failures, case.test_sources)
