"""Coverage of failing and passing tests goes in, suspicious lines come out (spectrum-based fault localization)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from math import sqrt

from dreamscape.domain.failures import Failure
from dreamscape.domain.repair import Suspect
from dreamscape.domain.runs import Coverage

Line = tuple[str, int]

TRACEBACK_BONUS = 0.5
"""What the deepest project frame adds to its line; each frame further out adds half of the one before (chosen)."""

MOST_SUSPECTS = 400


def suspects(
    failures: Collection[Failure],
    passing: Iterable[str],
    coverage: Coverage,
    *,
    editable: Callable[[str], bool],
    function_at: Callable[[str, int], str],
) -> tuple[Suspect, ...]:
    """The lines most likely to hold the fault, most suspicious first, at most 400, 0 to 1 with the first at 1.

    ``editable`` says whether a file may be changed at all, ``function_at`` names the function around a line.
    Source of the score: Ochiai's coefficient as in Abreu, Zoeteweij and van Gemund 2006; the traceback's frames add
    to it, since a line that raised is rarely far from the fault.
    """
    scores = ochiai([f.test for f in failures], passing, coverage)
    for line, bonus in _traceback_bonus(failures).items():
        scores[line] = scores.get(line, 0.0) + bonus
    kept = {line: score for line, score in scores.items() if editable(line[0])}
    top = max(kept.values(), default=1.0) or 1.0
    ranked = sorted(kept.items(), key=lambda entry: (-entry[1], entry[0]))[:MOST_SUSPECTS]
    return tuple(Suspect(path, line, function_at(path, line), score / top) for (path, line), score in ranked)


def ochiai(failing: Collection[str], passing: Iterable[str], coverage: Coverage) -> dict[Line, float]:
    """Ochiai's coefficient, failed(line) / sqrt(all failed x (failed(line) + passed(line))), for lines that failed.

    Lines that ran at import alone belong to every test alike; they score by the share of failing tests.
    """
    failed = _times_run(failing, coverage)
    passed = _times_run(passing, coverage)
    total = len(failing)
    scores = {line: n / sqrt(total * (n + passed[line])) for line, n in failed.items()}
    if not scores:
        scores = dict.fromkeys(_lines(coverage.get("", {})), 0.1)
    return scores


def touching_tests(lines: Collection[Line], tests: Iterable[str], coverage: Coverage) -> tuple[str, ...]:
    """Those of the tests that run at least one of these lines."""
    wanted: dict[str, set[int]] = {}
    for path, line in lines:
        wanted.setdefault(path, set()).add(line)
    return tuple(
        test
        for test in tests
        if any(not wanted[path].isdisjoint(ran) for path, ran in coverage.get(test, {}).items() if path in wanted)
    )


def _times_run(tests: Iterable[str], coverage: Coverage) -> Counter[Line]:
    return Counter(line for test in tests for line in _lines(coverage.get(test, {})))


def _lines(files: Mapping[str, frozenset[int]]) -> Iterable[Line]:
    return ((path, line) for path, lines in files.items() for line in lines)


def _traceback_bonus(failures: Collection[Failure]) -> dict[Line, float]:
    bonuses: dict[Line, float] = {}
    for failure in failures:
        bonus = TRACEBACK_BONUS / len(failures)
        for frame in reversed(failure.frames):
            if frame.in_project:
                bonuses[frame.path, frame.line] = bonuses.get((frame.path, frame.line), 0.0) + bonus
                bonus /= 2
    return bonuses
