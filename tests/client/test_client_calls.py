"""What may be asked and spent in a call, about an item, in a run, a day and a month."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dreamscape.client.calls import Ledger
from dreamscape.domain.errors import BudgetSpent, RateLimited
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import Amount

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CALL = Amount(1)


def ledger(folder: Path, now: datetime = NOW, **budget: float) -> Ledger:
    return Ledger(lambda: folder, BudgetSettings(**budget), lambda: now)  # type: ignore[arg-type]


def kept(folder: Path, key: str = "2026-11-26") -> list[float]:
    return list(json.loads((folder / "calls.json").read_text())[key])


def dollars(usd: float) -> Amount:
    return Amount(1, 0, usd)


def test_calls_are_counted_by_the_day_over_all_runs(tmp_path: Path) -> None:
    for _ in range(2):
        ledger(tmp_path, calls_per_day=2).reserve(CALL)
    with pytest.raises(BudgetSpent, match="calls made today: 2, allowed: 2") as refused:
        ledger(tmp_path, calls_per_day=2).reserve(CALL)

    ledger(tmp_path, NOW + timedelta(days=1), calls_per_day=2).reserve(CALL)

    assert refused.value.is_for_all
    assert stat.S_IMODE((tmp_path / "calls.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("left", ["{", "[]", '{"day": "2026-11-26"}', '{"2026-11-26": ["many", 0, 0]}', "1"])
def test_a_count_that_cannot_be_read_allows_nothing(tmp_path: Path, left: str) -> None:
    (tmp_path / "calls.json").write_text(left)

    with pytest.raises(BudgetSpent, match="unknown"):
        ledger(tmp_path, calls_per_day=2).reserve(CALL)


def test_a_sum_that_is_no_number_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / "calls.json").write_text('{"2026-11-26": [0, 0, NaN]}')

    with pytest.raises(BudgetSpent):
        ledger(tmp_path, usd_per_day=2).reserve(dollars(1.0))


def test_a_sum_of_an_older_version_counts_its_calls(tmp_path: Path) -> None:
    (tmp_path / "calls.json").write_text('{"day": "2026-11-26", "calls": 2}')

    with pytest.raises(BudgetSpent, match="calls made today: 2"):
        ledger(tmp_path, calls_per_day=2).reserve(CALL)


def test_money_is_reserved_before_and_settled_after(tmp_path: Path) -> None:
    spending = ledger(tmp_path, usd_per_day=1.0)
    first = spending.reserve(dollars(0.75))
    with pytest.raises(BudgetSpent, match=r"0\.2500 USD are left") as refused:
        spending.reserve(dollars(0.5))

    spending.settle(first, dollars(0.25))
    spending.give_back(spending.reserve(dollars(0.5)))

    assert not refused.value.is_for_all, "a cheaper question may still be asked"
    assert kept(tmp_path) == [1, 0, 0.25]


def test_money_is_spent_only_under_a_limit_in_money(tmp_path: Path) -> None:
    with pytest.raises(BudgetSpent, match="costs money"):
        ledger(tmp_path, calls_per_day=9).reserve(dollars(0.01))

    assert not (tmp_path / "calls.json").exists()


def test_a_run_has_a_limit_of_its_own(tmp_path: Path) -> None:
    one = ledger(tmp_path, usd_per_day=10.0, usd_per_run=1.0)
    one.reserve(dollars(0.9))
    with pytest.raises(BudgetSpent) as refused:
        one.reserve(dollars(0.2))

    assert "usd_per_run" in refused.value.hint
    ledger(tmp_path, usd_per_day=10.0, usd_per_run=1.0).reserve(dollars(0.9))


def test_a_call_has_a_limit_in_tokens(tmp_path: Path) -> None:
    with pytest.raises(BudgetSpent, match="100 tokens are left, and the next answer may take 101"):
        ledger(tmp_path, calls_per_day=9, tokens_per_call=100).reserve(Amount(1, 101))


def test_an_items_calls_are_counted_over_all_runs_of_a_month_and_leave_others_alone(tmp_path: Path) -> None:
    def on(days: int) -> Ledger:
        return ledger(tmp_path, NOW + timedelta(days=days), calls_per_day=99, calls_per_item=1)

    on(0).reserve(CALL, "f00d")
    with pytest.raises(BudgetSpent, match="calls made in this item: 1") as refused:
        on(1).reserve(CALL, "f00d")

    on(0).reserve(CALL, "beef")
    on(9).reserve(CALL, "f00d")

    assert not refused.value.is_for_all


def test_a_month_is_the_sum_of_its_days(tmp_path: Path) -> None:
    for day in (1, 9):
        ledger(tmp_path, NOW.replace(day=day), tokens_per_month=20).reserve(Amount(1, 10))
    with pytest.raises(BudgetSpent, match="0 tokens are left"):
        ledger(tmp_path, tokens_per_month=20).reserve(Amount(1, 1))

    ledger(tmp_path, NOW.replace(month=12), tokens_per_month=20).reserve(Amount(1, 20))


def test_what_was_reserved_before_midnight_is_corrected_where_it_was_reserved(tmp_path: Path) -> None:
    times = iter([NOW, NOW + timedelta(days=1)])
    late = Ledger(lambda: tmp_path, BudgetSettings(usd_per_day=1.0), lambda: next(times))
    reserved = late.reserve(dollars(0.5))

    late.settle(reserved, dollars(0.1))

    assert kept(tmp_path) == [1, 0, 0.1]
    assert kept(tmp_path, "2026-11") == [1, 0, 0.1]


def test_no_limit_is_lost_where_one_clock_is_over_the_edge_of_a_month_and_another_is_not(tmp_path: Path) -> None:
    before, after = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    slow, fast = (ledger(tmp_path, now, calls_per_month=1, calls_per_item=9) for now in (before, after))
    slow.reserve(CALL, "f00d", "m", calls_per_hour=9)
    fast.reserve(CALL, "f00d", "m", calls_per_hour=9)

    for each in (slow, fast, slow):
        with pytest.raises(BudgetSpent, match="calls made this month: 1, allowed: 1"):
            each.reserve(CALL)
    with pytest.raises(RateLimited):
        ledger(tmp_path, before, calls_per_day=9).reserve(CALL, "", "m", calls_per_hour=1)


def test_what_is_left_is_told_for_each_limit_of_run_day_and_month(tmp_path: Path) -> None:
    spending = ledger(tmp_path, usd_per_call=1.0, usd_per_day=2.0, calls_per_run=3, tokens_per_month=50)
    spending.reserve(Amount(1, 20, 0.5))

    left = {each.key: each.left for each in spending.left()}

    assert left == {"usd_per_day": 1.5, "calls_per_run": 2, "tokens_per_month": 30}


def test_many_who_ask_at_once_get_no_more_than_is_allowed(tmp_path: Path) -> None:
    def ask(_: int) -> bool:
        try:
            ledger(tmp_path, calls_per_day=5).reserve(CALL)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(ask, range(12)))

    assert granted.count(True) == 5
