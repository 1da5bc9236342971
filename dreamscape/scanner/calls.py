"""Resolves calls between functions of a project by their names, without running anything: the call graph.

Resolved are plain names (inner functions, then the module's own, then imported ones, through all that hand them on),
what is called on modules and classes, ``self`` and ``super()`` through the base classes that the project has, and the
fixtures pytest would call. A call on any other object is guessed: the one method of that name in the project, where
there is only one and no built-in type has it too. Calls are counted by name, once for each function.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from dreamscape.scanner.classes import Classes
from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.impact import is_test
from dreamscape.scanner.imports import Modules, Origin

_BUILT_IN_METHODS = frozenset(
    name for kind in (str, bytes, bytearray, list, dict, set, tuple, int, float) for name in dir(kind)
)
"""Methods that are most likely not the project's own, whatever it has by that name."""
_BUILT_IN = frozenset(dir(builtins))
_ON_ITSELF = ("self", "super()")


class Certainty(Enum):
    """How well it is known what a call means."""

    RESOLVED = "resolved"
    GUESSED = "guessed"
    OUTSIDE = "outside"
    """Of a third party, or of a built-in type."""
    UNKNOWN = "unknown"


Called = tuple[Certainty, int | None]
"""What a call means, and the function's number; None for a class that makes its objects in no way of its own."""

# Names of their own: Python 3.11 takes as long to find a member of an enum as for all else that a call costs here.
RESOLVED, GUESSED, OUTSIDE, UNKNOWN = Certainty
_NONE: frozenset[int] = frozenset()
_OUTSIDE: Called = (OUTSIDE, None)
_UNKNOWN: Called = (UNKNOWN, None)


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Which function calls which, numbered through all files in their order; a function's calls of itself are left
    out. ``names`` counts what functions call by how well it is known."""

    resolved: Mapping[int, frozenset[int]]
    guessed: Mapping[int, frozenset[int]]
    names: Mapping[Certainty, int]

    @property
    def edges(self) -> dict[int, frozenset[int]]:
        """Resolved and guessed ones together."""
        return {
            number: targets | self.guessed[number] if self.guessed[number] else targets
            for number, targets in self.resolved.items()
        }


def call_graph(files: Mapping[str, FileFacts], modules: Modules) -> CallGraph:
    """The calls of all functions; ``modules`` are those of the same files."""
    project = _Project(files, modules)
    resolved: dict[int, frozenset[int]] = {}
    guessed: dict[int, frozenset[int]] = {}
    outside = unknown = known = guesses = 0
    for path, facts in files.items():
        scope = _Scope(path, project)
        for caller in facts.functions:
            number = len(resolved)
            sure: set[int] = set()
            maybe: set[int] = set()
            for certainty, target in scope.called(caller):
                if certainty is RESOLVED:
                    known += 1
                    if target is not None:
                        sure.add(target)
                elif certainty is OUTSIDE:
                    outside += 1
                elif target is not None:
                    guesses += 1
                    maybe.add(target)
                else:
                    unknown += 1
            sure.discard(number)
            maybe.discard(number)
            resolved[number] = frozenset(sure) if sure else _NONE
            guessed[number] = frozenset(maybe - sure) if maybe else _NONE
    counts = (known, guesses, outside, unknown)
    return CallGraph(resolved, guessed, dict(zip(Certainty, counts, strict=True)))


class _Project:
    """Every function, class and method by its name."""

    def __init__(self, files: Mapping[str, FileFacts], modules: Modules) -> None:
        self.modules = modules
        self.numbers = _numbered(files)
        self.classes = Classes(files, modules)
        tests = set(filter(is_test, files))
        product = self._methods_in(path for path in files if path not in tests)
        of_tests = self._methods_in(tests)
        self._methods = {name: number for name, number in product.items() if number is not None}
        self._test_methods = {
            **{name: number for name, number in of_tests.items() if number is not None and name not in product},
            **self._methods,
        }

    def _methods_in(self, paths: Iterable[str]) -> dict[str, int | None]:
        """Methods by their names; None for a name that several classes have, or a built-in type."""
        found: dict[str, int | None] = dict.fromkeys(_BUILT_IN_METHODS)
        for path in paths:
            classes = self.classes.named(path)
            for name, number in self.numbers[path].items() if classes else ():
                owner, _, last = name.rpartition(".")
                if owner in classes:
                    found[last] = None if last in found else number
        return found

    def guess(self, name: str, *, for_test: bool) -> Called:
        """What a method is whose object is not known."""
        number = (self._test_methods if for_test else self._methods).get(name)
        if number is not None:
            return GUESSED, number
        return _OUTSIDE if name in _BUILT_IN_METHODS else _UNKNOWN

    def function(self, origin: Origin) -> Called:
        """What calling a name means, where it is defined."""
        path, name = origin
        number = self.numbers[path].get(name)
        if number is not None:
            return RESOLVED, number
        return (RESOLVED, self.method(origin, "__init__")) if self.classes.has(origin) else _UNKNOWN

    def method(self, owner: Origin, name: str, *, inherited: bool = False) -> int | None:
        """The function that a class answers a name with; of what it inherits, if so asked."""
        for path, base in self.classes.lineage(owner)[inherited:]:
            number = self.numbers[path].get(f"{base}.{name}")
            if number is not None:
                return number
        return None


def _numbered(files: Mapping[str, FileFacts]) -> dict[str, dict[str, int]]:
    """Path -> name -> number; of several functions with one name the last counts, as it does in Python."""
    numbers: dict[str, dict[str, int]] = {}
    count = 0
    for path, facts in files.items():
        numbers[path] = {function.name: count + at for at, function in enumerate(facts.functions)}
        count += len(facts.functions)
    return numbers


class _Scope:
    """What names mean in one file; answers that hold for the whole file are remembered."""

    def __init__(self, path: str, project: _Project) -> None:
        self._path = path
        self._project = project
        self._here = project.numbers[path]
        classes = project.classes.named(path)
        self._inner = {name.rpartition(".")[0] for name in self._here if "." in name} - classes
        self._classes = classes
        self._bound = project.modules.bindings(path)
        self._own = project.modules.own_names(path)
        self._for_test = is_test(path)
        self._known: dict[str, Called] = {}
        self._on_itself: dict[str, dict[str, Called]] = {}
        self._owners = {"": ""}

    def called(self, caller: FunctionFacts) -> list[Called]:
        """What each of a function's calls means."""
        owner = self._owner(caller.name.rpartition(".")[0])
        own = self._on_itself.setdefault(owner, {})
        inner = [around for around in _around(caller.name) if around in self._inner] if self._inner else []
        found = []
        for call in caller.calls:
            meaning = self._inside(inner, call) if inner else None
            meaning = meaning or self._known.get(call) or own.get(call)
            if meaning is None:
                head = call.partition(".")[0]
                meaning = self._meaning(owner, head, call)
                (own if head in _ON_ITSELF else self._known)[call] = meaning
            found.append(meaning)
        return found

    def _owner(self, name: str) -> str:
        """The innermost class around what stands in a class or function; "" for none."""
        if name not in self._owners:
            self._owners[name] = next(filter(self._classes.__contains__, _around(name)), "")
        return self._owners[name]

    def _inside(self, functions: list[str], call: str) -> Called | None:
        """A function that stands in one of these."""
        numbers = (self._here.get(f"{around}.{call}") for around in functions)
        number = next((number for number in numbers if number is not None), None)
        return None if number is None else (RESOLVED, number)

    def _meaning(self, owner: str, head: str, call: str) -> Called:
        """What a call means in all functions of a class, or of the file where it is not on the object itself."""
        name = call[len(head) + 1 :]
        if not head:
            return self._guess(name)
        if head in _ON_ITSELF:
            return self._method(owner, name, inherited=head != "self")
        return self._fixture(call[1:]) if head[0] == "@" else self._global(head, call)

    def _guess(self, name: str) -> Called:
        return self._project.guess(name, for_test=self._for_test)

    def _method(self, owner: str, name: str, *, inherited: bool) -> Called:
        if not owner:
            return self._guess(name)
        number = self._project.method((self._path, owner), name, inherited=inherited)
        if number is not None:
            return RESOLVED, number
        is_strange = inherited or self._project.classes.has_strange_base((self._path, owner))
        return _OUTSIDE if is_strange else self._guess(name)

    def _fixture(self, name: str) -> Called:
        number = self._here.get(name)
        folder = self._path
        while number is None and folder:
            folder = folder.rpartition("/")[0]
            number = self._project.numbers.get(f"{folder}/conftest.py" if folder else "conftest.py", {}).get(name)
        return (RESOLVED, number) if number is not None else _UNKNOWN

    def _global(self, head: str, call: str) -> Called:
        """What a name of the module means, or one behind it."""
        number = self._here.get(call)
        if number is not None:
            return RESOLVED, number
        modules, bound = self._project.modules, self._bound
        if head not in bound and head not in self._own and "*" not in bound:
            return _OUTSIDE if head in _BUILT_IN else self._guess(call.rpartition(".")[2]) if head != call else _UNKNOWN
        whole, last = call.rpartition(".")[0], call.rpartition(".")[2]
        while whole != head and whole not in bound:
            whole = whole.rpartition(".")[0]
            if not whole:
                break
        origin = modules.origin(self._path, whole or head)
        if origin is None:
            return _OUTSIDE if head in bound or head in _BUILT_IN else self._guess(last) if whole else _UNKNOWN
        for word in call[len(whole) + 1 :].split(".") if whole else ():
            origin = self._project.classes.member(origin, word)
            if origin is None:
                return self._guess(last)
        return self._project.function(origin)


def _around(name: str) -> Iterator[str]:
    """A dotted name and all it is in, from the inside out."""
    while name:
        yield name
        name = name.rpartition(".")[0]
