"""Items' features go in as numbers and words, a standardized matrix comes out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dreamscape.domain.routing import Features
from dreamscape.registry import policy_priors as priors

if TYPE_CHECKING:
    # Importing it costs as much time as the rest of numpy.
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.intp]


MOST_WORDS = 200
"""Columns for words at most, the most frequent: a fit takes time with the third power of them (chosen)."""

FARTHEST = 3.0
"""Standard deviations from the mean that a number counts as at most: where outcomes lie close together, one a little
way off would be as sure as none can be (chosen)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How features become a row: ``keys`` maps a column's name to its place; numbers lose ``mean`` and are divided by
    ``deviation``, words are 1 where they apply. What is unknown stands at the mean. ``groups`` tells columns of the
    same kind: all words of one key are one, each number is its own."""

    keys: Mapping[str, int]
    groups: Places
    mean: Array
    deviation: Array

    def row(self, features: Features) -> Array:
        """One item's row; keys never seen are left out."""
        row = self.mean.copy()
        for key, value in _pairs(features):
            place = self.keys.get(key)
            if place is not None:
                row[place] = value
        return np.clip((row - self.mean) / self.deviation, -FARTHEST, FARTHEST)


def known_ease(features: Features) -> float:
    """How much easier than a mean item its failure class makes it before any outcome, in log-odds."""
    return priors.CLASS_EASE.get(features.words.get("class", ""), 0.0)


def columns_of(items: Sequence[Features]) -> tuple[Columns, Array]:
    """The columns that these items have, and their matrix (items x columns)."""
    keys = _keys(items)
    raw = np.full((len(items), len(keys)), np.nan)
    for place, item in enumerate(items):
        for key, value in _pairs(item):
            if key in keys:
                raw[place, keys[key]] = value
    names = [key.split("=")[0] + "=" * ("=" in key) for key in keys]
    order = {name: place for place, name in enumerate(dict.fromkeys(names))}
    groups = np.array([order[name] for name in names], dtype=np.intp)
    is_word = np.array(["=" in key for key in keys], dtype=bool)
    raw[:, is_word] = np.nan_to_num(raw[:, is_word])
    known = ~np.isnan(raw)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(is_word, 0.0, np.where(known, raw, 0.0).sum(0) / count)
    centred = np.where(known, raw - mean, 0.0)
    deviation = np.sqrt((centred**2).sum(0) / count)
    # A number that never varied says nothing: infinity makes its column zero, also for an item where it differs.
    deviation = np.where(is_word, 1.0, np.where(deviation > 1e-9, deviation, np.inf))
    return Columns(keys, groups, mean, deviation), np.clip(centred / deviation, -FARTHEST, FARTHEST)


def _keys(items: Sequence[Features]) -> dict[str, int]:
    """Columns in order of first appearance; a word that only one item has tells nothing about others."""
    count = Counter(key for item in items for key, _ in _pairs(item))
    words = {key for key, _ in count.most_common() if "=" in key and count[key] > 1}
    kept = set(sorted(words, key=lambda key: (-count[key], key))[:MOST_WORDS])
    return {key: place for place, key in enumerate(key for key in count if "=" not in key or key in kept)}


def _pairs(features: Features) -> list[tuple[str, float]]:
    """Each column's name and value; a number that is none (NaN, infinity) and an empty word are unknown."""
    words = [(f"{key}={word}", 1.0) for key, word in features.words.items() if word]
    numbers = [(key.replace("=", "_"), float(value)) for key, value in features.numbers.items()]
    return words + [(key, value) for key, value in numbers if math.isfinite(value)]
