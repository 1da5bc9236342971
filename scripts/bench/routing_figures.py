"""Prints what the routing policy scores and costs, as rows of a Markdown table."""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from dreamscape.registry import policy_priors

IMPORT = "import time; t = time.process_time(); import dreamscape.registry.policy; print(time.process_time() - t)"

SAVING_STEPS = 7
"""How often the range of values is halved: the last step is a few hundredths of what the value is."""


def load(path: Path) -> ModuleType:
    """The simulator, which is a script and not a package."""
    spec = importlib.util.spec_from_file_location("route_eval", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["route_eval"] = module
    spec.loader.exec_module(module)
    return module


def score(simulator: Path, table: Path, mode: str, seeds: int, changed: Mapping[str, float]) -> dict[str, Any]:
    """One table's pooled score with its standard error, by value, and the money at the success of the strongest.

    ``changed`` are priors (of policy_priors) to be taken instead of the shipped ones.
    """
    for name, number in changed.items():
        setattr(policy_priors, name, number)
    evaluator = load(simulator)
    figures = evaluator.evaluate(table, "routing_adapter:Router", mode, seeds)
    figures["saved"] = saving(evaluator, table, mode, min(seeds, 5))
    return figures


def saving(evaluator: ModuleType, path: Path, mode: str, seeds: int) -> float | None:
    """Share of cost saved at the lowest value where as many tasks are solved as by the model that solves most.

    The value is found by halving the range on a logarithmic scale, from a median call's cost to 100 times a call of
    that model. None where not even the highest solves as many.
    """
    from routing_adapter import Router

    table = evaluator.Table(path)
    solved, cost = table.chance.mean(0), table.cost.mean(0)
    strongest = int(solved.argmax())
    low, high, saved = float(statistics.median(cost)), 100 * float(cost[strongest]), None
    for step in range(SAVING_STEPS + 1):
        value = math.sqrt(low * high) if step else high
        runs = [evaluator.replay(table, Router, value, seed, mode) for seed in range(seeds)]
        if statistics.mean(run["solved"] for run in runs) < float(solved[strongest]):
            if not step:
                return None
            low = value
        else:
            high, saved = value, 1 - statistics.mean(run["cost"] for run in runs) / float(cost[strongest])
    return saved


def decision_ms() -> float:
    """Median CPU time of a decision among 20 models after 10,000 outcomes, in milliseconds."""
    from dreamscape.domain.routing import Features, ModelFacts, Outcome
    from dreamscape.registry.outcomes import prepare
    from dreamscape.registry.policy import decide

    rng = random.Random(1)
    models = [ModelFacts(f"m{place}", 0.01 * 1.5**place) for place in range(20)]
    outcomes = [
        Outcome(
            Features(str(n // 3), {"size": rng.random()}, {"class": rng.choice("abcdefgh")}),
            rng.choice(models).name,
            rng.random() < 0.5,
            0.01,
        )
        for n in range(10_000)
    ]
    beliefs, times = prepare(models, outcomes), []
    for _ in range(50):
        start = time.process_time()
        decide(Features("new", {"size": 0.3}, {"class": "a"}), models, beliefs, 1.0, math.inf)
        times.append(time.process_time() - start)
    return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("simulator", type=Path)
    parser.add_argument("--data", type=Path, action="append")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER", help="a prior to change")
    arguments = parser.parse_args()
    changed = {name: float(number) for name, number in (each.split("=") for each in arguments.set)}
    if unknown := [name for name in changed if not hasattr(policy_priors, name)]:
        parser.error(f"policy_priors has no {unknown[0]}")
    beside = arguments.simulator.resolve().parent
    tables = arguments.data or sorted(p for p in beside.glob("*.csv") if not p.name.endswith(".models.csv"))
    print("| table | mode | pooled (se) | by value | solved, USD, calls a task at the middle value | saved |")
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(2) as pool:
        for mode in ("warm", "cold"):
            jobs = [pool.submit(score, arguments.simulator, table, mode, arguments.seeds, changed) for table in tables]
            results = [job.result() for job in jobs]
            for each in results:
                by_value = " ".join(f"{gain:+.2f}" for gain in each["by_value"])
                middle = f"{each['solved']:.3f}, {each['cost']:.3g}, {each['calls']:.2f}"
                saved = "-" if each["saved"] is None else f"{each['saved']:.0%}"
                print(
                    f"| {each['table']} | {mode} | {each['pooled']:+.3f} ({each['error']:.3f}) | {by_value} "
                    f"| {middle} | {saved} |",
                    flush=True,
                )
            print(f"| mean | {mode} | {statistics.mean(each['pooled'] for each in results):+.3f} | | | |", flush=True)
    print(f"\ndecision among 20 models after 10,000 outcomes: {decision_ms():.2f} ms CPU")
    imported = [float(subprocess.check_output([sys.executable, "-c", IMPORT])) for _ in range(5)]
    print(f"import of the policy: {statistics.median(imported):.3f} s CPU")


if __name__ == "__main__":
    main()
