"""Recorded outcomes go through the policy as if they happened now; what it would have asked and spent comes out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dreamscape.domain.errors import UsageError
from dreamscape.domain.routing import Failed, ModelFacts, Outcome
from dreamscape.domain.simulation import SimulatedTask, Simulation, Yardstick
from dreamscape.registry.outcomes import Beliefs, learn, prepare
from dreamscape.registry.outcomes_table import LARGEST_USD, Task
from dreamscape.registry.policy import decide


def replay(models: Sequence[ModelFacts], tasks: Sequence[Task], value: float, warm: int) -> Simulation:
    """Routes all tasks but the first ``warm``, whose outcomes are all known; a later outcome only once its model was
    asked. Raises UsageError for a value that is no amount, or fewer tasks than ``warm``."""
    if not 0 < value <= LARGEST_USD:
        raise UsageError(f"a solved task cannot be worth {value} USD", f"--value is above 0, up to {LARGEST_USD:g}")
    if warm < 0:
        raise UsageError(f"--warm {warm} is no number of tasks", "it is 0 or more")
    if warm >= len(tasks):
        raise UsageError(f"--warm {warm} leaves none of the {len(tasks)} tasks", "give fewer")
    beliefs = prepare(models, [outcome for task in tasks[:warm] for outcome in _outcomes(task, task.results)])
    routed = []
    for task in tasks[warm:]:
        done = _routed(task, models, beliefs, value)
        routed.append(done)
        if done.tried:
            beliefs = learn(beliefs, _outcomes(task, done.tried))
    return _told(models, tasks[warm:], tuple(routed), value, warm)


def _outcomes(task: Task, names: Iterable[str]) -> list[Outcome]:
    return [Outcome(task.features, name, *task.results[name]) for name in names]


def _routed(task: Task, models: Sequence[ModelFacts], beliefs: Beliefs, value: float) -> SimulatedTask:
    """Asks one model after another, deciding anew after each failure."""
    candidates = [model for model in models if model.name in task.results]
    failed: tuple[Failed, ...] = ()
    while True:
        route = decide(replace(task.features, failed=failed), candidates, beliefs, value, math.inf)
        tried, spent = tuple(each.model for each in failed), sum(each.cost_usd for each in failed)
        if not route.order:
            return SimulatedTask(task.features.item, tried, False, spent)
        name = route.order[0].model
        solved, cost = task.results[name]
        if solved:
            return SimulatedTask(task.features.item, (*tried, name), True, spent + cost)
        failed = (*failed, Failed(name, cost))


def _told(
    models: Sequence[ModelFacts], tasks: Sequence[Task], routed: tuple[SimulatedTask, ...], value: float, warm: int
) -> Simulation:
    singles = [_yardstick(model.name, tasks, value) for model in models]
    best = max(singles, key=lambda single: single.net_usd)
    cheapest = [min((cost for ok, cost in task.results.values() if ok), default=math.inf) for task in tasks]
    oracle = sum(value - cost for cost in cheapest if cost < value)
    solved, cost = sum(task.solved for task in routed), sum(task.cost_usd for task in routed)
    net, base = value * solved - cost, max(best.net_usd, 0.0)
    return Simulation(
        value=value,
        warm=warm,
        tasks=routed,
        solved=solved,
        calls=sum(len(task.tried) for task in routed),
        cost_usd=cost,
        net_usd=net,
        best=best,
        strongest=max(singles, key=lambda single: (single.solved, -single.cost_usd)),
        oracle_usd=oracle,
        score=(net - base) / (oracle - base) if oracle > base else None,
    )


def _yardstick(name: str, tasks: Sequence[Task], value: float) -> Yardstick:
    results = [task.results[name] for task in tasks if name in task.results]
    solved, cost = sum(ok for ok, _ in results), sum(cost for _, cost in results)
    return Yardstick(name, solved, cost, value * solved - cost)
