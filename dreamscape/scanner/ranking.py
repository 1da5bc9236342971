"""Compares the files of a project with each other: graphs, scores, reasons and ranks. Pure: the same facts and signals
give the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dreamscape.domain.rows import FileRow, FunctionRow
from dreamscape.domain.scan import GraphSize, Order
from dreamscape.scanner.calls import CallGraph, call_graph
from dreamscape.scanner.centrality import centrality, importers
from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.history import NO_PAST, FilePast
from dreamscape.scanner.impact import Measures, Scores, by_effort, function_impact, is_test, score
from dreamscape.scanner.imports import Modules, at_import, at_run_time
from dreamscape.scanner.reasons import Reasons
from dreamscape.scanner.structure import betweenness, circles, layers
from dreamscape.scanner.walk import shown
from dreamscape.scanner.weights import PRIOR, PRIOR_WITHOUT_HISTORY, Weights

if TYPE_CHECKING:
    from dreamscape.domain.evidence import Explanation, FunctionCoverage, Place

DIGITS = 4
"""Scores are rounded: sums of floats may differ in their last digits from machine to machine."""
Split = tuple[frozenset[int], frozenset[int]]
"""First lines of a file's statements: those that tests ran, and the others."""
SAME = 9
"""Digits up to which two values are told apart when ranking."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of files besides their contents, by path; None where a signal is not there at all."""

    past: Mapping[str, FilePast] | None = None
    failures: Mapping[str, int] | None = None
    runtime: Mapping[str, float] | None = None
    churn_months: int = 12
    weights: Weights = PRIOR
    repairs: Mapping[str, int] | None = None
    coverage: Mapping[str, float] | None = None
    test_seconds: Mapping[str, float] | None = None

    @property
    def fitting_weights(self) -> Weights:
        """Without history, size stands for churn as well; weights that were learned beside it would say too little."""
        return self.weights if self.past is not None else PRIOR_WITHOUT_HISTORY


@dataclass(frozen=True, slots=True)
class Ranking:
    """All rows, rank 1 first."""

    files: tuple[FileRow, ...]
    graph: GraphSize


def rank(files: Mapping[str, FileFacts], signals: Signals, order: Order = Order.IMPACT) -> Ranking:
    """Ranks files, ties by path; paths as on disk go in, printable ones come out."""
    compared = _compared(files, signals)
    calls = call_graph(files, compared.modules)
    functions = _function_rows(files, compared.scores, calls)
    rows = tuple(
        _row(
            at,
            compared.measures[path],
            compared.scores[path],
            files[path],
            compared.why(path),
            functions[path],
        )
        for at, path in enumerate(compared.ranked(order), 1)
    )
    return Ranking(rows, compared.graph_size(calls))


def explain(
    files: Mapping[str, FileFacts], signals: Signals, path: str, notes: tuple[str, ...], lines: Split | None = None
) -> Explanation:
    """Every signal of one file, its weight and standing, and what became of them; the path is one of ``files``, and
    ``lines`` are those of its statements that tests ran and did not, where that is known."""
    from dreamscape.domain.evidence import Explanation
    from dreamscape.scanner.exercise import Exercises

    compared = _compared(files, signals)
    file, scores, facts = compared.measures[path], compared.scores[path], files[path]
    exercises = Exercises(files, call_graph(files, compared.modules))
    return Explanation(
        path=shown(path),
        rank=compared.ranked(Order.IMPACT).index(path) + 1,
        files=len(files),
        impact=round(scores.impact, DIGITS),
        risk=round(scores.risk, DIGITS),
        reach=round(scores.reach, DIGITS),
        effort=round(scores.effort, DIGITS),
        expected_fixes=round(scores.rate, DIGITS),
        weights=signals.fitting_weights.origin,
        signals=compared.reasons.signals(file, facts),
        sentences=compared.why(path),
        place=compared.place(path),
        functions=len(facts.functions),
        tested=exercises.tested(path),
        tested_by=() if is_test(path) else exercises.of_product(path),
        exercises=exercises.of_test(path) if is_test(path) else (),
        covered=None if lines is None else tuple(_covered(function, *lines) for function in facts.functions),
        notes=notes,
    )


def _covered(function: FunctionFacts, ran: frozenset[int], missed: frozenset[int]) -> FunctionCoverage:
    """Its head runs with the module: only what lies below counts."""
    from dreamscape.domain.evidence import FunctionCoverage

    inside = frozenset(range(function.line + 1, function.end_line + 1))
    done, left = len(inside & ran), len(inside & missed)
    return FunctionCoverage(function.name, function.line, round(done / (done + left), DIGITS) if done + left else None)


@dataclass(frozen=True, slots=True)
class _Compared:
    files: Mapping[str, FileFacts]
    modules: Modules
    imports: Mapping[str, frozenset[str]]
    at_import: Mapping[str, frozenset[str]]
    circles: list[list[str]]
    circle_of: Mapping[str, list[str]]
    measures: Mapping[str, Measures]
    scores: Mapping[str, Scores]
    reasons: Reasons

    def why(self, path: str) -> tuple[str, ...]:
        """The reasons for a file's impact."""
        circle = len(self.circle_of.get(path, ()))
        return self.reasons.why(self.measures[path], self.scores[path].reach, self.files[path], circle)

    def graph_size(self, calls: CallGraph) -> GraphSize:
        """The graphs as a whole."""
        return GraphSize(
            modules=len(self.imports),
            edges=sum(map(len, self.imports.values())),
            circles=tuple(tuple(map(shown, circle)) for circle in self.circles),
            layers=max(layers(self.at_import).values(), default=-1) + 1,
            calls={certainty.value: count for certainty, count in calls.names.items()},
        )

    def place(self, path: str) -> Place:
        """Where one file stands in the import graph."""
        from dreamscape.domain.evidence import Place

        heights = layers(self.at_import)
        return Place(
            imports=len(self.imports[path]),
            imported_by=sum(path in targets for targets in self.imports.values()),
            importers=self.measures[path].importers,
            centrality=round(self.measures[path].centrality, DIGITS),
            betweenness=round(betweenness(self.imports)[path], DIGITS),
            layer=heights[path],
            layers=max(heights.values()) + 1,
            circle=tuple(shown(other) for other in self.circle_of.get(path, ()) if other != path),
        )

    def ranked(self, order: Order) -> list[str]:
        """Paths, the first to look at first."""
        match order:
            case Order.IMPACT:
                values: Mapping[str, float] = {path: scores.impact for path, scores in self.scores.items()}
            case Order.EFFORT:
                values = by_effort(self.measures.values(), self.scores)
        return sorted(values, key=lambda path: (-round(values[path], SAME), path))


def _compared(files: Mapping[str, FileFacts], signals: Signals) -> _Compared:
    modules = Modules(files)
    graph = modules.graph()
    imports, firm = at_run_time(graph), at_import(graph)
    central = centrality(imports)
    reached = importers(imports)
    measures = {path: _measures(path, facts, central[path], reached[path], signals) for path, facts in files.items()}
    listed = list(measures.values())
    weights = signals.fitting_weights
    reasons = Reasons(listed, weights, signals.churn_months)
    found = circles(firm)
    circle_of = {path: circle for circle in found for path in circle}
    return _Compared(files, modules, imports, firm, found, circle_of, measures, score(listed, weights), reasons)


def _measures(path: str, facts: FileFacts, central: float, reached: int, signals: Signals) -> Measures:
    complexities = [function.complexity for function in facts.functions]
    return Measures(
        path=path,
        sloc=facts.sloc,
        complexity=sum(complexities),
        max_complexity=max(complexities, default=0),
        centrality=central,
        importers=reached,
        past=None if signals.past is None else signals.past.get(path, NO_PAST),
        failures=None if signals.failures is None else signals.failures.get(path, 0),
        runtime=_known(signals.runtime, path),
        repairs=None if signals.repairs is None else signals.repairs.get(path, 0),
        coverage=_known(signals.coverage, path),
        test_seconds=_known(signals.test_seconds, path),
    )


def _known(values: Mapping[str, float] | None, path: str) -> float | None:
    return None if values is None else values.get(path)


def _function_rows(
    files: Mapping[str, FileFacts], scores: Mapping[str, Scores], calls: CallGraph
) -> dict[str, tuple[FunctionRow, ...]]:
    central = iter(sorted(centrality(calls.edges).items()))
    largest = max((f.complexity for facts in files.values() for f in facts.functions), default=1)
    return {
        path: tuple(
            FunctionRow(
                name=function.name,
                line=function.line,
                end_line=function.end_line,
                complexity=function.complexity,
                centrality=round(weight, DIGITS),
                impact=round(
                    function_impact(
                        scores[path].impact,
                        function.complexity,
                        function.end_line - function.line + 1,
                        weight,
                        largest,
                    ),
                    DIGITS,
                ),
            )
            for function, (_, weight) in zip(facts.functions, central, strict=False)
        )
        for path, facts in files.items()
    }


def _row(
    at: int,
    measures: Measures,
    scores: Scores,
    facts: FileFacts,
    why: tuple[str, ...],
    functions: tuple[FunctionRow, ...],
) -> FileRow:
    return FileRow(
        path=shown(measures.path),
        rank=at,
        impact=round(scores.impact, DIGITS),
        risk=round(scores.risk, DIGITS),
        reach=round(scores.reach, DIGITS),
        effort=round(scores.effort, DIGITS),
        sloc=measures.sloc,
        complexity=measures.complexity,
        max_complexity=measures.max_complexity,
        maintainability=facts.maintainability,
        centrality=round(measures.centrality, DIGITS),
        churn=measures.past.commits if measures.past else None,
        failures=measures.failures,
        runtime=measures.runtime,
        repairs=measures.repairs,
        coverage=measures.coverage,
        test_seconds=None if measures.test_seconds is None else round(measures.test_seconds, 3),
        fixes=measures.past.fixed if measures.past else None,
        authors=measures.past.authors if measures.past else None,
        age=round(measures.past.age, 1) if measures.past else None,
        why=why,
        functions=functions,
    )
