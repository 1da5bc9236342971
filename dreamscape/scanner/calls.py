"""Resolves calls between functions of a project by their names, without running anything: the call graph.

First form, and a guess where Python is dynamic: a plain name means the function of that name in the same file, else
one imported by that name; ``self.name`` a method beside the caller; ``module.name`` a function of an imported file;
any other attribute the one method of that name in the project, where there is only one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.imports import Graph


def call_graph(files: Mapping[str, FileFacts], imports: Graph) -> dict[int, frozenset[int]]:
    """Which function calls which; functions are numbered through all files in the order given."""
    names = _Names(files)
    graph: dict[int, frozenset[int]] = {}
    for path, facts in files.items():
        for caller in facts.functions:
            number = len(graph)
            found = (names.called(path, caller, call, imports.get(path, frozenset())) for call in caller.calls)
            graph[number] = frozenset(target for target in found if target is not None and target != number)
    return graph


class _Names:
    """Where each name of a function leads."""

    def __init__(self, files: Mapping[str, FileFacts]) -> None:
        self._in_file: dict[str, dict[str, int]] = {}
        self._methods: defaultdict[str, list[int]] = defaultdict(list)
        for number, (path, function) in enumerate(_functions(files)):
            self._in_file.setdefault(path, {})[function.name] = number
            if "." in function.name:
                self._methods[function.name.rpartition(".")[2]].append(number)

    def called(self, path: str, caller: FunctionFacts, call: str, imported: frozenset[str]) -> int | None:
        base, dot, name = call.rpartition(".")
        here = self._in_file[path]
        if not dot:
            return here.get(f"{caller.name}.{name}", here.get(name, self._imported(name, imported)))
        if base in ("self", "cls"):
            beside = here.get(f"{caller.name.rpartition('.')[0]}.{name}")
            return beside if beside is not None else self._only_method(name)
        by_module = self._imported(name, frozenset(file for file in imported if _module_name(file) == base))
        return by_module if by_module is not None else here.get(call, self._only_method(name))

    def _imported(self, name: str, files: frozenset[str]) -> int | None:
        found = [self._in_file[file][name] for file in files if name in self._in_file.get(file, ())]
        return found[0] if len(found) == 1 else None

    def _only_method(self, name: str) -> int | None:
        found = self._methods.get(name, ())
        return found[0] if len(found) == 1 else None


def _functions(files: Mapping[str, FileFacts]) -> Iterator[tuple[str, FunctionFacts]]:
    for path, facts in files.items():
        for function in facts.functions:
            yield path, function


def _module_name(path: str) -> str:
    """The last word of a module's name."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
