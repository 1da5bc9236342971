"""What routing takes and gives: an item's features, facts of models, past outcomes; a route with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Failed:
    """A model that was asked about the present item and failed; ``cost_usd`` is what that took."""

    model: str
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of an item before it is solved.

    ``item`` names it, so that outcomes of one item are told from those of another. ``numbers`` are measures in any unit
    (log-scaled where they span orders of magnitude), ``words`` are kinds: repository, failure class, structure of the
    suspect; either may lack any key. ``failed`` are the models that failed on it already, in order.
    """

    item: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model before it was ever asked.

    ``cost_usd`` is what one item is expected to take by list price (0: free), ``tier`` 0 the cheapest and weakest.
    """

    name: str
    cost_usd: float
    tier: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One model asked about one item; of ``features`` all but ``failed`` counts."""

    features: Features
    model: str
    solved: bool
    cost_usd: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What to expect of one model at its place in the order, after all before it failed.

    ``chance`` of solving the item, between ``low`` and ``high`` with 90 % probability; ``index_usd`` is value minus
    cost over chance, what asking may cost beyond that; ``seconds`` is None where nothing was measured.
    """

    model: str
    chance: float
    low: float
    high: float
    cost_usd: float
    seconds: float | None
    index_usd: float
    why: str


@dataclass(frozen=True, slots=True)
class Route:
    """Models to ask one after another until one solves the item; then it is left to a person, for ``stop``.

    ``declined`` are the models not worth asking, estimated as after the last of ``order`` failed.
    """

    order: tuple[Estimate, ...]
    declined: tuple[Estimate, ...]
    stop: str
