"""What was asked and spent on this machine today, over all projects and runs of this user, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dreamscape.domain.errors import BudgetSpent, DreamscapeError
from dreamscape.domain.settings import BudgetSettings
from dreamscape.tools.files import atomic_write, explained
from dreamscape.tools.locks import waiting_lock

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Day:
    """One day's sums."""

    calls: int
    usd: float


class Ledger:
    """Reserves before a prompt leaves and settles after its answer, so that neither a kill nor a rival run is free.

    ``folder`` tells the user's own folder, asked only when something is to be spent; ``today`` is asked for each
    prompt. One ledger lives as long as its run, whose money it counts beside that of the day.
    """

    def __init__(self, folder: Callable[[], Path], budget: BudgetSettings, today: Callable[[], date]) -> None:
        self._folder = folder
        self._budget = budget
        self._today = today
        self._run_usd = 0.0
        self._lock = threading.Lock()

    def reserve(self, usd: float) -> None:
        """Counts one more call that may cost so much. Raises BudgetSpent, and nothing is counted, where it may not be.

        A limit of zero is none where another one holds; but money is spent only under a limit in money.
        """
        budget = self._budget
        if not (budget.calls_per_day or budget.usd_per_day):
            raise BudgetSpent(
                "no outside model is asked without a budget", "set budget.calls_per_day in your own config"
            )
        if usd and not budget.usd_per_day:
            raise BudgetSpent(
                "this model costs money, and no money may be spent", "set budget.usd_per_day in your own config"
            )
        with self._lock, self._opened() as day:
            if 0 < budget.calls_per_day <= day.calls:
                raise BudgetSpent(
                    f"calls made today: {day.calls}, allowed: {budget.calls_per_day}", "see budget.calls_per_day"
                )
            for limit, spent, key in (
                (budget.usd_per_day, day.usd, "usd_per_day"),
                (budget.usd_per_run, self._run_usd, "usd_per_run"),
            ):
                if usd and 0 < limit < spent + usd:
                    left = max(0.0, limit - spent)
                    raise BudgetSpent(
                        f"{left:.4f} USD are left, and the next answer may cost {usd:.4f}", f"see budget.{key}"
                    )
            self._add(day, 1, usd)

    def spent_usd(self) -> float:
        """Today's money so far, reservations included. Raises BudgetSpent where it cannot be read; makes nothing."""
        return _read(self._folder() / "calls.json", self._today().isoformat()).usd

    def settle(self, reserved: float, spent: float) -> None:
        """What a call cost in the end takes the place of what was reserved for it."""
        if spent != reserved:
            self._correct(0, spent - reserved)

    def give_back(self, reserved: float) -> None:
        """The call was not made after all."""
        self._correct(-1, -reserved)

    def _correct(self, calls: int, usd: float) -> None:
        """What cannot be written costs nobody an answer: the reservation stands, which is never too little."""
        try:
            with self._lock, self._opened() as day:
                self._add(day, calls, usd)
        except DreamscapeError as error:
            logger.warning("%s", error)

    def _add(self, day: _Day, calls: int, usd: float) -> None:
        self._run_usd = max(0.0, self._run_usd + usd)
        day.calls = max(0, day.calls + calls)  # what was reserved before midnight is not given back to the new day
        day.usd = max(0.0, day.usd + usd)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[_Day]:
        """Today's sums, which nobody else changes meanwhile; kept unless the block raises."""
        folder, today = self._folder(), self._today().isoformat()
        with explained(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "calls.json"
        with waiting_lock(folder / "calls.lock"):
            day = _read(path, today)
            yield day
            kept = {"day": today, "calls": day.calls, "usd": day.usd}
            atomic_write(path, json.dumps(kept).encode(), private=True)


def _read(path: Path, today: str) -> _Day:
    try:
        kept = json.loads(path.read_bytes())
        return _Day(int(kept["calls"]), float(kept.get("usd", 0.0))) if kept["day"] == today else _Day(0, 0.0)
    except FileNotFoundError:
        return _Day(0, 0.0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BudgetSpent(f"{path} cannot be read, so that today's calls are unknown", "remove it") from error
