"""A table of recorded outcomes (CSV: task x model) goes in, checked tasks come out."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.errors import UsageError
from dreamscape.domain.routing import Features, ModelFacts

COLUMNS = "task_id, group, model, success (0 or 1), cost (USD), and any feature as f_NAME"


@dataclass(frozen=True, slots=True)
class Task:
    """One task with what came of each model that was recorded on it: solved, and cost in USD."""

    features: Features
    results: Mapping[str, tuple[bool, float]]


def read_table(path: Path) -> tuple[tuple[ModelFacts, ...], tuple[Task, ...]]:
    """The models of ``NAME.models.csv`` and the tasks of ``NAME.csv`` beside it, in the file's order.

    Raises UsageError naming file and line.
    """
    beside = path.with_name(f"{path.stem}.models.csv")
    facts = tuple(
        ModelFacts(row["model"], _number(row["prior_cost"], beside, line, "prior_cost"))
        for line, row in _rows(beside, ("model", "prior_cost"))
    )
    names = [model.name for model in facts]
    if len(set(names)) < len(names):
        raise UsageError(f"{beside} names a model twice", "each model has one line")
    tasks: dict[str, Features] = {}
    results: dict[str, dict[str, tuple[bool, float]]] = {}
    for line, row in _rows(path, ("task_id", "model", "success", "cost")):
        task, model = row["task_id"], row["model"]
        if model not in names:
            raise UsageError(f"{path}, line {line}: {beside.name} lacks the model {model!r}", "add a line for it")
        if row["success"] not in ("0", "1"):
            raise UsageError(f"{path}, line {line}: success is {row['success']!r}", "it is 0 or 1")
        tasks.setdefault(task, _features(task, row))
        if model in results.setdefault(task, {}):
            raise UsageError(f"{path}, line {line}: {task!r} has the model {model!r} twice", "a model is asked once")
        results[task][model] = row["success"] == "1", _number(row["cost"], path, line, "cost")
    return facts, tuple(Task(features, results[task]) for task, features in tasks.items())


def _rows(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """A file's rows with their line numbers."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path} lacks the column {missing[0]}", f"an outcome table has {COLUMNS}")
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", _ABOUT) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV file in UTF-8", _ABOUT) from error
    for line, row in rows:
        if None in row or None in row.values():
            raise UsageError(f"{path}, line {line} has more or fewer fields than the first line", _ABOUT)
    if not rows:
        raise UsageError(f"{path} has no rows", _ABOUT)
    return rows


_ABOUT = f"an outcome table has {COLUMNS}; NAME.models.csv beside it has model and prior_cost"


def _number(word: str, path: Path, line: int, name: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise UsageError(f"{path}, line {line}: {name} is {word!r}", "it is an amount of USD, 0 or more")
    return number


def _features(task: str, row: Mapping[str, str]) -> Features:
    """What may be known of a task beforehand: its group and the columns f_NAME."""
    numbers: dict[str, float] = {}
    words = {"group": row["group"]} if row.get("group") else {}
    for key, word in row.items():
        if key.startswith("f_") and word:
            try:
                number = float(word)
            except ValueError:
                words[key[2:]] = word
                continue
            if math.isfinite(number):
                numbers[key[2:]] = number
    return Features(task, numbers, words)
