"""Items, cards and attempts go in; what the policy reads comes out: features, facts, outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import RepairCase, WorkItem
from dreamscape.domain.routing import Failed, Features, ModelFacts, Outcome
from dreamscape.registry.structure import structure_words

Measures = Callable[[str, int], Mapping[str, float]]
"""What the scanner measured at a line of a file: complexity, centrality, lines; nothing of what it does not know."""

HERE = frozenset({"embedded", "remembered"})
"""Providers, and names of the shipped cards, that cost nothing and are tried first: nobody decides about them."""

LEAST_IMPACT = 0.01
"""No failing test is worth nothing: what models do for free is tried anywhere (chosen)."""

PROMPT_BYTES = 6000
"""Of a prompt beside the code it shows: failures, tests, words (measured on prompts of the tests' projects)."""

USUAL_ANSWER_TOKENS = 1500
USUAL_QUESTIONS = 1.5
"""What one item is expected to take of a model that was never asked: tokens of an answer, and questions (chosen)."""


def features_of(item: WorkItem, measures: Measures, history: Sequence[AttemptRecord], repository: str = "") -> Features:
    """What is known of an item before it is solved: of its failure, its first suspect and its repository (a name), and
    who has failed on it already, and how."""
    case, vain = item.case, _in_vain(item.case, history)
    first = case.suspects[0] if case.suspects else None
    numbers = {
        "tests": math.log1p(len(case.tests)),
        "suspects": math.log1p(len({(suspect.path, suspect.function) for suspect in case.suspects})),
        "prompt": math.log1p(prompt_bytes(case)),
        "impact": item.impact,
    }
    words = {"class": case.failure_class.value} | ({"repository": repository} if repository else {})
    if case.failures:
        words["exception"] = case.failures[0].exception
    for attempt in vain:
        words["repairer" if attempt.model in HERE else "failed"] = attempt.outcome
    if first is not None:
        numbers |= {name: math.log1p(max(0.0, value)) for name, value in measures(first.path, first.line).items()}
        numbers["module_solved"] = _share_solved(first.path, case.fingerprint, history)
        words |= structure_words(case.sources.get(first.path, b""), first.line)
    return Features(item_name(case.fingerprint, case.content), numbers, words, _failed(vain))


def item_name(fingerprint: str, content: str) -> str:
    """One failure of one state of its code."""
    return f"{fingerprint}-{content}"


def prompt_bytes(case: RepairCase) -> int:
    """About how long a first prompt is: its suspects' files, as far as they are shown, and what is around them."""
    shown = sum(len(case.sources.get(path, b"")) for path in {suspect.path for suspect in case.suspects[:6]})
    return PROMPT_BYTES + min(shown, 2 * PROMPT_BYTES)


def worth_usd(impact: float, usd_per_impact: float) -> float:
    """What a repair is worth at an impact from 0 to 1."""
    return max(impact, LEAST_IMPACT) * usd_per_impact


def refactoring_usd(impact: float, drop: float, usd_per_impact: float) -> float:
    """What a refactoring that takes away the share ``drop`` (0 to 1) of the complexity is worth."""
    return impact * drop * usd_per_impact


def facts_of(card: ModelCard) -> ModelFacts:
    """A card as the policy reads it: the price is the listed one, and gives way to what outcomes cost."""
    tokens_in = math.ceil(2 * PROMPT_BYTES / card.bytes_per_token)
    answer = min(card.answer_tokens, USUAL_ANSWER_TOKENS)
    return ModelFacts(card.name, USUAL_QUESTIONS * card.cost_usd(tokens_in, answer), card.tier)


def outcomes_of(history: Iterable[AttemptRecord]) -> tuple[Outcome, ...]:
    """What the policy learns from: attempts of models that it decides about, in which something was tried."""
    return tuple(
        Outcome(_features_in(attempt), attempt.model, attempt.solved, attempt.cost_usd, attempt.seconds)
        for attempt in history
        if attempt.model not in HERE and (attempt.candidates or attempt.questions)
    )


def as_words(features: Features, chance: Mapping[str, float]) -> dict[str, object]:
    """Features, and the chance that each model was given, as JSON values to keep beside an attempt."""
    return {"numbers": dict(features.numbers), "words": dict(features.words), "chance": dict(chance)}


def as_last_seen(
    features: Features, fingerprint: str, history: Iterable[AttemptRecord]
) -> tuple[Features, tuple[str, ...]]:
    """An item's features with what was kept when it was last worked on, and the models that were asked then in vain."""
    ours = [attempt for attempt in history if attempt.fingerprint == fingerprint and attempt.model not in HERE]
    if not fingerprint or not ours:
        return features, ()
    last = [attempt for attempt in ours if attempt.content == ours[-1].content and not attempt.solved]
    kept = _features_in(ours[-1])
    numbers, words = {**features.numbers, **kept.numbers}, {**features.words, **kept.words}
    failed = tuple(Failed(attempt.model, attempt.cost_usd) for attempt in last)
    return Features(features.item, numbers, words, failed), tuple(dict.fromkeys(attempt.model for attempt in last))


def _features_in(attempt: AttemptRecord) -> Features:
    kept, name = attempt.features, item_name(attempt.fingerprint, attempt.content)
    numbers, words = kept.get("numbers"), kept.get("words")
    if not isinstance(numbers, Mapping) or not isinstance(words, Mapping):
        return Features(name, {}, {"class": attempt.failure_class.value})
    return Features(name, {key: float(value) for key, value in numbers.items()}, dict(words))


def _share_solved(path: str, fingerprint: str, history: Iterable[AttemptRecord]) -> float:
    """How many of a module's other cases models have solved, with one success and one failure before any."""
    solved: dict[str, bool] = {}
    for attempt in history:
        if attempt.path == path and attempt.fingerprint != fingerprint and attempt.model not in HERE:
            solved[attempt.fingerprint] = solved.get(attempt.fingerprint, False) or attempt.solved
    return (1 + sum(solved.values())) / (2 + len(solved))


def _in_vain(case: RepairCase, history: Iterable[AttemptRecord]) -> list[AttemptRecord]:
    """What was tried at this failure of this code; a repair that is remembered says nothing where it does not fit."""
    ours = (case.fingerprint, case.content)
    return [a for a in history if (a.fingerprint, a.content) == ours and not a.solved and a.model != "remembered"]


def _failed(vain: Iterable[AttemptRecord]) -> tuple[Failed, ...]:
    cost: dict[str, float] = {}
    for attempt in vain:
        if attempt.model not in HERE:
            cost[attempt.model] = cost.get(attempt.model, 0.0) + attempt.cost_usd
    return tuple(Failed(model, usd) for model, usd in cost.items())
