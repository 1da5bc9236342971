"""What a model's answers came to goes in; whether it is asked again, shown how much, and what needs a closer look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from dreamscape.domain.lessons import Flaw
from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord

DEAR_TIER = 2
"""From this tier on a question is dear, and a person is nearer than a third try (chosen)."""

ALLOWED: Mapping[Flaw, tuple[int, int]] = {
    Flaw.INVALID_PATCH: (2, 2),
    Flaw.SAME_FAILURE: (2, 1),
    Flaw.NEW_FAILURE: (3, 2),
    Flaw.REGRESSION: (3, 2),
    Flaw.TIMEOUT: (2, 1),
    Flaw.REFUSED: (2, 1),
    Flaw.DECLINED: (1, 1),
    Flaw.CUT_OFF: (1, 1),
}
"""So often an answer may come to this, in cheap tiers and in dear ones, until the next model is asked (chosen: a wrong
form is soon mended, a new failure shows progress, but a change that alters nothing was a guess, and who will not help
is not talked into it)."""

DEEPER_FROM = 2
"""So many cases a module has had in vain before it is looked at more closely (chosen)."""


def may_try_again(card: ModelCard, flaws: Sequence[Flaw]) -> bool:
    """Whether a model is asked about an item once more; ``flaws`` are what its answers came to so far."""
    dear = card.tier >= DEAR_TIER
    counted = Counter(flaws)
    return len(flaws) < card.attempts and all(count < ALLOWED[flaw][dear] for flaw, count in counted.items())


def context_level(card: ModelCard, failed: int) -> int:
    """How much of the code a question shows, from 0 on: more for each tier from the first dear one on, and no less than
    the number of other models that have ``failed`` on the item."""
    return max(0, card.tier - DEAR_TIER + 1, failed)


def needs_deeper_scan(path: str, history: Iterable[AttemptRecord]) -> bool:
    """Whether repairs of a module fail repeatedly: it is the first suspect of several cases that nobody has solved."""
    solved_by_case: dict[tuple[str, str], bool] = {}
    for attempt in history:
        if attempt.path == path:
            case = attempt.fingerprint, attempt.content
            solved_by_case[case] = solved_by_case.get(case, False) or attempt.solved
    return sum(not solved for solved in solved_by_case.values()) >= DEEPER_FROM
