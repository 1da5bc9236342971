"""Models as the registry knows them, and what is said to and by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model before it is asked.

    ``provider`` is one of embedded, recorded, web, api; ``tier`` 0 is asked first; prices in USD per million tokens;
    ``attempts`` how often one item may be put to it; ``site`` names the profile of a chat site, ``url`` picks the
    model on it or names an endpoint; ``recording`` the folder a recorded model answers from.
    """

    name: str
    provider: str
    tier: int = 0
    enabled: bool = True
    attempts: int = 3
    context_tokens: int = 128_000
    usd_per_million_in: float = 0.0
    usd_per_million_out: float = 0.0
    url: str = ""
    recording: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question in words; ``fingerprint`` and ``attempt`` (1 first) key a recording."""

    text: str
    fingerprint: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, exactly; ``finished`` is False where it was cut off."""

    text: str
    model: str
    finished: bool = True
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Which models an item goes to, in this order, and why; an empty order leaves it to a person."""

    order: tuple[ModelCard, ...]
    why: str
