"""What candidates did on inputs goes in, groups of those that did the same come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Told = Sequence[Sequence[str]]
"""For each input how the call ended (returned, raised, unsteady), a digest of all that was seen, a short text."""

_MOST_EXAMPLES = 5


def grouped(count: int, told: Mapping[int, Told], calls: Sequence[str]) -> tuple[list[list[int]], int, list[str]]:
    """Groups of the numbers below ``count``, the largest first; how many inputs told something; readable examples.

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
) -> list[str]:
    """Inputs on which groups differ, with what each does; groups are named A, B ... in order."""
    named = [(chr(ord("A") + place), group[0]) for place, group in enumerate(groups[:26]) if group[0] in steady]
    examples = []
    for at in kept:
        if len({steady[number][at][1] for _, number in named}) > 1:
            texts = [steady[number][at][2] for _, number in named]
            did = " | ".join(f"{name}: {text}" for (name, _), text in zip(named, texts, strict=True))
            hidden = " (what they do to the arguments differs)" if len(set(texts)) == 1 else ""
            examples.append(f"{calls[at]} -> {did}{hidden}")
    return examples[:_MOST_EXAMPLES]
