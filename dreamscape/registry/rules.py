"""A card's execution rules and the user's routes meet an item: who may be asked about it, and why another may not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dreamscape.domain.models import ModelCard
from dreamscape.domain.repair import WorkItem
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import Amount, broken_cap

KINDS = ("repair", "ask")
"""The kinds of work there are: repairs by `heal`, a person's own prompts by `ask`."""

_UNITS = {"usd": "USD", "tokens": "tokens", "calls": "calls"}

_HOURS = re.compile(r"([01]?\d|2[0-4])-([01]?\d|2[0-4])")


@dataclass(frozen=True, slots=True)
class RouteRule:
    """The user's word on who may be asked about some items: those with a suspect under ``paths`` (gitignore syntax),
    or of one of the ``failure_classes``; an empty list stands for all. Only ``models`` are asked about them."""

    models: tuple[str, ...]
    paths: tuple[str, ...] = ()
    failure_classes: tuple[str, ...] = ()


def hours_of(text: str) -> tuple[int, int] | None:
    """From which full hour to which, as in "22-6"; None where it is none."""
    found = _HOURS.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


def is_at_work(card: ModelCard, now: datetime) -> bool:
    """Whether its hours allow asking it at this time of this machine's day."""
    begin, end = hours_of(card.hours) or (0, 24)
    return begin <= now.hour < end if begin <= end else not end <= now.hour < begin


def route_for(item: WorkItem, routes: Iterable[RouteRule]) -> RouteRule | None:
    """The first route that holds for an item; one file of its suspects under a route's paths is enough, since a prompt
    shows them all."""
    return next((route for route in routes if _holds(route, item)), None)


def why_not(card: ModelCard, item: WorkItem, route: RouteRule | None, budget: BudgetSettings, now: datetime) -> str:
    """Why this model may not be asked about this item, by its card, the user's routes and budget; empty where it may.

    Routes and budget bind models outside; what runs here alone is always at hand.
    """
    classes, failure_class = card.failure_classes, item.case.failure_class.value
    if not card.enabled:
        return "disabled"
    if "repair" not in card.kinds:
        return f"only for {', '.join(card.kinds)}"
    if classes and failure_class not in classes:
        return f"only for {', '.join(classes)}, and this is {failure_class}"
    if item.impact < card.least_impact:
        return f"only from impact {card.least_impact:g} on, and this is {item.impact:.2f}"
    if not is_at_work(card, now):
        return f"only in the hours {card.hours}"
    if card.provider in ("embedded", "remembered"):
        return ""
    if route is not None and card.name not in route.models:
        return f"a route of yours leaves it to {', '.join(route.models)}"
    return _why_unpaid(card, budget) if card.is_outside else ""


def _why_unpaid(card: ModelCard, budget: BudgetSettings) -> str:
    if not budget.allows_asking:
        return "no budget: set budget.calls_per_day"
    if card.costs_money and not budget.allows_money:
        return "it costs money, and no money may be spent: set budget.usd_per_day"
    least = Amount(1, card.answer_tokens, card.cost_usd(0, card.answer_tokens))
    if broken := broken_cap(budget, least, {}):
        cap, _ = broken
        return f"one answer may take {least.of(cap.unit):g} {_UNITS[cap.unit]}, and budget.{cap.key} is {cap.limit:g}"
    return ""


def _holds(route: RouteRule, item: WorkItem) -> bool:
    case = item.case
    if route.failure_classes and case.failure_class.value not in route.failure_classes:
        return False
    if not route.paths:
        return True
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(route.paths)
    return any(spec.match_file(path) for path in {suspect.path for suspect in case.suspects})
