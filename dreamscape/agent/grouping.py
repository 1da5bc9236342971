"""What candidates did on inputs goes in, groups of those that did the same come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dreamscape.domain.repair import Example

Told = Sequence[Sequence[str]]
"""For each input how the call ended (returned, raised, unsteady), a digest of all that was seen, a short text."""

_MOST_EXAMPLES = 50


def grouped(count: int, told: Mapping[int, Told], calls: Sequence[str]) -> tuple[list[list[int]], int, list[Example]]:
    """Groups of the numbers below ``count``, the largest first; how many inputs told something; examples.

    An input counts where nobody is unsteady and somebody returns: where all raise, it was none the code is meant for.
    Who is unsteady on most inputs, or told nothing, is alone.
    """
    steady = {number: own for number, own in told.items() if _is_steady(own)}
    kept = [at for at in range(len(calls)) if _tells([own[at] for own in steady.values()])]
    groups: dict[object, list[int]] = {}
    for number in range(count):
        alike = tuple(steady[number][at][1] for at in kept) if kept and number in steady else number
        groups.setdefault(alike, []).append(number)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group))
    return ordered, len(kept), _examples(ordered, steady, calls, kept)


def _is_steady(own: Told) -> bool:
    return bool(own) and 2 * sum(how == "unsteady" for how, _, _ in own) <= len(own)


def _tells(column: Sequence[Sequence[str]]) -> bool:
    ends = [how for how, _, _ in column]
    return "unsteady" not in ends and "returned" in ends


def _examples(
    groups: Sequence[Sequence[int]], steady: Mapping[int, Told], calls: Sequence[str], kept: Sequence[int]
) -> list[Example]:
    """Inputs on which groups differ, with what each does."""
    examples = []
    for at in kept:
        ends = [steady[group[0]][at] if group[0] in steady else ("", "", "cannot be compared") for group in groups]
        if len({digest for how, digest, _ in ends if how}) > 1:
            examples.append((calls[at], tuple(_told_apart(ends))))
    return examples[:_MOST_EXAMPLES]


def _told_apart(ends: Sequence[Sequence[str]]) -> Iterator[str]:
    """The texts of the ends; who answers like another and leaves other arguments behind says so."""
    first: dict[str, str] = {}
    for _, digest, text in ends:
        same = first.setdefault(text, digest) == digest
        yield text if same else f"{text}, and leaves its arguments otherwise"
