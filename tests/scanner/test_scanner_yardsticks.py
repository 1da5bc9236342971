"""The marks of an order of files: known cases by hand, and laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.scanner.yardsticks import Judged, judge

FILES = st.lists(st.builds(Judged, st.integers(1, 500), st.integers(0, 9)), min_size=2, max_size=12).filter(
    lambda files: any(file.fixes for file in files)
)


def test_a_file_at_the_edge_of_a_budget_counts_in_proportion() -> None:
    order = [Judged(100, 4), Judged(300, 4), Judged(600, 2)]

    marks = judge(order)

    assert marks.r20f == pytest.approx(0.6 * 4 / 10)
    assert marks.r20l == pytest.approx((4 + 4 / 3) / 10)


def test_popt_compares_the_curve_with_the_best_and_the_worst() -> None:
    dense, sparse = Judged(10, 5), Judged(90, 5)

    assert judge([dense, sparse]).popt == 1.0
    assert judge([sparse, dense]).popt == 0.0


def test_auc_is_how_often_a_fixed_file_stands_before_one_that_was_not() -> None:
    order = [Judged(1, 1), Judged(1, 0), Judged(1, 2), Judged(1, 0)]

    assert judge(order).auc == pytest.approx(3 / 4)
    assert judge([Judged(1, 1)]).auc == 0.5


@given(FILES)
def test_marks_stay_within_0_and_1_and_density_has_the_best_popt(files: list[Judged]) -> None:
    by_density = sorted(files, key=lambda file: -file.fixes / file.lines)

    for order in (files, by_density):
        marks = judge(order)
        assert all(-1e-9 <= mark <= 1 + 1e-9 for mark in (marks.r20f, marks.r20l, marks.popt, marks.auc))
    assert judge(by_density).popt >= judge(files).popt - 1e-9


@given(FILES)
def test_an_order_and_its_reverse_share_popt_and_auc(files: list[Judged]) -> None:
    there, back = judge(files), judge(files[::-1])

    assert there.auc + back.auc == pytest.approx(1)
    if there.popt + back.popt < 2:  # where all orders are alike, both are 1
        assert there.popt + back.popt == pytest.approx(1)
