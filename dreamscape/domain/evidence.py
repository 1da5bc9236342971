"""What a project's past says about a ranking: how well it would have found the fixes that followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marks:
    """How well an order of files finds later fixes, each 0 to 1, better when higher.

    ``r20f`` is the share of the fixes found in the first fifth of the files, ``r20l`` in the first fifth of the lines;
    ``popt`` (Kamei 2013) compares the whole curve of fixes over lines with the best and the worst; ``auc`` is how often
    a file that was fixed stands before one that was not.
    """

    r20f: float
    r20l: float
    popt: float
    auc: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of a paired difference, and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cutoff:
    """One past commit that was ranked; ``fixes`` are touches of its ``fixed`` files by fixes in the window.

    ``left_out`` counts files that could not be read; ``marks`` are those of each order, by its name.
    """

    date: str
    commit: str
    files: int
    lines: int
    fixes: int
    fixed: int
    left_out: int
    weights: str
    marks: Mapping[str, Marks]


@dataclass(frozen=True, slots=True)
class Window:
    """All cut-offs with the same window after them; ``marks`` and ``against_lines`` (by order, then by mark) are means
    over these. ``quiet`` cut-offs had no fix in their window and are left out."""

    months: int
    cutoffs: tuple[Cutoff, ...]
    quiet: int
    marks: Mapping[str, Marks]
    against_lines: Mapping[str, Mapping[str, Difference]]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What replaying a project's history found; ``notes`` are for the reader."""

    project: str
    head: str
    windows: tuple[Window, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from a project's past: weights by signal beside the prior's, and where from."""

    project: str
    origin: str
    cutoffs: int
    weights: Mapping[str, float]
    prior: Mapping[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignalWords:
    """One signal of a file: its value, in words; ``weight`` is an exponent; ``factor`` is what it multiplies the rate
    of fixes by, against the project's typical file; ``percentile`` of files have less. None: the signal is absent."""

    name: str
    words: str
    value: float | None
    weight: float
    factor: float | None
    percentile: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands in the import graph: how many modules it imports and is imported by, directly, and how many
    would break with it, directly or not.

    ``centrality`` is its PageRank, 0 to 1; ``betweenness`` the share of the shortest ways between other modules that
    lead through it, 0 to 1. ``layer`` 0 imports nothing of the project, the highest is ``layers`` - 1; ``circle`` are
    the other modules of its import circle.
    """

    imports: int
    imported_by: int
    importers: int
    centrality: float
    betweenness: float
    layer: int
    layers: int
    circle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exercise:
    """A file on the other side of some tests: with how many of its functions it takes part, and whether that rests on
    guessed calls alone."""

    path: str
    functions: int
    is_guess: bool


@dataclass(frozen=True, slots=True)
class FunctionCoverage:
    """The share of a function's statements that tests ran, 0 to 1; None where it has none beside its head."""

    name: str
    line: int
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one file stands where it stands; ``expected_fixes`` in half a year, ``weights`` tells their origin.

    ``tested`` counts its functions that some test reaches, ``tested_by`` names the files of these tests, ``exercises``
    the files that a test file reaches; all by calls that can be followed without running anything. ``covered`` tells
    what a measured run did to each function; None where no measurement tells of the file.
    """

    path: str
    rank: int
    files: int
    impact: float
    risk: float
    reach: float
    effort: float
    expected_fixes: float
    weights: str
    signals: tuple[SignalWords, ...]
    sentences: tuple[str, ...]
    place: Place
    functions: int
    tested: int
    tested_by: tuple[Exercise, ...]
    exercises: tuple[Exercise, ...]
    covered: tuple[FunctionCoverage, ...] | None
    notes: tuple[str, ...]
