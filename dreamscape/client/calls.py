"""How many prompts left this machine today, over all projects and runs of this user."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from dreamscape.domain.errors import BudgetSpent
from dreamscape.tools.files import atomic_write
from dreamscape.tools.locks import waiting_lock


def take_call(folder: Path, per_day: int, today: date) -> None:
    """Counts one more call, in ``folder``/calls.json; with ``per_day`` 0 they are bounded by money alone.

    Raises BudgetSpent where today's calls are made. A call is counted before it is made, so that none is free.
    """
    path = folder / "calls.json"
    with waiting_lock(folder / "calls.lock"):
        made = _made(path, today)
        if 0 < per_day <= made:
            raise BudgetSpent(f"calls made today: {made}, allowed: {per_day}", "see budget.calls_per_day")
        atomic_write(path, json.dumps({"day": today.isoformat(), "calls": made + 1}).encode(), private=True)


def _made(path: Path, today: date) -> int:
    try:
        kept = json.loads(path.read_bytes())
        return int(kept["calls"]) if kept["day"] == today.isoformat() else 0
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as error:
        raise BudgetSpent(f"{path} cannot be read, so that today's calls are unknown", "remove it") from error
