"""Values go in, texts come out that are equal where the values behave alike, in this process and in another."""

from __future__ import annotations

import math
import re
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Iterator, List

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_MOST_NODES = 20000
_DEEPEST = 30
MOST_ITEMS = 50
"""So many items of an iterator are looked at; it may have no end (chosen)."""


class TooLarge(Exception):
    """The value has more parts than are compared."""


class Shape:
    """Writes values down; a part that holds itself is referred to by how far up it begins."""

    def __init__(self) -> None:
        self._path: List[int] = []
        self._nodes = 0

    def of(self, value: Any, depth: int = 0) -> str:
        """Type and contents, recursively. Raises `TooLarge`, and what the value's own iteration raises."""
        self._nodes += 1
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            raise TooLarge()
        kind = type(value)
        if kind in (int, str, bytes, type(None), type(Ellipsis)):
            return repr(value)
        if kind is bool:  # equal to 1 or 0, and no test that compares can tell them apart
            return repr(int(value))
        if kind in (float, complex):
            return number(value)
        if id(value) in self._path:
            return "^%d" % (len(self._path) - self._path.index(id(value)))
        self._path.append(id(value))
        try:
            return self._compound(value, kind, depth + 1)
        finally:
            self._path.pop()

    def _compound(self, value: Any, kind: type, depth: int) -> str:
        name = "%s.%s" % (kind.__module__, kind.__qualname__)
        if isinstance(value, (type, FunctionType, BuiltinFunctionType, ModuleType)):
            return "<%s>" % getattr(value, "__qualname__", getattr(value, "__name__", "?"))
        if isinstance(value, MethodType):
            return "<%s of %s>" % (value.__func__.__qualname__, self.of(value.__self__, depth))
        if isinstance(value, dict):
            items = ["%s: %s" % (self.of(key, depth), self.of(item, depth)) for key, item in dict.items(value)]
            return "%s{%s}%s" % (name, ", ".join(sorted(items)), self._attributes(value, depth))
        if isinstance(value, (set, frozenset)):
            return "%s{%s}" % (name, ", ".join(sorted(Shape().of(item, depth) for item in value)))
        if isinstance(value, (list, tuple)):
            return "%s[%s]%s" % (name, self._items(iter(value), depth, len(value)), self._attributes(value, depth))
        if isinstance(value, BaseException):
            return "%s(%s)" % (name, self.of(value.args, depth))
        if hasattr(kind, "__next__"):
            return "%s over [%s]" % (name, self._items(value, depth, MOST_ITEMS))
        return name + (self._attributes(value, depth) or " " + _told(value))

    def _items(self, values: Iterator[Any], depth: int, most: int) -> str:
        found = []
        for _ in range(most):
            try:
                item = next(values)
            except StopIteration:
                break
            except Exception as error:
                found.append("raises %s" % type(error).__qualname__)
                break
            found.append(self.of(item, depth))
        return ", ".join(found)

    def _attributes(self, value: Any, depth: int) -> str:
        found = dict(getattr(value, "__dict__", None) or {})
        for kind in type(value).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                name = "_%s%s" % (kind.__name__.lstrip("_"), slot) if slot.startswith("__") else slot
                if hasattr(value, name):
                    found[name] = getattr(value, name)
        return "(%s)" % ", ".join("%s=%s" % (name, self.of(found[name], depth)) for name in sorted(found)) * bool(found)


def _told(value: Any) -> str:
    """What the value says of itself; an object whose ``__init__`` has not run yet may not be able to."""
    try:
        return _ADDRESS.sub("0x", repr(value))
    except Exception as error:
        return "raises %s" % type(error).__qualname__


def number(value: Any) -> str:
    """A float or complex number to 12 significant digits, a whole one as an int; NaN is NaN, minus zero is zero."""
    if isinstance(value, complex):
        return "(%s, %s)j" % (number(value.real), number(value.imag))
    if math.isnan(value):
        return "nan"
    if math.isfinite(value) and value == int(value) and abs(value) < 1e12:
        return repr(int(value))
    return "%.12gf" % value
