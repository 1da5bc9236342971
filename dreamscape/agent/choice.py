"""Chooses among candidates that all pass the tests: which is best, and whether it may land by itself."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from dreamscape.domain.repair import Behaviour, Candidate, Choice

INPUTS_NEEDED = 200
"""On how many generated inputs plausible candidates must agree before one of them lands (the design's number)."""

DOUBTFUL = {
    "drop-statement": "it only leaves a statement out",
    "drop-frame": "it only takes a condition away",
    "try-around": "it hides an exception",
    "replace-condition": "it puts another condition in the place of the written one",
    "value-of": "it throws a computation away",
}
"""Kinds of change (last part of a candidate's origin) that often pass tests without being right.

Leaving code out or answering with something fixed satisfies any test that is weak at that place, which is how most
wrong patches of search-based repair look (Qi, Long, Achour and Rinard 2015)."""


def choose(plausible: Sequence[Candidate], behaviour: Behaviour) -> Choice:
    """The best of some plausible candidates, all of one case; raises ValueError where there is none.

    Best is the most natural member of the group that holds the most weight in sum: many different edits that come to
    the same behaviour, or one very likely edit, speak for a group more than bare numbers do. Within a group an edit
    of no doubtful kind comes first, then the weightier, then the shorter.

    It may land only if nothing that passes the tests speaks against it:

    1. No plausible candidate behaves differently on any generated input. A test suite that lets two behaviours pass
       does not say which is wanted, and neither do we.
    2. Of several plausible candidates, at least `INPUTS_NEEDED` inputs were compared; few inputs show agreement
       where there is none. A single one needs no comparison.
    3. At least one edit of the group is of a kind that repairs rather than silences (see `DOUBTFUL`), changes one
       place rather than two unrelated ones, does more than take code away, and does not just return a literal.
    """
    if not plausible:
        raise ValueError("no plausible candidate to choose from")
    groups = behaviour.groups or (tuple(plausible),)
    group = max(groups, key=lambda members: (sum(each.weight for each in members), len(members)))
    best = min(group, key=_unnaturalness)
    rivals = tuple(min(other, key=_unnaturalness) for other in groups if other is not group)
    objection = _objection(best, len(plausible), behaviour.inputs, len(rivals))
    why = objection or _agreement(len(plausible), behaviour.inputs)
    return Choice(best, not objection, why, rivals, behaviour.examples if rivals else ())


def _objection(best: Candidate, plausible: int, inputs: int, rivals: int) -> str:
    """Why the best one may not land by itself; empty where it may."""
    if rivals and not inputs:
        return f"{rivals + 1} different changes pass the tests, and no input could be compared"
    if rivals:
        return f"{rivals} other behaviour{'s' if rivals > 1 else ''} also pass{'' if rivals > 1 else 'es'} the tests"
    if plausible > 1 and inputs < INPUTS_NEEDED:
        return f"{plausible} changes pass the tests and only {inputs} inputs could be compared, {INPUTS_NEEDED} needed"
    doubt = _doubt(best)
    return f"it passes the tests, but {doubt}" if doubt else ""


def _agreement(plausible: int, inputs: int) -> str:
    if plausible == 1:
        return "the only change found that passes the tests"
    return f"all {plausible} changes that pass the tests behave alike on {inputs} inputs"


def _doubt(candidate: Candidate) -> str:
    """Why a change of this kind is not trusted alone; empty where it is."""
    kinds = candidate.origin.rpartition(":")[2].split("+")
    if len(kinds) > 1:
        return "it changes two places at once"
    if all(not edit.replacement.strip() for edit in candidate.edits):
        return "it only takes code away"
    if kinds[0] == "returned-value" and all(_is_literal(edit.replacement) for edit in candidate.edits):
        return "it answers with a fixed value"
    return DOUBTFUL.get(kinds[0], "")


def _is_literal(code: bytes) -> bool:
    try:
        ast.literal_eval(code.decode("utf-8", "replace").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _unnaturalness(candidate: Candidate) -> tuple[bool, float, int, str]:
    size = sum(len(edit.replacement) + edit.end - edit.start for edit in candidate.edits)
    return bool(_doubt(candidate)), -candidate.weight, size, candidate.id
