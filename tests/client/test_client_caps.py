"""No cap is ever broken: any order of reserving, settling, giving back and dying, by threads and by processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dreamscape.client.calls import Ledger, Reservation
from dreamscape.domain.errors import BudgetSpent
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import Amount, Span, caps

BEGIN = datetime(2026, 11, 29, 22, tzinfo=UTC)
ITEMS = ("f00d", "beef")
AMOUNTS = st.builds(Amount, st.just(1), st.integers(0, 60), st.sampled_from([0.0, 0.25, 0.5, 1.5]))
LIMITS = {
    field.name: st.sampled_from([0.0, 1.0, 2.5] if field.type == "float" else [0, 2, 5, 100])
    for field in fields(BudgetSettings)
}


class Spenders(RuleBasedStateMachine):
    """Two runs share a folder; the test keeps the true sums beside them. Dyadic money, so that sums are exact."""

    @initialize(limits=st.fixed_dictionaries(LIMITS))
    def begin(self, limits: dict[str, float]) -> None:
        self.budget = BudgetSettings(**limits)  # type: ignore[arg-type]
        self.folder = tempfile.TemporaryDirectory()
        self.now = BEGIN
        self.runs = [self._run(), self._run()]
        self.sums: dict[tuple[Span, str], Amount] = {}
        self.open: list[tuple[int, Reservation, Amount, list[tuple[Span, str]]]] = []
        self.names = ["0", "1"]

    def _run(self) -> Ledger:
        return Ledger(lambda: Path(self.folder.name), self.budget, lambda: self.now)

    def _add(self, keys: list[tuple[Span, str]], amount: Amount) -> None:
        for key in keys:
            self.sums[key] = self.sums.get(key, Amount()) + amount

    @rule(who=st.integers(0, 1), wanted=AMOUNTS, item=st.sampled_from(ITEMS))
    def reserve(self, who: int, wanted: Amount, item: str) -> None:
        try:
            reserved = self.runs[who].reserve(wanted, item)
        except BudgetSpent:
            return
        month = f"{self.now:%Y-%m}"
        keys = [(Span.ITEM, month + item), (Span.RUN, self.names[who]), (Span.MONTH, month)]
        keys.append((Span.DAY, f"{self.now:%Y-%m-%d}"))
        self._add(keys, wanted)
        self.open.append((who, reserved, wanted, keys))
        assert all(wanted.of(cap.unit) <= cap.limit for cap in caps(self.budget) if cap.span is Span.CALL)

    @rule(data=st.data(), is_made=st.booleans())
    def end_one(self, data: st.DataObject, is_made: bool) -> None:
        if not self.open:
            return
        who, reserved, wanted, keys = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        share = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
        spent = Amount(1, int(wanted.tokens * share), wanted.usd * share) if is_made else Amount()
        if is_made:
            self.runs[who].settle(reserved, spent)
        else:
            self.runs[who].give_back(reserved)
        for key in keys:
            self.sums[key] = self.sums[key] - wanted + spent

    @rule(who=st.integers(0, 1))
    def die_and_start_again(self, who: int) -> None:
        """What the dead run had reserved stands for ever."""
        self.open = [one for one in self.open if one[0] != who]
        self.runs[who] = self._run()
        self.names[who] += "'"

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def no_cap_is_broken(self) -> None:
        for cap in caps(self.budget):
            for (span, key), spent in self.sums.items():
                if span is cap.span:
                    assert spent.of(cap.unit) <= cap.limit, (cap, key)

    @invariant()
    def the_file_tells_what_was_spent(self) -> None:
        today = self.sums.get((Span.DAY, f"{self.now:%Y-%m-%d}"), Amount())
        assert self.runs[0].spent_today() == today

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestNoCapIsEverBroken = Spenders.TestCase
TestNoCapIsEverBroken.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)

WORKER = """\
import os, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from dreamscape.client.calls import Ledger
from dreamscape.domain.errors import BudgetSpent
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import Amount

ledger = Ledger(lambda: Path(sys.argv[1]), BudgetSettings(usd_per_day=4.0), lambda: datetime(2026, 11, 26, tzinfo=UTC))

def spend():
    for _ in range(4):
        try:
            reserved = ledger.reserve(Amount(1, 0, 0.5))
        except BudgetSpent:
            return
        os.write(1, b"granted\\n")
        if sys.argv[2] == "lives":
            ledger.settle(reserved, Amount(1, 0, 0.25))

if sys.argv[2] == "dies":  # in one thread, so that it tells of all that it has reserved
    spend()
    os._exit(9)
threads = [threading.Thread(target=spend) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_processes_with_threads_spend_no_more_than_the_day_allows_one_of_them_killed(tmp_path: Path) -> None:
    def worker(how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WORKER, str(tmp_path), how]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))

    dying = worker("dies")
    until = time.monotonic() + 60
    while not (tmp_path / "calls.json").exists() and time.monotonic() < until:
        time.sleep(0.005)
    workers = [dying, worker("lives"), worker("lives")]
    granted = [worker.communicate(timeout=120)[0].count("granted") for worker in workers]

    calls, _, usd = json.loads((tmp_path / "calls.json").read_text())["2026-11-26"]
    assert dying.returncode == 9
    assert calls == sum(granted)
    assert 4.0 >= usd == 0.25 * calls + 0.25 * granted[0], "what the killed one had reserved stands"
