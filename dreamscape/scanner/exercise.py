"""Which tests exercise which files, as far as calls can be followed without running anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Set

from dreamscape.domain.evidence import Exercise
from dreamscape.scanner.calls import CallGraph
from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.impact import is_test

Edges = Mapping[int, Set[int]]


class Exercises:
    """Tests and product functions of one project, joined by its calls; ``files`` are those of the graph."""

    def __init__(self, files: Mapping[str, FileFacts], calls: CallGraph) -> None:
        self._calls = calls
        self._places = [(path, function.name) for path, facts in files.items() for function in facts.functions]

    def of_test(self, path: str) -> tuple[Exercise, ...]:
        """The product's files into which the functions of a test file call, directly or not: how many functions."""
        return self._joined(self._in(path), _same, lambda number: not is_test(self._places[number][0]))

    def of_product(self, path: str) -> tuple[Exercise, ...]:
        """The test files that call into a file, directly or not: how many tests."""
        return self._joined(self._in(path), _turned, self._is_a_test)

    def tested(self, path: str) -> int:
        """How many functions of a file some test reaches."""
        tests = filter(self._is_a_test, range(len(self._places)))
        return len(_reached(tests, self._calls.edges) & set(self._in(path)))

    def _in(self, path: str) -> list[int]:
        return [number for number, place in enumerate(self._places) if place[0] == path]

    def _is_a_test(self, number: int) -> bool:
        path, name = self._places[number]
        return is_test(path) and name.rpartition(".")[2].startswith("test")

    def _joined(
        self, starts: list[int], way: Callable[[Edges], Edges], counts: Callable[[int], bool]
    ) -> tuple[Exercise, ...]:
        """Files by how many of their functions a walk from these starts meets, the most first."""
        sure = {self._places[number][0] for number in _reached(starts, way(self._calls.resolved)) if counts(number)}
        met = filter(counts, _reached(starts, way(self._calls.edges)))
        found = Counter(self._places[number][0] for number in met)
        rows = (Exercise(path, number, path not in sure) for path, number in found.items())
        return tuple(sorted(rows, key=lambda row: (-row.functions, row.path)))


def _reached(starts: Iterable[int], edges: Edges) -> set[int]:
    """The starts, and all they lead to."""
    pending = list(starts)
    seen = set(pending)
    while pending:
        new = edges.get(pending.pop(), frozenset()) - seen
        seen |= new
        pending.extend(new)
    return seen


def _same(edges: Edges) -> Edges:
    return edges


def _turned(edges: Edges) -> Edges:
    """The same edges, backwards."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for source, targets in edges.items():
        for target in targets:
            found[target].add(source)
    return found
