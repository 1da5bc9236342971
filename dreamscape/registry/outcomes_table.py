"""A table of recorded outcomes (CSV: task x model) goes in, checked tasks come out."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.errors import UsageError
from dreamscape.domain.routing import Features, ModelFacts

ABOUT = (
    "an outcome table has task_id, group, model, success (0 or 1), cost (USD), and any feature as f_NAME; "
    "NAME.models.csv beside it has model and prior_cost"
)

LARGEST_USD = 1e12
"""No single amount is larger, so that sums of them are numbers (chosen)."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task with what came of each model that was recorded on it: solved, and cost in USD."""

    features: Features
    results: Mapping[str, tuple[bool, float]]


def read_table(path: Path) -> tuple[tuple[ModelFacts, ...], tuple[Task, ...]]:
    """The models of ``NAME.models.csv`` and the tasks of ``NAME.csv`` beside it, in the file's order.

    Raises UsageError naming file and line.
    """
    rows, beside = _rows(path, ("task_id", "model", "success", "cost")), path.with_name(f"{path.stem}.models.csv")
    facts = _facts(beside)
    tasks: dict[str, Features] = {}
    results: dict[str, dict[str, tuple[bool, float]]] = {}
    for line, row in rows:
        task, model = _named(row, "task_id", path, line), _named(row, "model", path, line)
        if model not in facts:
            raise UsageError(f"{path}, line {line}: {beside.name} lacks the model {model!r}", "add a line for it")
        if row["success"] not in ("0", "1"):
            raise UsageError(f"{path}, line {line}: success is {row['success']!r}", "it is 0 or 1")
        tasks.setdefault(task, _features(task, row))
        if model in results.setdefault(task, {}):
            raise UsageError(f"{path}, line {line}: {task!r} has the model {model!r} twice", "a model is asked once")
        results[task][model] = row["success"] == "1", _number(row["cost"], path, line, "cost")
    return tuple(facts.values()), tuple(Task(features, results[task]) for task, features in tasks.items())


def _facts(path: Path) -> dict[str, ModelFacts]:
    facts: dict[str, ModelFacts] = {}
    for line, row in _rows(path, ("model", "prior_cost")):
        model = _named(row, "model", path, line)
        if model in facts:
            raise UsageError(f"{path}, line {line}: it has the model {model!r} twice", "each model has one line")
        facts[model] = ModelFacts(model, _number(row["prior_cost"], path, line, "prior_cost"))
    return facts


def _rows(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """A file's rows with their line numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(reader.fieldnames or (), needed, path)
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", ABOUT) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV file in UTF-8", ABOUT) from error
    for line, row in rows:
        if None in row or None in row.values():
            raise UsageError(f"{path}, line {line} has more or fewer fields than the first line", ABOUT)
    if not rows:
        raise UsageError(f"{path} has no rows", ABOUT)
    return rows


def _check_columns(names: Sequence[str], needed: Iterable[str], path: Path) -> None:
    if missing := [name for name in needed if name not in names]:
        raise UsageError(f"{path} lacks the column {missing[0]}", ABOUT)
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"{path} has the column {twice[0]} twice", ABOUT)


def _named(row: Mapping[str, str], column: str, path: Path, line: int) -> str:
    if not row[column].strip():
        raise UsageError(f"{path}, line {line}: {column} is empty", "it is a name")
    return row[column]


def _number(word: str, path: Path, line: int, name: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not 0 <= number <= LARGEST_USD:
        raise UsageError(f"{path}, line {line}: {name} is {word!r}", f"it is an amount of USD, 0 to {LARGEST_USD:g}")
    return number


def _features(task: str, row: Mapping[str, str]) -> Features:
    """What may be known of a task beforehand: its group and the columns f_NAME."""
    numbers: dict[str, float] = {}
    words = {"group": row["group"]} if row.get("group") else {}
    for key, word in row.items():
        if key.startswith("f_") and word:
            try:
                numbers[key[2:]] = float(word)
            except ValueError:
                words[key[2:]] = word
    return Features(task, numbers, words)
