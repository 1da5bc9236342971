"""What a replay of recorded outcomes through the routing policy shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatedTask:
    """A task and the models asked about it, in order; none where it was declined. ``solved`` by the last of them."""

    task_id: str
    tried: tuple[str, ...]
    solved: bool
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Yardstick:
    """One model asked once about every task: ``net_usd`` is value of what it solved minus what it cost."""

    model: str
    solved: int
    cost_usd: float
    net_usd: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """Tasks as they were routed, after the first ``warm`` ones were seen in full.

    ``best`` is the single model with the highest net in hindsight, ``strongest`` the one that solved most;
    ``oracle_usd`` the net of asking, for each task, the cheapest model that solves it. ``score`` is 0 at the net of
    ``best`` (or of doing nothing) and 1 at the oracle's, None where these are the same.
    """

    value: float
    warm: int
    tasks: tuple[SimulatedTask, ...]
    solved: int
    calls: int
    cost_usd: float
    net_usd: float
    best: Yardstick
    strongest: Yardstick
    oracle_usd: float
    score: float | None
