"""Scores stay within 0 to 1, rise with their signals, and keep risk and reach apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.scan import Order
from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.history import FilePast
from dreamscape.scanner.impact import Measures, Scores, function_impact, is_test, score
from dreamscape.scanner.ranking import Signals, explain, rank
from dreamscape.scanner.reasons import Reasons
from dreamscape.scanner.weights import PRIOR

LINES = st.integers(1, 999)
COUNTS = st.integers(0, 10_000)
FADED = st.floats(0, 1_000)
PASTS = st.builds(FilePast, COUNTS, COUNTS, FADED, FADED, FADED, st.integers(0, 100), FADED, FADED)
FILES = st.builds(
    Measures,
    path=st.sampled_from(["a.py", "b.py", "c.py", "tests/test_a.py", "tests/test_b.py"]),
    sloc=COUNTS,
    complexity=COUNTS,
    max_complexity=COUNTS,
    centrality=st.floats(0, 1),
    importers=st.integers(0, 4),
    past=PASTS,
    failures=COUNTS,
)
PROJECTS = st.lists(FILES, min_size=1, unique_by=lambda file: file.path)
PLAIN = Measures("a.py", sloc=100, complexity=20, max_complexity=5, centrality=0.1, importers=1, past=FilePast(3))


def facts(sloc: int, *complexities: int) -> FileFacts:
    functions = (FunctionFacts(f"f{at}", at + 1, at + 1, points, ()) for at, points in enumerate(complexities))
    return FileFacts(tuple(functions), (), sloc, 50.0)


def scored(file: Measures, *others: Measures) -> Scores:
    return score([file, *others], PRIOR)[file.path]


@given(PROJECTS)
def test_all_scores_stay_within_0_and_1_and_no_impact_is_above_the_highest_risk(files: list[Measures]) -> None:
    scores = list(score(files, PRIOR).values())

    for one in scores:
        assert all(0 <= value <= 1.000001 for value in (one.impact, one.risk, one.reach, one.effort))
    assert max(one.impact for one in scores) <= max(one.risk for one in scores) + 1e-9


@given(FILES, st.integers(1, 1_000), st.sampled_from(["sloc", "complexity", "failures"]))
def test_more_of_a_files_own_signals_never_lowers_its_risk(file: Measures, more: int, signal: str) -> None:
    worse = replace(file, **{signal: getattr(file, signal) + more})

    assert scored(worse).risk >= scored(file).risk


@given(FILES, st.floats(0, 1_000), st.sampled_from(["lately", "churn", "fixes", "neighbours"]))
def test_a_busier_past_never_lowers_risk(file: Measures, more: float, signal: str) -> None:
    assert file.past is not None
    busier = replace(file, past=replace(file.past, **{signal: getattr(file.past, signal) + more}))

    assert scored(busier).risk >= scored(file).risk


@given(FILES, st.floats(0, 1))
def test_reach_never_changes_risk(file: Measures, centrality: float) -> None:
    other = replace(file, centrality=centrality, importers=4)

    assert scored(other).risk == scored(file).risk


def busy(path: str, sloc: int, churn: float) -> Measures:
    return replace(PLAIN, path=path, sloc=sloc, past=FilePast(churn=churn, lately=churn))


def test_the_riskiest_fifth_comes_first_and_in_it_a_short_file_before_one_hardly_riskier() -> None:
    quiet = [busy(f"quiet{at}.py", 40, 0.0) for at in range(8)]
    scores = score([busy("long.py", 4_000, 40.0), busy("short.py", 200, 30.0), *quiet], PRIOR)

    assert scores["long.py"].risk > scores["short.py"].risk
    assert scores["short.py"].impact > scores["long.py"].impact > max(scores[one.path].impact for one in quiet)


def test_whoever_counts_lines_gets_the_files_with_most_risk_per_line_first() -> None:
    files = {"long.py": facts(4_000, 60), "short.py": facts(30, 6), "empty.py": facts(0)}
    past = {"long.py": FilePast(churn=9.0), "short.py": FilePast(churn=5.0), "empty.py": FilePast()}

    rows = rank(files, Signals(past=past), Order.EFFORT).files

    assert [row.path for row in rows] == ["short.py", "empty.py", "long.py"]
    assert [row.rank for row in rows] == [1, 2, 3]


def test_in_a_tiny_project_nothing_is_alarming_for_being_the_largest() -> None:
    files = rank(
        {"a.py": facts(3, 1), "b.py": facts(2, 1), "c.py": facts(1)},
        Signals(past={"a.py": FilePast(commits=1, churn=1.0)}),
    ).files

    assert [row.path for row in files] == ["a.py", "b.py", "c.py"]
    assert files[0].impact < 0.3
    assert all("%" not in reason for row in files for reason in row.why)


def test_an_absent_signal_is_none_and_size_and_complexity_then_stand_for_it() -> None:
    (without,) = rank({"a.py": facts(300, 50)}, Signals()).files
    (quiet,) = rank({"a.py": facts(300, 50)}, Signals(past={})).files

    assert (without.churn, without.fixes, without.authors, without.age) == (None, None, None, None)
    assert (without.failures, without.runtime) == (None, None)
    assert (quiet.churn, quiet.fixes, quiet.authors, quiet.age) == (0, 0, 0, 0.0)
    assert without.risk > quiet.risk


def test_past_failures_and_run_time_are_taken_where_they_are_known() -> None:
    signals = Signals(failures={"b.py": 3}, runtime={"b.py": 1.5})
    first, second = rank({"a.py": facts(50, 5), "b.py": facts(50, 5)}, signals).files

    assert (first.path, first.failures, first.runtime) == ("b.py", 3, 1.5)
    assert (second.failures, second.runtime) == (0, None)
    assert "3 past failures" in first.why
    assert "runs 1.5 s" in first.why


def test_a_test_file_ranks_behind_product_code_like_it() -> None:
    files = rank({"a.py": facts(100, 9), "tests/test_a.py": facts(100, 9)}, Signals()).files

    assert [row.path for row in files] == ["a.py", "tests/test_a.py"]
    assert files[0].risk == files[1].risk
    assert files[1].why[-1] == "a test: counts half"


@pytest.mark.parametrize("path", ["tests/a.py", "test_a.py", "p/a_test.py", "conftest.py", "testing/x.py"])
def test_tests_are_known_by_name_or_place(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["latest/a.py", "attest.py", "contest.py", "testament.py", "p/protest_.py"])
def test_product_code_is_not_taken_for_a_test(path: str) -> None:
    assert not is_test(path)


@given(st.floats(0, 1), st.integers(1, 500), st.integers(1, 5_000), st.floats(0, 1), st.integers(1, 500))
def test_a_functions_impact_lies_between_half_and_all_of_its_files(
    impact: float, complexity: int, lines: int, centrality: float, largest: int
) -> None:
    found = function_impact(impact, complexity, lines, centrality, max(largest, complexity))

    assert impact / 2 - 1e-9 <= found <= impact + 1e-9


def test_the_harder_function_of_a_file_has_the_higher_impact() -> None:
    (row,) = rank({"a.py": facts(100, 2, 21, 5)}, Signals()).files

    assert sorted(row.functions, key=lambda function: -function.impact)[0].complexity == 21


def test_reasons_are_words_with_numbers_the_strongest_first() -> None:
    files = [replace(PLAIN, path=f"{at}.py", sloc=at, past=FilePast(age=40.0)) for at in range(39)]
    past = FilePast(commits=41, fixed=7, churn=30.0, fixes=5.0, authors=1, age=40.0)
    worst = replace(PLAIN, path="worst.py", sloc=2_000, complexity=63, importers=14, centrality=1.0, past=past)

    assert Reasons([*files, worst], PRIOR, 12).why(worst, 0.8, facts(2_000, 21, 42), 0) == (
        "2,000 lines of code, more than 97 % of files",
        "41 commits in 12 months, more than 97 % of files",
        "7 fixes in 5 years, more than 97 % of files",
        "complexity 63, hardest function f1() 42 (F), more than 97 % of files",
        "imported by 14 modules, directly or not",
    )


def test_an_explanation_names_every_signal_the_absent_ones_too() -> None:
    files = {"a.py": facts(100, 9), "b.py": facts(10)}
    told = ("coverage", "test_seconds", "runtime")
    found = explain(files, Signals(past={"a.py": FilePast(commits=4, churn=3.0)}), "a.py", ())

    assert (found.rank, found.files, found.weights) == (1, 2, "prior")
    assert {signal.name: signal.weight for signal in found.signals} == PRIOR.of | dict.fromkeys(told, 0.0)
    unknown = [signal.name for signal in found.signals if signal.value is None]
    assert unknown == ["failures", *told]
    churn = next(signal for signal in found.signals if signal.name == "churn")
    assert (churn.words, churn.percentile) == ("4 commits in 12 months", 50)
    assert churn.factor is not None
    assert churn.factor > 1


@given(st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d.py", "tests/e.py"]), st.builds(facts, COUNTS, LINES)))
def test_ranks_are_complete_and_follow_impact(files: dict[str, FileFacts]) -> None:
    rows = rank(files, Signals()).files

    assert [row.rank for row in rows] == list(range(1, len(files) + 1))
    assert {row.path for row in rows} == set(files)
    assert [row.impact for row in rows] == sorted((row.impact for row in rows), reverse=True)
