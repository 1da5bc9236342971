"""Models as the registry knows them, and what is said to and by them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from dreamscape.domain.routing import Estimate

ASSUMED_CONTEXT = 128_000
"""Tokens of prompt and answer together that a model is held to take whose card names none."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model before it is asked.

    ``provider`` is one of embedded, recorded, web, api; ``tier`` 0 is asked first; prices in USD per million tokens;
    ``attempts`` how often one item may be put to it; ``site`` names the profile of a chat site, ``account`` one of
    several logins there, ``url`` picks the model on it or is an endpoint's address, as far as ``/v1``; ``model`` is the
    endpoint's own name of it (empty: the card's). ``key_env`` names the environment variable that holds the key,
    ``keyring`` says that the keyring has it. ``insecure`` lets prompt and key travel unencrypted to another machine. An
    endpoint has ``connect_s`` to be reached, may be silent for ``silence_s``, and has ``answer_s`` in all.
    ``recording`` is the folder a recorded model answers from, and where others keep their answers for it.

    For prompt and answer together there are ``context_tokens``; ``prompt_tokens`` bounds a prompt beside that (0: no
    more), ``answer_tokens`` are reserved for an answer, and an endpoint with a price is held to them, another where
    ``answer_limit`` names its key for it. Where nobody counts, ``bytes_per_token`` of UTF-8 do. A model is asked for
    these ``kinds`` of work (repair, ask) and ``failure_classes`` (none named: all), in these ``hours`` of this
    machine's day ("22-6"; empty: always), about items of ``least_impact`` (0 to 1) or more, about at most
    ``concurrency`` things at once by one process, and ``calls_per_hour`` by all of them (0: no limit).
    """

    name: str
    provider: str
    tier: int = 0
    enabled: bool = True
    attempts: int = 3
    context_tokens: int = ASSUMED_CONTEXT
    usd_per_million_in: float = 0.0
    usd_per_million_out: float = 0.0
    url: str = ""
    recording: str = ""
    site: str = ""
    account: str = ""
    model: str = ""
    key_env: str = ""
    keyring: bool = False
    insecure: bool = False
    connect_s: float = 10.0
    silence_s: float = 120.0
    answer_s: float = 600.0
    prompt_tokens: int = 0
    answer_tokens: int = 4096
    answer_limit: str = ""
    bytes_per_token: float = 3.0
    kinds: tuple[str, ...] = ("repair", "ask")
    failure_classes: tuple[str, ...] = ()
    hours: str = ""
    concurrency: int = 0
    calls_per_hour: int = 0
    least_impact: float = 0.0

    @property
    def largest_prompt(self) -> int:
        """So many tokens a prompt may have; half of a small context, however long answers may be."""
        room = max(self.context_tokens // 2, self.context_tokens - self.answer_tokens)
        return min(room, self.prompt_tokens) if self.prompt_tokens else room

    def tokens_in(self, text: str) -> int:
        """How many tokens a text has, roughly, where the model has not counted them."""
        return math.ceil(len(text.encode("utf-8", "surrogatepass")) / self.bytes_per_token)

    def cost_usd(self, tokens_in: int, tokens_out: int) -> float:
        """What the listed prices make of so many tokens."""
        return (tokens_in * self.usd_per_million_in + tokens_out * self.usd_per_million_out) / 1e6

    @property
    def costs_money(self) -> bool:
        """Whether it has a price."""
        return bool(self.usd_per_million_in or self.usd_per_million_out)

    @property
    def is_paid(self) -> bool:
        """Whether each question may cost somebody: by a price, or on an account, at a chat site or behind a key."""
        return self.costs_money or self.provider == "web" or bool(self.key_env) or self.keyring

    @property
    def is_outside(self) -> bool:
        """Whether asking it leaves this machine's models: it takes budget, and time that others can use."""
        return self.provider in ("web", "api")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question in words; ``fingerprint`` and ``attempt`` (1 first) key a recording.

    ``why`` is told before it leaves this machine, if it is not empty, and ``about`` before that.
    """

    text: str
    fingerprint: str
    attempt: int
    why: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, exactly; ``finished`` is False where it was cut off, ``declined`` True where its endpoint
    says that it, or a filter in its place, refused to answer."""

    text: str
    model: str
    finished: bool = True
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Which models an item goes to, in this order, and why; an empty order leaves it to a person.

    ``looks_closer``: repairs of its module fail repeatedly, and what the scanner knows of it is to be told.
    ``estimates`` are what to expect of the models decided about, by name; ``features`` (JSON values) is what that rests
    on; ``stop`` says why those that are left are not asked, where some are.
    """

    order: tuple[ModelCard, ...]
    why: str
    looks_closer: bool = False
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    features: Mapping[str, object] = field(default_factory=dict)
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A key of a site's profile, the selector that finds something on the page now (None: none does) and its place
    among the alternatives (1 first); ``is_needed`` where no prompt can be sent or read without it."""

    key: str
    selector: str | None
    place: int | None
    is_needed: bool


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """What was found on a chat site with the session called ``session``; ``trouble`` is empty where all is well.

    ``is_verified``, ``evidence`` and ``version`` are what its profile says of itself; ``protocol`` is the page's ("h2",
    "http/1.1"). ``checked`` is when this or an earlier check last found all of the page as its profile says.
    """

    session: str
    url: str
    is_verified: bool
    evidence: str
    protocol: str = ""
    markers: tuple[Marker, ...] = ()
    trouble: str = ""
    advice: str = ""
    checked: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session kept on this machine; times in UTC as ISO 8601, empty where there is none; ``rests_until`` after a
    rate limit, ``trouble`` what went wrong last, ``checked`` when a check last found the page as its profile says."""

    session: str
    prompts: int
    asked: str
    rests_until: str
    trouble: str
    checked: str
