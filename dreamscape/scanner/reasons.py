"""Says in words and numbers why a file stands where it stands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.impact import Measures, Scores, is_test

ENOUGH_FILES = 20
"""Below this many files a percentage of files says nothing (chosen)."""
SHOWN_ABOVE = 0.02
"""A signal that adds less than this to the impact is no reason (chosen)."""


class Reasons:
    """Words for the files of one scan, which must all be known to say where one stands among them."""

    def __init__(self, files: Iterable[Measures], churn_months: int) -> None:
        self._sorted: dict[str, list[int]] = {}
        self._months = churn_months
        for file in files:
            for name, value in file.signals.items():
                if value is not None:
                    self._sorted.setdefault(name, []).append(value)
        for values in self._sorted.values():
            values.sort()

    def why(self, file: Measures, scores: Scores, facts: FileFacts) -> tuple[str, ...]:
        """The reasons for a file's impact, the one that adds most first."""
        shares = sorted(scores.shares.items(), key=lambda share: (-share[1], share[0]))
        words = [self._words(name, file, facts) for name, share in shares if share >= SHOWN_ABOVE]
        if file.runtime:
            words.append(f"runs {file.runtime:.3g} s")
        if is_test(file.path):
            words.append("a test: counts half")
        return tuple(word for word in words if word)

    def _words(self, name: str, file: Measures, facts: FileFacts) -> str:
        match name:
            case "size":
                return f"{_many(file.sloc, 'line')} of code{self._standing(name, file.sloc)}"
            case "churn":
                window = "12 months" if self._months == 12 else _many(self._months, "month")
                return f"{_many(file.churn or 0, 'commit')} in {window}{self._standing(name, file.churn or 0)}"
            case "complexity":
                return _complexity(file, facts)
            case "failures":
                return _many(file.failures or 0, "past failure")
            case _ if file.importers:
                return f"imported by {_many(file.importers, 'module')}, directly or not"
        return ""

    def _standing(self, name: str, value: int) -> str:
        values = self._sorted[name]
        percent = 100 * bisect_left(values, value) // len(values)
        return f", more than {percent} % of files" if len(values) >= ENOUGH_FILES and percent >= 50 else ""


def _complexity(file: Measures, facts: FileFacts) -> str:
    if not facts.functions:
        return ""
    hardest = max(facts.functions, key=lambda function: function.complexity)
    return f"complexity {file.complexity:,}, hardest function {hardest.name}() {hardest.complexity}"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
