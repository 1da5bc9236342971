"""Chooses among candidates that all pass the tests: which is best, and whether it may land by itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from dreamscape.agent.conditions import ANOTHER_CONDITION, doubtful_condition
from dreamscape.agent.naturalness import naturalness
from dreamscape.domain.repair import Behaviour, Candidate, Choice

INPUTS_NEEDED = 200
"""On how many generated inputs plausible candidates must agree before one of them lands (the design's number)."""

RIVALS_SHARE = 0.6
"""A behaviour held to be less likely than this share of the best one does not keep it from landing (chosen)."""

DOUBT = 0.25
"""How much less likely a change of a doubtful kind is than its weight says, since weak tests let it pass (chosen)."""

MOST_EXAMPLES = 5

_ANY_EXCEPTION = re.compile(rb"\b(Base)?Exception\b")

DOUBTFUL = {
    "drop-statement": "it only leaves a statement out",
    "drop-frame": "it only takes a condition away",
    "try-around": "it hides an exception",
    "replace-condition": ANOTHER_CONDITION,
    "value-of": "it throws a computation away",
    "swap-parameters": "it exchanges parameters, whose names and order callers rely on",
}
"""Kinds of change (last part of a candidate's origin) that often pass tests without being right.

Leaving code out or answering with something fixed satisfies any test that is weak at that place, which is how most
wrong patches of search-based repair look (Qi, Long, Achour and Rinard 2015)."""


def choose(plausible: Sequence[Candidate], behaviour: Behaviour, sources: Mapping[str, bytes]) -> Choice:
    """The best of some plausible candidates, all of one case; raises ValueError where there is none.

    How likely a candidate is, is its weight, less where it is of a doubtful kind or reads like nothing that people
    write. Best is the likeliest member of the likeliest group. Edits that come to the same behaviour speak for it
    together, but not independently: each counts half of what the likelier one before it does. Within a group an edit
    of no doubtful kind comes first, then the likelier, then the shorter.

    It may land only if nothing that passes the tests speaks against it:

    1. No rival behaves differently on any generated input. A test suite that lets two behaviours pass does not say
       which is wanted, and neither do we. A rival is a group as likely as the best one, down to `RIVALS_SHARE`; where
       no input could be compared, every other candidate is one.
    2. Of several candidates in the group, at least `INPUTS_NEEDED` inputs were compared; few inputs show agreement
       where there is none. A single one needs no comparison.
    3. At least one edit of the group is of a kind that repairs rather than silences (see `DOUBTFUL`), changes one
       place rather than two unrelated ones, does more than take code away, and does not just return a literal.
    """
    if not plausible:
        raise ValueError("no plausible candidate to choose from")
    likely = {each.id: _likelihood(each, sources) for each in plausible}

    def merit(candidate: Candidate) -> tuple[bool, float, int, str]:
        size = sum(len(edit.replacement) + edit.end - edit.start for edit in candidate.edits)
        return bool(_doubt(candidate, sources)), -likely[candidate.id], size, candidate.id

    def peak(group: Sequence[Candidate]) -> float:
        return max(likely[each.id] for each in group)

    def support(group: Sequence[Candidate]) -> float:
        worths = sorted((likely[each.id] for each in group), reverse=True)
        return sum(worth * 0.5**place for place, worth in enumerate(worths))

    groups = behaviour.groups or (tuple(plausible),)
    group = max(groups, key=lambda members: (support(members), len(members)))
    best = min(group, key=merit)
    least = RIVALS_SHARE * peak(group) if behaviour.inputs else 0.0
    rival_groups = [other for other in groups if other is not group and peak(other) >= least]
    rivals = tuple(min(other, key=merit) for other in rival_groups)
    objection = _objection(group, behaviour.inputs, len(rivals)) or _doubted(_doubt(best, sources))
    why = objection or _agreement(len(group), len(groups) - 1, behaviour.inputs)
    shown = [groups.index(each) for each in (group, *rival_groups)]
    return Choice(best, not objection, why, rivals, _examples(behaviour, shown) if rivals else ())


def _likelihood(candidate: Candidate, sources: Mapping[str, bytes]) -> float:
    return candidate.weight * naturalness(candidate, sources) * (DOUBT if _doubt(candidate, sources) else 1.0)


def _objection(group: Sequence[Candidate], inputs: int, rivals: int) -> str:
    """Why the best one may not land by itself; empty where it may."""
    if rivals and not inputs:
        return f"{rivals + 1} different changes pass the tests, and no input could be compared"
    if rivals:
        return f"{rivals} other behaviour{'s' if rivals > 1 else ''} also pass{'' if rivals > 1 else 'es'} the tests"
    if len(group) > 1 and inputs < INPUTS_NEEDED:
        return f"{len(group)} changes pass the tests and only {inputs} inputs could be compared, {INPUTS_NEEDED} needed"
    return ""


def _doubted(doubt: str) -> str:
    return f"it passes the tests, but {doubt}" if doubt else ""


def _agreement(alike: int, others: int, inputs: int) -> str:
    if alike == 1 and not others:
        return "the only change found that passes the tests"
    less = f"{others} other behaviour{'s' if others > 1 else ''} that pass{'' if others > 1 else 'es'} the tests"
    if alike == 1:
        return f"far likelier than {less}"
    if others:
        return f"{alike} changes behave alike on {inputs} inputs, and are far likelier than {less}"
    return f"{'both' if alike == 2 else f'all {alike}'} changes that pass the tests behave alike on {inputs} inputs"


def _examples(behaviour: Behaviour, shown: Sequence[int]) -> tuple[str, ...]:
    """Inputs on which the shown groups differ, the chosen one's answer first."""
    told = []
    for call, answers in behaviour.examples:
        texts = [answers[at] if at < len(answers) else "cannot be compared" for at in shown]
        if len(set(texts)) > 1:
            did = [f"proposed: {texts[0]}", *(f"rival {n}: {text}" for n, text in enumerate(texts[1:], 1))]
            told.append(f"{call} -> {' | '.join(did)}")
    return tuple(told[:MOST_EXAMPLES])


def _doubt(candidate: Candidate, sources: Mapping[str, bytes]) -> str:
    """Why a change of this kind is not trusted alone; empty where it is."""
    kinds = candidate.origin.rpartition(":")[2].split("+")
    if len(kinds) > 1:
        return "it changes two places at once"
    if all(not edit.replacement.strip() for edit in candidate.edits):
        return "it only takes code away"
    if kinds[0] == "caught" and any(_ANY_EXCEPTION.search(edit.replacement) for edit in candidate.edits):
        return "it catches every exception"
    if kinds[0] == "returned-value" and all(_is_literal(edit.replacement) for edit in candidate.edits):
        return "it answers with a fixed value"
    return DOUBTFUL.get(kinds[0], "") or doubtful_condition(candidate, sources)


def _is_literal(code: bytes) -> bool:
    try:
        ast.literal_eval(code.decode("utf-8", "replace").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True
