"""What may be asked and spent in a day and in a run."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from dreamscape.client.calls import Ledger
from dreamscape.domain.errors import BudgetSpent
from dreamscape.domain.settings import BudgetSettings

TODAY = date(2026, 11, 26)


def ledger(folder: Path, day: date = TODAY, **budget: float) -> Ledger:
    return Ledger(lambda: folder, BudgetSettings(**budget), lambda: day)  # type: ignore[arg-type]


def kept(folder: Path) -> dict[str, float]:
    return dict(json.loads((folder / "calls.json").read_text()))


def test_calls_are_counted_by_the_day_over_all_runs(tmp_path: Path) -> None:
    for _ in range(2):
        ledger(tmp_path, calls_per_day=2).reserve(0)
    with pytest.raises(BudgetSpent, match="calls made today: 2"):
        ledger(tmp_path, calls_per_day=2).reserve(0)

    ledger(tmp_path, TODAY + timedelta(days=1), calls_per_day=2).reserve(0)

    assert stat.S_IMODE((tmp_path / "calls.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("left", ["{", "[]", '{"day": "2026-11-26"}', '{"day": "2026-11-26", "calls": "many"}'])
def test_a_count_that_cannot_be_read_allows_nothing(tmp_path: Path, left: str) -> None:
    (tmp_path / "calls.json").write_text(left)

    with pytest.raises(BudgetSpent, match="unknown"):
        ledger(tmp_path, calls_per_day=2).reserve(0)


def test_a_sum_of_an_older_version_counts_its_calls(tmp_path: Path) -> None:
    (tmp_path / "calls.json").write_text('{"day": "2026-11-26", "calls": 2}')

    with pytest.raises(BudgetSpent, match="calls made today: 2"):
        ledger(tmp_path, calls_per_day=2).reserve(0)


def test_money_is_reserved_before_and_settled_after(tmp_path: Path) -> None:
    spending = ledger(tmp_path, usd_per_day=1.0)
    spending.reserve(0.75)
    with pytest.raises(BudgetSpent, match=r"0\.2500 USD are left"):
        spending.reserve(0.5)

    spending.settle(0.75, 0.25)
    spending.reserve(0.5)
    spending.give_back(0.5)

    assert (kept(tmp_path)["calls"], kept(tmp_path)["usd"]) == (1, 0.25)


def test_money_is_spent_only_under_a_limit_in_money(tmp_path: Path) -> None:
    with pytest.raises(BudgetSpent, match="costs money"):
        ledger(tmp_path, calls_per_day=9).reserve(0.01)

    assert not (tmp_path / "calls.json").exists()


def test_a_run_has_a_limit_of_its_own(tmp_path: Path) -> None:
    one = ledger(tmp_path, usd_per_day=10.0, usd_per_run=1.0)
    one.reserve(0.9)
    with pytest.raises(BudgetSpent) as refused:
        one.reserve(0.2)

    assert "usd_per_run" in refused.value.hint
    ledger(tmp_path, usd_per_day=10.0, usd_per_run=1.0).reserve(0.9)


def test_what_was_reserved_before_midnight_is_not_given_to_the_new_day(tmp_path: Path) -> None:
    days = iter([TODAY, TODAY + timedelta(days=1)])
    late = Ledger(lambda: tmp_path, BudgetSettings(usd_per_day=1.0), lambda: next(days))
    late.reserve(0.5)

    late.settle(0.5, 0.1)

    assert (kept(tmp_path)["usd"], kept(tmp_path)["calls"]) == (0.0, 0)


def test_many_who_ask_at_once_get_no_more_than_is_allowed(tmp_path: Path) -> None:
    def ask(_: int) -> bool:
        try:
            ledger(tmp_path, calls_per_day=5).reserve(0)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(ask, range(12)))

    assert granted.count(True) == 5
