"""Resolves calls between functions of a project by their names, without running anything: the call graph.

First form, and a guess where Python is dynamic: a plain name means an inner function, else the function of that name in
the same file, else one imported by that name; ``self.name`` a method beside the caller; ``module.name`` a function of
an imported file; any other attribute the one method of that name in the project, where there is only
one and no built-in type has it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.imports import Graph

_BUILT_IN = frozenset(
    name for kind in (str, bytes, bytearray, list, dict, set, tuple, int, float) for name in dir(kind)
)
"""Methods that are most likely not the project's own, whatever it has by that name."""


def call_graph(files: Mapping[str, FileFacts], imports: Graph) -> dict[int, frozenset[int]]:
    """Which function calls which; functions are numbered through all files in the order given."""
    in_file = _numbered(files)
    methods = _only_methods(in_file)
    graph: dict[int, frozenset[int]] = {}
    for path, facts in files.items():
        scope = _Scope(in_file[path], {_module_name(file): in_file[file] for file in sorted(imports[path])}, methods)
        for caller in facts.functions:
            number = len(graph)
            targets = {scope.called(caller, call) for call in caller.calls}
            graph[number] = frozenset(target for target in targets if target is not None and target != number)
    return graph


def _numbered(files: Mapping[str, FileFacts]) -> dict[str, dict[str, int]]:
    """Path -> name -> number; of several functions with one name the last counts, as it does in Python."""
    numbers: dict[str, dict[str, int]] = {}
    count = 0
    for path, facts in files.items():
        numbers[path] = {function.name: count + at for at, function in enumerate(facts.functions)}
        count += len(facts.functions)
    return numbers


def _only_methods(in_file: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Names that only one method (or inner function) of the project bears."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for numbers in in_file.values():
        for name, number in numbers.items():
            owner, _, last = name.rpartition(".")
            if owner:
                found[last].append(number)
    return {name: numbers[0] for name, numbers in found.items() if len(numbers) == 1 and name not in _BUILT_IN}


class _Scope:
    """What names mean in one file: its own functions, those of the modules it imports, methods anywhere."""

    def __init__(
        self, here: Mapping[str, int], modules: Mapping[str, Mapping[str, int]], methods: Mapping[str, int]
    ) -> None:
        self._here = here
        self._modules = modules
        self._methods = methods
        self._imported = {name: number for numbers in modules.values() for name, number in numbers.items()}

    def called(self, caller: FunctionFacts, call: str) -> int | None:
        base, dot, name = call.rpartition(".")
        if not dot:
            return self._here.get(f"{caller.name}.{name}", self._here.get(name, self._imported.get(name)))
        if base in ("self", "cls"):
            owner = caller.name.rpartition(".")[0]
            return self._here.get(f"{owner}.{name}", self._methods.get(name))
        if base in self._modules:
            return self._modules[base].get(name)
        return self._here.get(call, self._methods.get(name))


def _module_name(path: str) -> str:
    """The last word of a module's name."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
