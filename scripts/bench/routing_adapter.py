"""Dreamscape's routing policy behind the interface of a router simulator.

``Router(models, value, seed)``, ``choose(task, tried)``, ``update(...)``, ``fit(history)``: a simulator that replays
recorded outcomes asks one task after another and is the only one to tell an outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from dreamscape.domain.routing import Failed, Features, ModelFacts, Outcome
from dreamscape.registry.outcomes import learn, prepare
from dreamscape.registry.policy import decide


class Router:
    """One run of the policy: it keeps the outcomes it is told and decides by them."""

    def __init__(self, models: Mapping[str, Mapping[str, float]], value: float, seed: int) -> None:
        self._models = tuple(ModelFacts(name, float(facts["prior_cost"])) for name, facts in models.items())
        self._value = value
        self._beliefs = prepare(self._models, ())
        self._told: list[Outcome] = []
        self._item = 0

    def fit(self, history: Iterable[tuple[Mapping[str, object], Mapping[str, tuple[int, float]]]]) -> None:
        """Past tasks with what came of every model asked."""
        outcomes = []
        for task, results in history:
            self._item += 1
            features = self._features(task)
            outcomes += [Outcome(features, model, bool(ok), cost) for model, (ok, cost) in results.items()]
        self._beliefs = prepare(self._models, outcomes)

    def choose(self, task: Mapping[str, object], tried: Sequence[tuple[str, bool, float]]) -> str | None:
        """The model to ask next about this task, or None to leave it."""
        if not tried:
            if self._told:
                self._beliefs, self._told = learn(self._beliefs, self._told), []
            self._item += 1
        failed = tuple(Failed(model, cost) for model, _, cost in tried)
        route = decide(self._features(task, failed), self._models, self._beliefs, self._value, math.inf)
        return route.order[0].model if route.order else None

    def update(self, task: Mapping[str, object], model: str, success: int, cost: float) -> None:
        """What came of asking a model about the present task."""
        self._told.append(Outcome(self._features(task), model, bool(success), cost))

    def _features(self, task: Mapping[str, object], failed: tuple[Failed, ...] = ()) -> Features:
        numbers = {key: float(value) for key, value in task.items() if isinstance(value, (int, float))}
        words = {key: value for key, value in task.items() if isinstance(value, str)}
        return Features(str(self._item), numbers, words, failed)
