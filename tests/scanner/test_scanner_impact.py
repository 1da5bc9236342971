"""Scores stay within 0 to 1, rise with their signals, and keep risk and reach apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.scanner.facts import FileFacts, FunctionFacts
from dreamscape.scanner.impact import Measures, Scales, function_impact, is_test, score
from dreamscape.scanner.ranking import Signals, rank
from dreamscape.scanner.reasons import Reasons

LINES = st.integers(1, 999)
COUNTS = st.integers(0, 10_000)
FILES = st.builds(
    Measures,
    path=st.sampled_from(["a.py", "tests/test_a.py"]),
    sloc=COUNTS,
    complexity=COUNTS,
    max_complexity=COUNTS,
    centrality=st.floats(0, 1),
    importers=st.integers(0, 4),
    churn=st.none() | COUNTS,
    failures=st.none() | COUNTS,
)
PLAIN = Measures("a.py", sloc=100, complexity=20, max_complexity=5, centrality=0.1, importers=1, churn=3)


def facts(sloc: int, *complexities: int) -> FileFacts:
    functions = (FunctionFacts(f"f{at}", at + 1, at + 1, points, ()) for at, points in enumerate(complexities))
    return FileFacts(tuple(functions), (), sloc, 50.0)


@given(st.lists(FILES, min_size=5, max_size=8))
def test_all_scores_stay_within_0_and_1_and_shares_sum_to_the_impact(files: list[Measures]) -> None:
    scales = Scales.fitting(files)
    for file in files:
        scores = score(file, scales)

        assert all(0 <= value <= 1.000001 for value in (scores.impact, scores.risk, scores.reach, scores.effort))
        assert sum(scores.shares.values()) == pytest.approx(scores.impact)


@given(FILES, st.integers(1, 1_000), st.sampled_from(["sloc", "complexity", "churn", "failures"]))
def test_more_of_any_signal_never_lowers_the_impact(file: Measures, more: int, signal: str) -> None:
    file = replace(file, churn=file.churn or 0, failures=file.failures or 0)
    worse = replace(file, **{signal: getattr(file, signal) + more})
    scales = Scales.fitting([file, worse, PLAIN])

    assert score(worse, scales).impact >= score(file, scales).impact


@given(FILES, st.floats(0, 1))
def test_reach_never_changes_risk_and_moves_impact_by_a_quarter_at_most(file: Measures, centrality: float) -> None:
    other = replace(file, centrality=centrality, importers=4)
    scales = Scales.fitting([file, other, PLAIN, PLAIN, PLAIN])
    before, after = score(file, scales), score(other, scales)

    assert after.risk == before.risk
    assert after.impact <= 1.25 * before.impact + 1e-9


def test_in_a_tiny_project_nothing_is_alarming_for_being_the_largest() -> None:
    files = rank({"a.py": facts(3, 1), "b.py": facts(2, 1), "c.py": facts(1)}, Signals(churn={"a.py": 1})).files

    assert [row.path for row in files] == ["a.py", "b.py", "c.py"]
    assert files[0].impact < 0.3
    assert all("%" not in reason for row in files for reason in row.why)


def test_an_absent_signal_is_none_and_shifts_its_weight_to_the_others() -> None:
    (without,) = rank({"a.py": facts(300, 50)}, Signals()).files
    (quiet,) = rank({"a.py": facts(300, 50)}, Signals(churn={})).files

    assert (without.churn, without.failures, without.runtime) == (None, None, None)
    assert quiet.churn == 0
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
    files = [replace(PLAIN, path=f"{at}.py", sloc=at, churn=0) for at in range(39)]
    worst = replace(PLAIN, path="worst.py", sloc=2_000, complexity=63, importers=14, centrality=1.0, churn=41)
    everyone = [*files, worst]
    scores = score(worst, Scales.fitting(everyone))

    assert Reasons(everyone, 12).why(worst, scores, facts(2_000, 21, 42)) == (
        "41 commits in 12 months, more than 97 % of files",
        "2,000 lines of code, more than 97 % of files",
        "imported by 14 modules, directly or not",
        "complexity 63, hardest function f1() 42",
    )


@given(st.dictionaries(st.sampled_from(["a.py", "b/c.py", "d.py", "tests/e.py"]), st.builds(facts, COUNTS, LINES)))
def test_ranks_are_complete_and_follow_impact(files: dict[str, FileFacts]) -> None:
    rows = rank(files, Signals()).files

    assert [row.rank for row in rows] == list(range(1, len(files) + 1))
    assert {row.path for row in rows} == set(files)
    assert [row.impact for row in rows] == sorted((row.impact for row in rows), reverse=True)
