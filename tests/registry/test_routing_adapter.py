"""The router that a simulator scores is the policy that `models simulate` replays: they ask alike on the same table."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dreamscape.domain.routing import Features, ModelFacts
from dreamscape.registry.outcomes_replay import replay
from dreamscape.registry.outcomes_table import Task

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench" / "routing_adapter.py"
MODELS = {"small": 0.01, "middle": 0.1, "large": 0.6}


def adapter() -> Any:
    spec = importlib.util.spec_from_file_location(SCRIPT.stem, SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tasks(number: int = 60) -> list[Task]:
    rng, made = random.Random(7), []
    for task in range(number):
        size, group = rng.gauss(0, 1), rng.choice(("web", "core"))
        results = {
            name: (rng.gauss(place - size + (group == "web"), 2) > 0, cost * rng.uniform(0.5, 3))
            for place, (name, cost) in enumerate(MODELS.items())
        }
        made.append(Task(Features(f"t{task}", {"size": size}, {"group": group}), results))
    return made


def asked_by_router(made: Sequence[Task], value: float, warm: int) -> list[tuple[str, ...]]:
    """The protocol of `route_eval.py`: a task ends at the first success, or when the router stops."""
    router = adapter().Router({name: {"prior_cost": cost} for name, cost in MODELS.items()}, value, 0)
    known: list[Mapping[str, object]] = [{**task.features.numbers, **task.features.words} for task in made]
    if warm:
        router.fit([(seen, task.results) for seen, task in zip(known[:warm], made[:warm], strict=True)])
    asked = []
    for seen, task in zip(known[warm:], made[warm:], strict=True):
        tried: list[tuple[str, bool, float]] = []
        while (not tried or not tried[-1][1]) and (name := router.choose(seen, tried)) is not None:
            solved, cost = task.results[name]
            router.update(seen, name, int(solved), cost)
            tried.append((name, solved, cost))
        asked.append(tuple(name for name, _, _ in tried))
    return asked


@pytest.mark.parametrize("warm", [0, 20])
@pytest.mark.parametrize("value", [0.5, 2.0, 5.0])
def test_router_and_simulation_ask_the_same_models_in_the_same_order(value: float, warm: int) -> None:
    made = tasks()
    facts = [ModelFacts(name, cost) for name, cost in MODELS.items()]

    simulated = [task.tried for task in replay(facts, made, value, warm).tasks]

    assert asked_by_router(made, value, warm) == simulated
    assert len(set(simulated)) > 1
