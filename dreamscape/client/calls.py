"""What was asked and spent on this machine, over all projects and runs of this user, and what is left of it."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dreamscape.domain.errors import BudgetSpent, DreamscapeError, RateLimited
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import Amount, Cap, Left, Span, broken_cap, caps
from dreamscape.tools.files import atomic_write, explained
from dreamscape.tools.locks import waiting_lock

logger = logging.getLogger(__name__)

_Sums = dict[str, Amount]
"""Sums by what they are of: ``2026-11`` a month, ``2026-11-26`` a day, ``2026-11 item KEY``, ``2026-11-26T05 MODEL`` a
model's hour. Each begins with its month and is forgotten a day after it."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for a question, in which sums."""

    amount: Amount
    keys: tuple[str, ...]


class Ledger:
    """Reserves before a prompt leaves and settles after its answer, so that neither a kill nor a rival run is free.

    ``folder`` tells the user's own folder, asked only when something is to be spent; ``now``, in UTC, is asked for each
    prompt. One ledger lives as long as its run, whose sum it holds beside those of the file.
    """

    def __init__(self, folder: Callable[[], Path], budget: BudgetSettings, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._budget = budget
        self._now = now
        self._run = Amount()
        self._lock = threading.Lock()

    def reserve(self, wanted: Amount, item: str = "", model: str = "", calls_per_hour: int = 0) -> Reservation:
        """Counts what a question may cost; of ``item``, and of ``model``, which takes so many calls an hour (0: any).

        Raises BudgetSpent where a cap of the budget does not leave so much, RateLimited where the model's does not;
        nothing is counted then.
        """
        self._check_leave(wanted)
        now = self._now()
        keys = _keys(now, item, model if calls_per_hour else "")
        with self._lock, self._opened(now) as sums:
            if calls_per_hour and sums.get(keys["hour"], Amount()).calls >= calls_per_hour:
                raise RateLimited(f"{model} was asked {calls_per_hour} times this hour, which is all its card allows")
            spent = {span: sums.get(key, Amount()) for span in Span if (key := keys.get(span.value))}
            if broken := broken_cap(self._budget, wanted, spent | {Span.RUN: self._run}):
                raise _refusal(*broken, wanted)
            reservation = Reservation(wanted, tuple(keys.values()))
            self._run += wanted
            for key in reservation.keys:
                sums[key] = sums.get(key, Amount()) + wanted
        return reservation

    def settle(self, reserved: Reservation, spent: Amount) -> None:
        """What a question cost in the end takes the place of what was reserved for it."""
        if spent != reserved.amount:
            self._correct(reserved, spent)

    def give_back(self, reserved: Reservation) -> None:
        """The question was not asked after all."""
        self._correct(reserved, Amount())

    def spent_today(self) -> Amount:
        """So far, reservations included. Raises BudgetSpent where it cannot be read; makes nothing."""
        now = self._now()
        return _read(self._folder() / "calls.json").get(f"{now:%Y-%m-%d}", Amount())

    def left(self, item: str = "") -> tuple[Left, ...]:
        """What each cap of the run, the day and the month leaves, and that of an item, if one is named.

        Raises BudgetSpent where it cannot be read.
        """
        sums, keys = _read(self._folder() / "calls.json"), _keys(self._now(), item)
        spent = {span: sums.get(keys[span.value], Amount()) for span in Span if span.value in keys}
        spent[Span.RUN] = self._run
        return tuple(
            Left(cap.key, cap.limit, max(0.0, cap.limit - spent[cap.span].of(cap.unit)))
            for cap in caps(self._budget)
            if cap.span in spent
        )

    def asked_this_hour(self, model: str) -> int:
        """How often a model that takes so many calls an hour was asked in this one. Raises BudgetSpent as `left`."""
        key = _keys(self._now(), model=model)["hour"]
        return _read(self._folder() / "calls.json").get(key, Amount()).calls

    def _check_leave(self, wanted: Amount) -> None:
        if not self._budget.allows_asking:
            raise _for_all("no outside model is asked without a budget", "set budget.calls_per_day in your own config")
        if wanted.usd and not self._budget.allows_money:
            raise BudgetSpent(
                "this model costs money, and no money may be spent", "set budget.usd_per_day in your own config"
            )

    def _correct(self, reserved: Reservation, spent: Amount) -> None:
        """What cannot be written costs nobody an answer: the reservation stands, which is never too little."""
        try:
            with self._lock, self._opened(self._now()) as sums:
                self._run = self._run - reserved.amount + spent
                for key in reserved.keys:
                    if key in sums:  # a month that is over is not corrected any more
                        sums[key] = sums[key] - reserved.amount + spent
        except DreamscapeError as error:
            logger.warning("%s", error)

    @contextlib.contextmanager
    def _opened(self, now: datetime) -> Iterator[_Sums]:
        """The sums, which nobody else changes meanwhile; kept unless the block raises, but for those that are over."""
        folder = self._folder()
        with explained(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "calls.json"
        with waiting_lock(folder / "calls.lock"):
            sums = _read(path)
            yield sums
            kept = {key: [sum_.calls, sum_.tokens, sum_.usd] for key, sum_ in sums.items() if _counts(key, now)}
            atomic_write(path, json.dumps(kept).encode(), private=True)


def _keys(now: datetime, item: str = "", model: str = "") -> dict[str, str]:
    keys = {"day": f"{now:%Y-%m-%d}", "month": f"{now:%Y-%m}"}
    keys |= {"item": f"{now:%Y-%m} item {item}"} if item else {}
    return keys | ({"hour": f"{now:%Y-%m-%dT%H} {model}"} if model else {})


def _counts(key: str, now: datetime) -> bool:
    """Whether a sum may still bind or be corrected: by a call that began before, or a machine whose clock is behind, by
    a day at the most (chosen)."""
    since = now - timedelta(days=1)
    return key[:10] >= f"{since:%Y-%m-%d}" if key[10:11] == "T" else key[:7] >= f"{since:%Y-%m}"


def _read(path: Path) -> _Sums:
    try:
        kept = json.loads(path.read_bytes())
        if "day" in kept:  # as older versions wrote it: one day's sums
            one = Amount(int(kept["calls"]), 0, float(kept.get("usd", 0.0)))
            return {str(kept["day"]): one, str(kept["day"])[:7]: one}
        return {key: Amount(int(calls), int(tokens), float(usd)) for key, (calls, tokens, usd) in kept.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _for_all(f"{path} cannot be read, so that today's calls are unknown", "remove it") from error


def _refusal(cap: Cap, left: float, wanted: Amount) -> BudgetSpent:
    hint = f"see budget.{cap.key}"
    match cap.unit:
        case "calls":
            when = {Span.DAY: "today", Span.MONTH: "this month"}.get(cap.span, f"in this {cap.span.value}")
            said = f"calls made {when}: {cap.limit - left:.0f}, allowed: {cap.limit:.0f}"
            return BudgetSpent(said, hint) if cap.span is Span.ITEM else _for_all(said, hint)
        case "tokens":
            return BudgetSpent(f"{left:.0f} tokens are left, and the next answer may take {wanted.tokens}", hint)
        case _:
            return BudgetSpent(f"{left:.4f} USD are left, and the next answer may cost {wanted.usd:.4f}", hint)


def _for_all(message: str, hint: str) -> BudgetSpent:
    error = BudgetSpent(message, hint)
    error.is_for_all = True
    return error
