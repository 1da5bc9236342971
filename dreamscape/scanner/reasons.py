"""Says in words and numbers why a file stands where it stands."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from math import exp, fsum, log1p
from typing import TYPE_CHECKING

from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.history import LATELY_MONTHS, TOGETHER_MONTHS, YEARS
from dreamscape.scanner.impact import Measures, is_test
from dreamscape.scanner.weights import Weights

if TYPE_CHECKING:
    from dreamscape.domain.evidence import SignalWords

ENOUGH_FILES = 20
"""Below this many files a percentage of files says nothing (chosen)."""
SHOWN_ABOVE = 1.05
"""What does not raise the expected fixes by a twentieth over the project's typical file is no reason (chosen)."""
REASONS = 4
"""Signals told of a file at most (chosen); `scan --explain` tells all."""
REACH_SHOWN = 0.1


class Reasons:
    """Words for the files of one scan, which must all be known to say where one stands among them."""

    def __init__(self, files: Sequence[Measures], weights: Weights, churn_months: int) -> None:
        self._weights = weights
        self._months = churn_months
        self._sorted = defaultdict[str, list[float]](list)
        for file in files:
            for name, value in (file.signals | file.told).items():
                self._sorted[name].append(value)
        for values in self._sorted.values():
            values.sort()
        self._typical = {name: fsum(map(log1p, values)) / len(values) for name, values in self._sorted.items()}

    def why(self, file: Measures, reach: float, facts: FileFacts, circle: int) -> tuple[str, ...]:
        """The reasons for a file's impact, the one that raises it most first; then what reach and place say. ``circle``
        is the number of modules in its import circle, 0 for none."""
        factors = {name: self._factor(name, value) for name, value in file.signals.items()}
        strongest = sorted(factors, key=lambda name: (-factors[name], name))
        told = [name for name in strongest if factors[name] >= SHOWN_ABOVE][:REASONS]
        words = [self._reason(name, file, facts) for name in told]
        if reach >= REACH_SHOWN and file.importers:
            words.append(f"imported by {_many(file.importers, 'module')}, directly or not")
        if circle:
            words.append(f"in an import circle of {circle:,} modules")
        if file.runtime:
            words.append(self.words("runtime", file, facts))
        if file.coverage is not None and not is_test(file.path):
            words.append(self.words("coverage", file, facts))
        if is_test(file.path):
            words.append("a test: counts half")
        return tuple(word for word in words if word)

    def signals(self, file: Measures, facts: FileFacts) -> tuple[SignalWords, ...]:
        """Every signal there is, with its weight and what it does to this file; absent ones too."""
        from dreamscape.domain.evidence import SignalWords

        known = file.signals | file.told
        return tuple(
            SignalWords(
                name=name,
                words=self.words(name, file, facts) if name in known else "unknown",
                value=known.get(name),
                weight=self._weights.of.get(name, 0.0),
                factor=round(self._factor(name, known[name]), 3) if name in known else None,
                percentile=self.percentile(name, known[name]) if name in known else None,
            )
            for name in NAMES
        )

    def percentile(self, name: str, value: float) -> int:
        """Percent of files with less of a signal."""
        values = self._sorted[name]
        return 100 * bisect_left(values, value) // len(values)

    def _factor(self, name: str, value: float) -> float:
        """What a signal multiplies the rate of fixes by, against the project's typical file."""
        return exp(self._weights.of.get(name, 0.0) * (log1p(value) - self._typical[name]))

    def _reason(self, name: str, file: Measures, facts: FileFacts) -> str:
        words = self.words(name, file, facts)
        percent = self.percentile(name, file.signals[name])
        is_rank = words and name not in ("age", "neighbours", "lately") and len(self._sorted[name]) >= ENOUGH_FILES
        return f"{words}, more than {percent} % of files" if is_rank and percent >= 50 else words

    def words(self, name: str, file: Measures, facts: FileFacts) -> str:
        """A signal's value in words; "" where there is nothing to tell."""
        past = file.past
        match name:
            case "size":
                return f"{_many(file.sloc, 'line')} of code"
            case "complexity":
                return _complexity(file, facts)
            case "failures":
                repaired = f", {file.repairs:,} repaired" if file.repairs else ""
                return _many(file.failures or 0, "past failure") + repaired
            case "runtime":
                return f"runs {file.runtime or 0:.3g} s"
            case "coverage":
                return f"tests ran {100 * (file.coverage or 0):.0f} % of its statements"
            case "test_seconds":
                return f"its tests took {file.test_seconds or 0:.3g} s"
        if past is None:
            return ""
        match name:
            case "churn":
                window = "12 months" if self._months == 12 else _many(self._months, "month")
                return f"{_many(past.commits, 'commit')} in {window}"
            case "lately":
                return f"changed lately ({past.lately:.1f} commits, one of {LATELY_MONTHS} months ago counted half)"
            case "fixes":
                return f"{_many(past.fixed, 'fix', 'fixes')} in {YEARS} years"
            case "authors":
                return f"{_many(past.authors, 'author')} in {TOGETHER_MONTHS} months"
            case "age":
                return _age(past.age)
            case _:
                return f"changes together with files that needed fixes ({past.neighbours:.1f} on average)"


NAMES = (
    *("size", "complexity", "lately", "churn", "fixes", "authors", "age", "neighbours", "failures"),
    *("coverage", "test_seconds", "runtime"),
)
"""The last three weigh nothing."""


def _complexity(file: Measures, facts: FileFacts) -> str:
    if not facts.functions:
        return ""
    from radon.complexity import cc_rank

    hardest = max(facts.functions, key=lambda function: function.complexity)
    points = f"{hardest.complexity} ({cc_rank(hardest.complexity)})"
    return f"complexity {file.complexity:,}, hardest function {hardest.name}() {points}"


def _age(months: float) -> str:
    """Known only as far back as a scan looks."""
    if months >= 12 * YEARS - 2:
        return f"known for {YEARS} years or more"
    return "new" if months < 1 else f"known for {_many(round(months), 'month')}"


def _many(count: int, thing: str, things: str = "") -> str:
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"
