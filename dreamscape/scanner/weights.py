"""What each signal weighs: the prior, and what was learned from a project's own past, kept in a small file.

Risk is a rate: the fixes to expect in a file within half a year are ``exp(base + sum of weight * log(1 + signal))``.
A weight is thus an exponent: at 0.5 a file with four times the churn is expected to need twice the fixes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamscape.scanner.memory import make_place
from dreamscape.tools.files import atomic_write

FILE = "scan-weights.json"
FORMAT = "1"
LARGEST = 5.0
"""No weight is larger: what a project's files say can move files, but not switch all other signals off."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Exponents by signal, and the logarithm of the rate of a file without any; ``origin`` tells where from."""

    of: Mapping[str, float]
    base: float
    origin: str = "prior"


PRIOR = Weights(
    {
        "size": 0.25,
        "complexity": 0.17,
        "lately": 0.27,
        "churn": 0.25,
        "fixes": 0.12,
        "authors": 0.12,
        "age": -0.15,
        "neighbours": 0.19,
        "failures": 0.3,
    },
    base=-3.31,
)
"""Learned from twenty projects none of which the ranking is measured on (`scripts/bench/impact prior` learns it again),
rounded to what their number allows. Past failures have no measured prior; their weight is chosen."""
PRIOR_WITHOUT_HISTORY = Weights({"size": 0.46, "complexity": 0.41, "failures": 0.3}, -4.34, "prior without history")
"""The same where git tells nothing: size and complexity then stand for the churn they go with."""


def stored(folder: Path | None) -> Weights | None:
    """The weights learned for a project, from its state folder; None where there are none that can be used."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        data = json.loads((folder / FILE).read_bytes())
        of = {name: float(data["weights"][name]) for name in PRIOR.of}
        base, origin = float(data["base"]), str(data["origin"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if data.get("format") != FORMAT or not all(abs(value) <= LARGEST for value in of.values()) or not abs(base) < 30:
        return None
    return Weights(of, base, origin)


def store(folder: Path, weights: Weights) -> None:
    """Keeps weights for the scans to come. Raises CannotGoOn, DiskFull."""
    make_place(folder / FILE)
    data = {"format": FORMAT, "origin": weights.origin, "base": weights.base, "weights": dict(weights.of)}
    atomic_write(folder / FILE, json.dumps(data, indent=1).encode("ascii"))


def rate(weights: Weights, signals: Mapping[str, float]) -> float:
    """Fixes to expect within half a year."""
    return math.exp(min(weights.base + sum(weights.of[name] * math.log1p(value) for name, value in signals.items()), 9))
