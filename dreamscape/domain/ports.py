"""What stations need of each other, as promises; `bootstrap` joins them with the stations that keep them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from dreamscape.domain.events import Event
from dreamscape.domain.models import Answer, Decision, ModelCard, Prompt
from dreamscape.domain.records import (
    AttemptRecord,
    HealReport,
    ItemReport,
    LandingRecord,
    ReviewCase,
    RunRecord,
)
from dreamscape.domain.repair import Candidate, Proof, RepairCase, Reply, Step, WorkItem
from dreamscape.domain.scan import ScanResult

Clock = Callable[[], datetime]
"""Gives the present time in UTC; passed in, so that tests can stop it."""


class Scanner(Protocol):
    """Ranks a project's files and functions."""

    def scan(self) -> ScanResult: ...


class Proposer(Protocol):
    """Turns a case into candidates without touching anything: a loop that only says what it wants done next.

    ``steps`` is a generator that yields `Judge` and `Ask` and is sent the reply to each; whoever drives it may
    journal the replies and drive it again to the same place. It ends by returning, or is closed when time is over.
    """

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]: ...


class Models(Protocol):
    """Decides which model an item goes to."""

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision: ...

    def cards(self) -> tuple[ModelCard, ...]: ...


class Client(Protocol):
    """The only way to a prompt. Raises DreamscapeError where no answer can be had."""

    def submit_prompt(self, prompt: Prompt, card: ModelCard) -> Answer: ...


class History(Protocol):
    """The memory of all runs; only the thread that opened it writes."""

    def start_run(self, run: str, command: str, base: str | None, at: datetime) -> None: ...

    def end_run(self, report: HealReport, at: datetime) -> None: ...

    def save_item(self, run: str, item: ItemReport) -> None: ...

    def save_attempt(self, attempt: AttemptRecord) -> None: ...

    def attempts(self, fingerprint: str | None = None) -> tuple[AttemptRecord, ...]: ...

    def save_landing(self, landing: LandingRecord) -> int: ...

    def landings(self, run: str | None = None) -> tuple[LandingRecord, ...]: ...

    def mark_undone(self, landing: int, at: datetime) -> None: ...

    def open_review(self, run: str, item: ItemReport, base: str | None, at: datetime) -> int: ...

    def reviews(self, state: str | None = None) -> tuple[ReviewCase, ...]: ...

    def close_review(self, review: int, state: str) -> None: ...

    def add_event(self, event: Event) -> int: ...

    def events(self, since: datetime | None = None, until: datetime | None = None) -> tuple[Event, ...]: ...

    def runs(self, limit: int = 50) -> tuple[RunRecord, ...]: ...

    def run(self, run: str) -> RunRecord | None: ...

    def set_sandbox(self, run: str, level: str) -> None: ...

    def prune(self, keep_runs: int) -> int: ...

    def close(self) -> None: ...


class Repository(Protocol):
    """Landing: the only hand that writes to the user's repository."""

    def land(
        self,
        run: str,
        changes: Mapping[str, bytes],
        *,
        subject: str,
        trailers: Iterable[tuple[str, str]],
    ) -> tuple[str, str]: ...


class Prover(Protocol):
    """Two fresh full runs of a candidate on top of what already landed."""

    def prove(self, case: RepairCase, candidate: Candidate) -> Proof: ...
