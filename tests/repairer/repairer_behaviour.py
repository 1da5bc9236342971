"""Groups plausible candidates by what they do on inputs made from the calls the visible tests make."""

from __future__ import annotations

import copy
import random
import re
import types
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from repairer_judge import PATH, _TooLong, limited, load, streamed, tests_of

from dreamscape.domain.repair import Behaviour, Candidate, RepairCase

_WANTED = 300
_ADDRESS = re.compile(r"0x[0-9a-f]+")


def behaviour_of(case: RepairCase, plausible: Sequence[Candidate], visible: str) -> Behaviour:
    """The plausible candidates, together where they differ on none of the made inputs."""
    sources = [candidate.applied_to(case.sources)[PATH] for candidate in plausible]
    seen = streamed([_observer(case.sources[PATH], source, visible) for source in sources], 30.0)
    groups: dict[str, list[Candidate]] = {}
    for candidate, outcome in zip(plausible, seen, strict=True):
        groups.setdefault(repr(outcome), []).append(candidate)
    ordered = sorted(groups.values(), key=len, reverse=True)
    inputs = min((len(outcome) for outcome in seen if isinstance(outcome, list)), default=0)
    return Behaviour(tuple(tuple(group) for group in ordered), inputs)


def _observer(original: bytes, source: bytes, visible: str) -> Callable[[], object]:
    def observe() -> object:
        plans = _plans(_recorded(original, visible))
        module = load(source)
        return [_outcome(module, plan) for plan in plans]

    return observe


def _outcome(module: types.ModuleType, plan: Any) -> str:
    def call() -> object:
        match copy.deepcopy(plan):
            case ("call", name, args, kwargs):
                result = getattr(module, name)(*args, **kwargs)
                return list(result)[:50] if hasattr(result, "__next__") else (result, args)
            case ("object", name, (args, kwargs), steps):
                made = getattr(module, name)(*args, **kwargs)
                seen: list[object] = []
                for method, (inner, named) in steps:
                    try:
                        seen.append(getattr(made, method)(*inner, **named))
                    except Exception as error:  # noqa: BLE001 - the program may raise anything
                        seen.append(type(error).__name__)
                return seen, vars(made)
        return None

    try:
        return _ADDRESS.sub("0x", repr(limited(call, 0.02))[:500])
    except (_TooLong, Exception) as error:  # noqa: BLE001 - the program may raise anything
        return type(error).__name__


def _recorded(source: bytes, visible: str) -> dict[str, list[Any]]:
    """The arguments the tests hand to functions, classes and methods of the program."""
    module = load(source)
    calls: dict[str, list[Any]] = {}
    depth = 0

    def wrapped(name: str, function: Callable[..., Any], skip: int) -> Callable[..., Any]:
        def record(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            if depth == 0:
                with suppress(Exception):
                    calls.setdefault(name, []).append(copy.deepcopy((args[skip:], kwargs)))
            depth += 1
            try:
                return function(*args, **kwargs)
            finally:
                depth -= 1

        return record

    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and value.__module__ == "buggy":
            setattr(module, name, wrapped(name, value, 0))
        elif isinstance(value, type) and value.__module__ == "buggy":
            for inner, method in list(vars(value).items()):
                if isinstance(method, types.FunctionType) and (inner == "__init__" or not inner.startswith("__")):
                    setattr(value, inner, wrapped(f"{name}.{inner}", method, 1))
    for test in tests_of(visible).values():
        depth = 0
        try:
            limited(test)
        except (_TooLong, Exception):  # noqa: BLE001 - the program may raise anything
            continue
    for each in calls.values():
        each[:] = [args for args in each if "object at" not in repr(args)]
    return {name: each for name, each in calls.items() if each}


def _plans(recorded: dict[str, list[Any]]) -> list[Any]:
    chance = random.Random(0)
    functions = [name for name in recorded if "." not in name]
    classes = sorted({name.partition(".")[0] for name in recorded if "." in name})
    plans: list[Any] = []
    for _ in range(_WANTED):
        if functions and (not classes or chance.random() < 0.5):
            name = chance.choice(functions)
            args, kwargs = chance.choice(recorded[name])
            plans.append(("call", name, tuple(_mutated(each, chance) for each in args), kwargs))
        elif classes:
            owner = chance.choice(classes)
            methods = [name for name in recorded if name.startswith(f"{owner}.") and not name.endswith("__init__")]
            start = chance.choice(recorded.get(f"{owner}.__init__", [((), {})]))
            start = (tuple(_mutated(each, chance) for each in start[0]), start[1])
            steps = []
            for _ in range(chance.randint(1, 6)):
                if methods:
                    method = chance.choice(methods)
                    args, kwargs = chance.choice(recorded[method])
                    steps.append((method.partition(".")[2], (tuple(_mutated(each, chance) for each in args), kwargs)))
            plans.append(("object", owner, start, steps))
    return plans


def _mutated(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """A value of the same shape and range, often a little different."""
    if chance.random() < 0.3:
        return copy.deepcopy(value)
    match value:
        case bool():
            return chance.random() < 0.5
        case int():
            return chance.choice([value + 1, value - 1, chance.randint(0, max(2, abs(value))), 0, 1, value * 2 % 1000])
        case float():
            return chance.choice([value + 1, value / 2, 0.0, float(chance.randint(0, 9))])
        case str():
            letters = value or "a"
            return "".join(chance.choice(letters) for _ in range(chance.randint(0, len(value) + 1)))
        case list() | tuple() if value:
            if depth and isinstance(value, tuple):
                return tuple(_mutated(each, chance, depth + 1) for each in value)
            items = [
                _mutated(chance.choice(value), chance, depth + 1) for _ in range(chance.randint(0, len(value) + 1))
            ]
            if depth == 0 and chance.random() < 0.3:
                items = list(value)
                chance.shuffle(items)
            return type(value)(items)
        case dict():
            return {key: _mutated(each, chance, depth + 1) for key, each in value.items() if chance.random() < 0.8}
    return copy.deepcopy(value)
