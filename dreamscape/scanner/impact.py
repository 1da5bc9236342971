"""From measures to scores: risk, reach, effort and impact of files and functions, each 0 to 1.

Three things are kept apart. **Risk** is how likely a defect is, **reach** what breaks with it, **effort** how much
there is to read. Impact orders the table: risk, raised by up to a quarter through reach.

The prior behind the weights was measured on five projects with long histories (scrapy, pytest, celery, aider,
sqlalchemy): of the later bug-fix touches, the top 20 % of files held 60 % when ranked by lines of code, 59 % by commits
of a year, 56 % by the sum of complexity, 61 % by averages of these, but 34 % by PageRank and 17 % by transitive
importers (20 % by chance); multiplying centrality into risk made every ranking worse. So risk is led by size and churn,
and reach only tempers it: it tells what a defect costs, not where one is.

Each measure is put on a scale by ``log(1 + value) / log(1 + scale)``, where the scale is the project's largest value,
but never below a floor: in a project of three small files nothing is alarming just for being the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log1p

RISK_WEIGHTS = {"size": 0.4, "churn": 0.4, "complexity": 0.2, "failures": 0.3}
"""Of those known; they are scaled to sum to 1. Past failures have no measured prior; the weight is chosen."""
FLOORS = {"size": 300.0, "churn": 12.0, "complexity": 50.0, "failures": 3.0}
"""Scales of small projects (chosen): lines of code, commits in the window, summed complexity, failures."""
FUNCTION_FLOORS = {"complexity": 15.0, "size": 60.0}
TEST_WEIGHT = 0.5
"""A fault in a test breaks no user (chosen): enough to put tests behind product code of the same size and churn."""

_TEST = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest)\.pyw?$")


@dataclass(frozen=True, slots=True)
class Measures:
    """What scoring needs to know of one file; ``importers`` are transitive. None where a signal is not there."""

    path: str
    sloc: int
    complexity: int
    max_complexity: int
    centrality: float
    importers: int
    churn: int | None = None
    failures: int | None = None
    runtime: float | None = None

    @property
    def signals(self) -> dict[str, int | None]:
        """The measures risk is made of, by the names of their weights."""
        return {"size": self.sloc, "churn": self.churn, "complexity": self.complexity, "failures": self.failures}


@dataclass(frozen=True, slots=True)
class Scores:
    """A file's scores, and ``shares``: how much each signal adds to its impact."""

    impact: float
    risk: float
    reach: float
    effort: float
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scales:
    """The value of each measure that counts as 1 in this project; ``modules`` is how many files it has."""

    of: Mapping[str, float]
    modules: int

    @classmethod
    def fitting(cls, files: Iterable[Measures]) -> Scales:
        """The largest values, but no less than the floors."""
        files = list(files)
        largest = {
            name: max([floor, *(value for file in files if (value := file.signals[name]) is not None)])
            for name, floor in FLOORS.items()
        }
        return cls(largest, len(files))

    def place(self, name: str, value: float) -> float:
        """Where a value stands between nothing (0) and this project's scale (1)."""
        return _placed(value, self.of[name])


def score(file: Measures, scales: Scales) -> Scores:
    """A file's scores by the prior."""
    known = {name: value for name, value in file.signals.items() if value is not None}
    total = sum(RISK_WEIGHTS[name] for name in known)
    parts = {name: RISK_WEIGHTS[name] / total * scales.place(name, value) for name, value in known.items()}
    risk = sum(parts.values())
    reach = (file.centrality**0.5 + _placed(file.importers, max(scales.modules - 1, 1))) / 2
    # Small projects: being imported by the only other file is not yet reach.
    reach *= _placed(scales.modules, max(scales.modules, 10))
    weight = TEST_WEIGHT if is_test(file.path) else 1.0
    impact = weight * risk * (0.8 + 0.2 * reach)
    shares = {name: weight * 0.8 * part for name, part in parts.items()} | {"reach": weight * 0.2 * reach * risk}
    return Scores(impact, risk, reach, scales.place("size", file.sloc), shares)


def function_impact(file_impact: float, complexity: int, lines: int, centrality: float, largest: int) -> float:
    """A function's impact on its file's scale: half the file's, rising to all of it for one that is as complex as
    the project's most complex (``largest``), long, and called from everywhere. Weights are chosen."""
    difficulty = _placed(complexity - 1, max(largest - 1, FUNCTION_FLOORS["complexity"]))
    length = min(_placed(lines, FUNCTION_FLOORS["size"]), 1.0)
    return file_impact * (0.5 + 0.3 * difficulty + 0.1 * length + 0.1 * centrality)


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests by its name or place, as pytest and unittest look for them."""
    return _TEST.search(path) is not None


def _placed(value: float, scale: float) -> float:
    return log1p(value) / log1p(scale)
