"""Compares the files of a project with each other: graphs, scores, reasons and ranks. Pure: the same facts and signals
give the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dreamscape.domain.scan import FileRow, FunctionRow, GraphSize
from dreamscape.scanner.calls import call_graph
from dreamscape.scanner.centrality import centrality, importers
from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.impact import Measures, Scales, Scores, function_impact, score
from dreamscape.scanner.imports import import_graph
from dreamscape.scanner.reasons import Reasons
from dreamscape.scanner.walk import shown

DIGITS = 4
"""Scores are rounded: sums of floats may differ in their last digits from machine to machine."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of files besides their contents, by path; None where a signal is not there at all."""

    churn: Mapping[str, int] | None = None
    failures: Mapping[str, int] | None = None
    runtime: Mapping[str, float] | None = None
    churn_months: int = 12


@dataclass(frozen=True, slots=True)
class Ranking:
    """All rows, rank 1 first."""

    files: tuple[FileRow, ...]
    graph: GraphSize


def rank(files: Mapping[str, FileFacts], signals: Signals) -> Ranking:
    """Ranks files by impact, ties by path; paths as on disk go in, printable ones come out."""
    imports = import_graph({path: facts.imports for path, facts in files.items()})
    central = centrality(imports)
    reached = importers(imports)
    measures = {path: _measures(path, facts, central[path], reached[path], signals) for path, facts in files.items()}
    scales = Scales.fitting(measures.values())
    scores = {path: score(file, scales) for path, file in measures.items()}
    reasons = Reasons(measures.values(), signals.churn_months)
    functions = _function_rows(files, scores, call_centrality(files, imports))
    order = sorted(files, key=lambda path: (-round(scores[path].impact, DIGITS), path))
    rows = tuple(
        _row(at, measures[path], scores[path], files[path], reasons, functions[path])
        for at, path in enumerate(order, 1)
    )
    return Ranking(rows, GraphSize(len(files), sum(map(len, imports.values()))))


def call_centrality(files: Mapping[str, FileFacts], imports: Mapping[str, frozenset[str]]) -> Iterator[float]:
    """How much of the project leans on each function, through all files in the order given."""
    central = centrality(call_graph(files, imports))
    return (central[number] for number in range(len(central)))


def _measures(path: str, facts: FileFacts, central: float, reached: int, signals: Signals) -> Measures:
    complexities = [function.complexity for function in facts.functions]
    return Measures(
        path=path,
        sloc=facts.sloc,
        complexity=sum(complexities),
        max_complexity=max(complexities, default=0),
        centrality=central,
        importers=reached,
        churn=None if signals.churn is None else signals.churn.get(path, 0),
        failures=None if signals.failures is None else signals.failures.get(path, 0),
        runtime=None if signals.runtime is None else signals.runtime.get(path),
    )


def _function_rows(
    files: Mapping[str, FileFacts], scores: Mapping[str, Scores], central: Iterator[float]
) -> dict[str, tuple[FunctionRow, ...]]:
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
            for function, weight in zip(facts.functions, central, strict=False)
        )
        for path, facts in files.items()
    }


def _row(
    at: int,
    measures: Measures,
    scores: Scores,
    facts: FileFacts,
    reasons: Reasons,
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
        churn=measures.churn,
        failures=measures.failures,
        runtime=measures.runtime,
        why=reasons.why(measures, scores, facts),
        functions=functions,
    )
