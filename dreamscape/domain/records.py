"""What the store gives back about earlier runs, and what a run reports of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.repair import ItemState, SetAside, VerdictState, WorkItem
from dreamscape.domain.runs import Tally, TestRun


@dataclass(frozen=True, slots=True)
class Plan:
    """What a heal run is about to do, for a person to approve; ``target`` says where repairs would land."""

    baseline: TestRun
    items: tuple[WorkItem, ...]
    set_aside: tuple[SetAside, ...]
    target: str


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One line of a heal report (`dreamscape heal --json`, key ``items``)."""

    id: str
    kind: str
    tests: tuple[str, ...]
    failure_class: FailureClass
    impact: float
    state: ItemState
    model: str | None
    attempts: int
    files: tuple[str, ...]
    commit: str | None
    cost_usd: float
    seconds: float
    why: str
    fingerprint: str = ""
    diff: str = ""
    rivals: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    summary: str = ""
    tried: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    """``diff`` is the landed or proposed change, ``summary`` says in words where and what it changes, ``rivals`` are
    the diffs that behave differently, ``examples`` where; ``tried`` tells what models proposed in vain, ``signals``
    what is known of a module whose repair fails repeatedly."""


@dataclass(frozen=True, slots=True)
class HealReport:
    """The whole of a heal run; ``final`` is a fresh full run of the resulting head, None where there was none.

    ``mode`` is branch, commit or patch; ``branch`` what it landed on, ``patches`` the files it wrote instead;
    ``answers`` counts those of models that were asked in words.
    """

    run: str
    baseline: Tally | None
    final: Tally | None
    items: tuple[ItemReport, ...]
    cost_usd: float
    seconds: float
    branch: str | None
    exit_code: int
    notes: tuple[str, ...] = ()
    mode: str = "branch"
    patches: tuple[str, ...] = ()
    answers: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """An earlier run as the store remembers it.

    ``ended`` is None while it works and if it was killed; ``interrupted`` says that its process is gone.
    """

    id: str
    command: str
    base: str | None
    branch: str | None
    started: datetime
    ended: datetime | None
    exit_code: int | None
    baseline: Tally | None
    final: Tally | None
    items: tuple[ItemReport, ...]
    sandbox: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    interrupted: bool = False


ACCEPTABLE = ("open", "rejected")
"""States of a review whose change a person may still accept."""


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """Something a person has to look at: a change that was not allowed to land by itself, or an unsolved item."""

    id: int
    run: str
    item: ItemReport
    base: str | None
    state: str
    """open, accepted, rejected (what was undone, too), superseded by a newer run's review of the same case, or
    obsolete: its tests pass without it"""
    opened: datetime


@dataclass(frozen=True, slots=True)
class LandingRecord:
    """A landing as the store remembers it; ``mode`` is branch, commit or patch; ``undone`` when it was taken back."""

    id: int
    run: str
    item: str
    fingerprint: str
    mode: str
    ref: str
    commit: str | None
    before: str | None
    files: tuple[str, ...]
    at: datetime
    undone: datetime | None = None
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """A landing that was taken back: ``how`` in a sentence, ``review`` the rejected review that keeps its change."""

    landing: LandingRecord
    how: str
    review: int | None


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One model's try at one item, and what came of it."""

    run: str
    item: str
    fingerprint: str
    failure_class: FailureClass
    model: str
    attempt: int
    solved: bool
    outcome: str
    candidates: int
    cost_usd: float
    seconds: float
    prompt_variant: str = ""
    at: datetime | None = None
    content: str = ""
    path: str = ""
    tokens: int = 0
    questions: tuple[str, ...] = ()
    features: Mapping[str, object] = field(default_factory=dict)
    """``content`` is the case's (`RepairCase.content`), ``path`` its first suspect's file, ``tokens`` those of prompts
    and answers, ``questions`` name the prompts, ``features`` (JSON values) are what was known before."""


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How often candidates of one origin (template or model) got one verdict on one class of failure.

    ``model`` is whose candidates they were; kept over all runs, also those that are pruned.
    """

    model: str
    origin: str
    failure_class: FailureClass
    state: VerdictState
    count: int
