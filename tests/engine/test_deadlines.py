"""The search leaves time for the proof."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.engine.deadlines import search_until

SECONDS = st.floats(0, 1e5)


@pytest.mark.parametrize(
    ("item_s", "left", "suite_s", "searched"),
    [(60, 3600, 5, 60), (600, 180, 5, 155), (600, 100, 60, 50), (60, -5, 1, 0)],
)
def test_time_for_three_runs_of_the_suite_is_kept_but_never_more_than_half(
    item_s: float, left: float, suite_s: float, searched: float
) -> None:
    assert search_until(1000.0, item_s, 1000.0 + left, suite_s) == 1000.0 + searched


def test_while_others_wait_an_item_gets_half_of_the_time() -> None:
    assert search_until(0.0, 600, 220, 10, others_wait=True) == 90.0
    assert search_until(0.0, 60, 220, 10, others_wait=True) == 60.0


@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_it_lies_between_the_beginning_and_the_end(began: float, item_s: float, left: float, suite_s: float) -> None:
    assert began <= search_until(began, item_s, began + left, suite_s) <= began + left + 1e-6
