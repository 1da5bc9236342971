"""Joins registry, memory and scan for the commands that look at how models are chosen and what that rests on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.bootstrap import (
    MANY,
    Project,
    build_models,
    build_scanner,
    existing_history,
    history_if_any,
    opened_history,
)
from dreamscape.bootstrap.asking import build_ledger, usd_left
from dreamscape.domain.errors import UsageError
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.repair import RepairCase, Suspect, WorkItem

if TYPE_CHECKING:
    from dreamscape.domain.model_stats import Advice, ModelStats, ModelView
    from dreamscape.domain.ports import History
    from dreamscape.domain.records import AttemptRecord, ItemReport
    from dreamscape.domain.scan import ScanResult
    from dreamscape.domain.simulation import Simulation

ASKED = "it was asked about this before, and is again only once the code has changed"

LEARNED = "dreamscape.models-learned/1"


def model_stats(project: Project) -> ModelStats:
    """How models and routing did in this project."""
    from dreamscape.registry.stats import stats_of

    return stats_of(_attempts(project), project.loaded.settings.routing.usd_per_impact)


def model_view(project: Project, name: str) -> ModelView:
    """One model with what is known of it. Raises UsageError where there is none of that name."""
    from dreamscape.domain.model_stats import ModelView
    from dreamscape.registry.items import facts_of
    from dreamscape.registry.stats import record_of
    from dreamscape.tools.toml_files import hint_for

    cards = {card.name: card for card in build_models(project).cards()}
    if name not in cards:
        raise UsageError(f"there is no model {name!r}", hint_for(name, cards, "'dreamscape models list' shows them"))
    record = record_of(name, _attempts(project))
    measured = record.usd / record.asked if record else None
    return ModelView(cards[name], facts_of(cards[name]).cost_usd, measured, record)


def advise(project: Project, target: str, *, refactoring: bool = False) -> Advice:
    """Who would be asked about an item of an earlier run (its id, or a test of it) or about a file, and why; nobody is.
    A file may be valued as a ``refactoring`` of it.

    Raises UsageError where there is neither.
    """
    from dreamscape.domain.model_stats import Advice
    from dreamscape.registry.items import HERE, as_last_seen, refactoring_usd, worth_usd

    scan, attempts = build_scanner(project).scan(), _attempts(project)
    item = _item_called(project, target, scan, attempts)
    ledger, fingerprint = build_ledger(project), item.case.fingerprint
    known = _known_repairs(project)
    models = build_models(project, "", ledger, scan.measures_at, lambda failure: bool(known(failure)))
    refused = models.refusals(item, attempts)
    features, asked = as_last_seen(models.features(item, attempts), fingerprint, attempts)
    refused = {**refused, **{name: ASKED for name in asked if name not in refused}}
    allowed = [card for card in models.cards() if card.name not in refused]
    here = tuple(card.name for card in allowed if card.provider in HERE)
    cards = [card for card in allowed if card.provider not in HERE]
    left, scale = usd_left(ledger, fingerprint), project.loaded.settings.routing.usd_per_impact
    drop = scan.expected_drop(target) if refactoring else None
    worth = worth_usd(item.impact, scale) if drop is None else refactoring_usd(item.impact, drop, scale)
    route = models.route(features, cards, attempts, worth, fingerprint)
    told = left if math.isfinite(left) else None
    return Advice(target, item.impact, worth, told, route.order, route.declined, refused, route.stop, here)


def forget_learned(project: Project) -> int:
    """Forgets what models came to, and with it which questions they had; how many attempts."""
    with existing_history(project) as history:
        return history.forget_attempts()


def export_learned(project: Project) -> str:
    """What models came to, as JSON that `import_learned` reads."""
    from pydantic import TypeAdapter

    from dreamscape.domain.records import AttemptRecord

    attempts = TypeAdapter(tuple[AttemptRecord, ...]).dump_python(_attempts(project), mode="json")
    return json.dumps({"schema": LEARNED, "attempts": attempts}, indent=1)


def import_learned(project: Project, path: Path) -> int:
    """Adds what was exported elsewhere, or here before, as far as it is not there; how many attempts are new.

    Raises UsageError where the file cannot be read or is none of these.
    """
    from pydantic import TypeAdapter

    from dreamscape.domain.records import AttemptRecord

    try:
        content = json.loads(path.read_bytes())
        if content["schema"] != LEARNED:
            raise ValueError(f"its schema is {content['schema']}")
        attempts = TypeAdapter(tuple[AttemptRecord, ...]).validate_python(content["attempts"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        hint = "'dreamscape models learn --export' makes one"
        raise UsageError(f"{path} is no export of what models came to", hint) from error
    with opened_history(project) as history:
        known = set(map(_key, history.attempts()))
        fresh = [attempt for attempt in attempts if _key(attempt) not in known]
        for attempt in fresh:
            history.save_attempt(attempt)
    return len(fresh)


def _key(attempt: AttemptRecord) -> tuple[str, str, str, int]:
    return attempt.run, attempt.item, attempt.model, attempt.attempt


def _attempts(project: Project) -> tuple[AttemptRecord, ...]:
    with history_if_any(project) as history:
        return history.attempts() if history else ()


def _item_called(project: Project, target: str, scan: ScanResult, attempts: Iterable[AttemptRecord]) -> WorkItem:
    """As if it failed now, as far as that can be told without running a test."""
    with history_if_any(project) as history:
        known = _reported(history, target) if history else None
    paths = [a.path for a in attempts if known and a.fingerprint == known.fingerprint and a.path]
    path = paths[-1] if paths else next(iter(known.files), "") if known else target
    row = next((row for row in scan.files if row.path == path), None)
    if known is None and row is None:
        raise UsageError(
            f"there is neither an item nor a file {target!r}", "'dreamscape runs show last' shows items, 'scan' files"
        )
    line = row.riskiest.line if row and row.riskiest else 1
    # What is known of the file now counts, as it would for heal; the impact of then where it is not scanned any more.
    impact = scan.impact_of(path, line) if row else known.impact if known else 0.0
    fingerprint, kind = (known.fingerprint, known.failure_class) if known else ("", FailureClass.UNKNOWN)
    suspects = (Suspect(path, line, "", 1.0),) if row else ()
    return WorkItem("", RepairCase("", (), kind, fingerprint, suspects, _source(project, path)), impact)


def _known_repairs(project: Project) -> Callable[[str], tuple[str, ...]]:
    from dreamscape.engine import known_repairs
    from dreamscape.tools.git import Git

    with history_if_any(project) as history:
        return known_repairs(history, Git.find(project.root), project.root) if history else lambda fingerprint: ()


def _reported(history: History, target: str) -> ItemReport | None:
    """The newest item of this id, or with this test."""
    items = (item for run in history.runs(MANY) for item in run.items)
    return next((item for item in items if target == item.id or target in item.tests), None)


def _source(project: Project, path: str) -> dict[str, bytes]:
    try:
        return {path: (project.root / path).read_bytes()} if path else {}
    except OSError:
        return {}


def simulate(table: Path, value: float, warm: int) -> Simulation:
    """What the policy would have asked on a table of recorded outcomes. Raises UsageError where it cannot be read."""
    from dreamscape.registry.outcomes_replay import replay
    from dreamscape.registry.outcomes_table import read_table

    models, tasks = read_table(table)
    return replay(models, tasks, value, warm)
