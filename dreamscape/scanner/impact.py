"""From measures to scores: risk, reach, effort and impact of files and functions, each 0 to 1.

Three things are kept apart. **Risk** is how likely a file is to need a fix within half a year, **reach** what breaks
with it, **effort** how much there is to read. Impact combines them into the order in which to look:

- danger is risk, raised by up to a quarter through reach; a test counts half, since a fault in it breaks no user;
- the fifth of the product's files with the most danger comes first;
- in it, and behind it, files go by danger over the square root of their lines: reading what is short first finds more
  for the same effort, and loses nothing within a fifth that is looked through anyway.

Reach only tempers: centrality tells what a defect costs, not where one is (of the fixes to come, the top fifth of files
by PageRank held 34 %, by line count 60 %). How well all this does on a project, `scan --backtest` measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from math import exp, floor, log1p, sqrt

from dreamscape.scanner.history import FilePast
from dreamscape.scanner.weights import Weights, rate

FRONT = 0.2
"""The share of the product's files that comes first (Ostrand, Weyuker, Bell 2005 judge by the same share)."""
OPENING_LINES = 20
"""What opening a file costs whatever its length, in lines (chosen): else empty files would always be cheapest."""
LARGE_FILE = 300
"""Lines (chosen): a project whose longest file is shorter has none that is long."""
FUNCTION_FLOORS = {"complexity": 15.0, "size": 60.0}
TEST_WEIGHT = 0.5

_TEST = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest)\.pyw?$")


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of one file; ``importers`` are transitive. None where a signal is not there.

    ``repairs`` are told beside ``failures``, which count them; the last three are told and weigh nothing.
    """

    path: str
    sloc: int
    complexity: int
    max_complexity: int
    centrality: float
    importers: int
    past: FilePast | None = None
    failures: int | None = None
    repairs: int | None = None
    runtime: float | None = None
    coverage: float | None = None
    test_seconds: float | None = None

    @property
    def told(self) -> dict[str, float]:
        """The measures that weigh nothing; those that are not there are left out."""
        names = ("coverage", "test_seconds", "runtime")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def signals(self) -> dict[str, float]:
        """The measures risk is made of, by the names of their weights; those that are not there are left out."""
        found: dict[str, float] = {"size": self.sloc, "complexity": self.complexity}
        if self.past is not None:
            names = ("lately", "churn", "fixes", "authors", "age", "neighbours")
            found |= {name: getattr(self.past, name) for name in names}
        return found if self.failures is None else {**found, "failures": self.failures}


@dataclass(frozen=True, slots=True)
class Scores:
    """A file's scores; ``rate`` is the number of fixes to expect in half a year."""

    impact: float
    risk: float
    reach: float
    effort: float
    rate: float


def score(files: Sequence[Measures], weights: Weights) -> dict[str, Scores]:
    """The scores of a project's files, by path."""
    rates = {file.path: rate(weights, file.signals) for file in files}
    risks = {path: 1 - exp(-fixes) for path, fixes in rates.items()}
    reaches = {file.path: _reach(file, len(files)) for file in files}
    longest = max((file.sloc for file in files), default=0)
    impacts = _impacts(files, risks, reaches)
    return {
        file.path: Scores(
            impact=impacts[file.path],
            risk=risks[file.path],
            reach=reaches[file.path],
            effort=_placed(file.sloc, max(longest, LARGE_FILE)),
            rate=rates[file.path],
        )
        for file in files
    }


def _reach(file: Measures, modules: int) -> float:
    reach = (sqrt(file.centrality) + _placed(file.importers, max(modules - 1, 1))) / 2
    # Small projects: being imported by the only other file is not yet reach.
    return reach * _placed(modules, max(modules, 10))


def _impacts(files: Sequence[Measures], risks: Mapping[str, float], reaches: Mapping[str, float]) -> dict[str, float]:
    danger = {file.path: _weight(file.path) * risks[file.path] * (0.8 + 0.2 * reaches[file.path]) for file in files}
    value = {file.path: danger[file.path] / sqrt(file.sloc + OPENING_LINES) for file in files}
    front = _front(files, danger)
    behind = danger.keys() - front
    return _first(front, value, danger) | _behind(behind, value, danger)


def _front(files: Iterable[Measures], danger: Mapping[str, float]) -> set[str]:
    product = sorted((file.path for file in files if not is_test(file.path)), key=lambda path: (-danger[path], path))
    return set(product[: max(1, floor(FRONT * len(product)))])


def _first(paths: Set[str], value: Mapping[str, float], danger: Mapping[str, float]) -> dict[str, float]:
    """The dangers of these files, from the least to the greatest, gone through by value."""
    if not paths:
        return {}
    least, most = min(danger[path] for path in paths), max(danger[path] for path in paths)
    low, high = min(value[path] for path in paths), max(value[path] for path in paths)
    step = (most - least) / (high - low) if high > low else 0.0
    return {path: most - step * (high - value[path]) for path in paths}


def _behind(paths: Set[str], value: Mapping[str, float], danger: Mapping[str, float]) -> dict[str, float]:
    """Values brought to the scale of these files' dangers."""
    most = max((danger[path] for path in paths), default=0.0)
    high = max((value[path] for path in paths), default=0.0)
    return {path: most * value[path] / high if high else 0.0 for path in paths}


def by_effort(files: Iterable[Measures], scores: Mapping[str, Scores]) -> dict[str, float]:
    """Fixes to expect per line to read, opening the file included: the order for whoever counts lines."""
    return {file.path: _weight(file.path) * scores[file.path].rate / (file.sloc + OPENING_LINES) for file in files}


def _weight(path: str) -> float:
    return TEST_WEIGHT if is_test(path) else 1.0


def function_impact(file_impact: float, complexity: int, lines: int, centrality: float, largest: int) -> float:
    """A function's impact on its file's scale: half the file's, rising to all of it for one that is as complex as
    the project's most complex (``largest``), long, and called from everywhere. Weights are chosen."""
    difficulty = _placed(complexity - 1, max(largest - 1, FUNCTION_FLOORS["complexity"]))
    length = min(_placed(lines, FUNCTION_FLOORS["size"]), 1.0)
    return file_impact * (0.5 + 0.3 * difficulty + 0.1 * length + 0.1 * centrality)


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests by its name or place, as pytest and unittest look for them."""
    return _TEST.search(path) is not None


@lru_cache(maxsize=4096)  # counts of lines and branches: the same few thousand over and over
def _placed(value: float, scale: float) -> float:
    return log1p(value) / log1p(scale)
