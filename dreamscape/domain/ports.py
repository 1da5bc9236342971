"""What stations need of each other, as promises; `bootstrap` joins them with the stations that keep them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from dreamscape.domain.events import Event
from dreamscape.domain.evidence import Explanation
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.models import Answer, Decision, ModelCard, Prompt
from dreamscape.domain.records import (
    AttemptRecord,
    HealReport,
    ItemReport,
    LandingRecord,
    ReviewCase,
    RunRecord,
    VerdictCount,
)
from dreamscape.domain.repair import (
    Candidate,
    Choice,
    Landing,
    Proof,
    RepairCase,
    Reply,
    Step,
    Triage,
    Verdict,
    WorkItem,
)
from dreamscape.domain.runs import TestRun
from dreamscape.domain.scan import Order, ScanResult

Clock = Callable[[], datetime]
"""Gives the present time in UTC; passed in, so that tests can stop it."""


class Scanner(Protocol):
    """Ranks a project's files and functions."""

    def scan(self, order: Order = ...) -> ScanResult: ...

    def explain(self, path: str) -> Explanation:
        """Why one file stands where it stands. Raises UsageError for what is not among the files scanned."""
        ...


class NewerParser(Protocol):
    """A Python with a newer grammar than ours, to be asked for what ours cannot parse; ``version`` as in "3.14"."""

    @property
    def version(self) -> str: ...

    def trees(self, sources: Mapping[str, bytes]) -> Mapping[str, object]:
        """The trees (told as `guest.trees` tells them) of those sources that parse there, by name."""
        ...


class Proposer(Protocol):
    """Turns a case into candidates without touching anything: a loop that only says what it wants done next.

    ``steps`` is a generator that yields `Judge`, `Ask` and `Learn` and is sent the reply to each; whoever drives it may
    journal the replies and drive it again to the same place. It ends by returning, or is closed when time is over.
    """

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]: ...


class Models(Protocol):
    """Decides which model an item goes to."""

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision:
        """``history`` holds all attempts there were, the oldest first."""
        ...

    def cards(self) -> tuple[ModelCard, ...]: ...


class Client(Protocol):
    """The only way to a prompt; many threads may share it. Raises DreamscapeError where no answer can be had."""

    def submit_prompt(self, prompt: Prompt, card: ModelCard, *, deadline: float = ...) -> Answer:
        """The answer; what has to wait for its turn raises TimeSpent at ``deadline`` (`time.monotonic`)."""
        ...

    def at_once(self, card: ModelCard) -> int:
        """How many prompts to this model may be under way at the same time."""

    def name_of(self, prompt: Prompt) -> str:
        """Names what would leave this machine as this prompt, the same in each run."""
        ...

    def warm_up(self, card: ModelCard) -> None:
        """Gets ready in the background for prompts to this model that are to come."""

    def close(self) -> None:
        """Ends all asking, from any thread: a prompt under way raises soon. May be called again."""


class Bench(Protocol):
    """One case on the bench: candidates are judged, compared and proven against the tests of the base."""

    def judge(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        """One verdict each, in the same order; what ``deadline`` (`time.monotonic`) leaves no time for is TIMEOUT."""

    def choose(self, plausible: Sequence[Candidate]) -> Choice: ...

    def alike(self, one: Candidate, other: Candidate) -> bool:
        """Whether nothing tells what the two do apart."""

    def prove(self, candidate: Candidate) -> Proof: ...


class Agent(Protocol):
    """Runs the project's tests, makes cases of their failures, judges repairs; all of it inside the sandbox."""

    def limit_to(self, deadline: float) -> None:
        """From ``deadline`` (`time.monotonic`) on, all that runs tests but `baseline` and `final` raises TimeSpent."""

    def baseline(self) -> TestRun: ...

    def triage(self, failures: Sequence[Failure]) -> Triage: ...

    def cases(
        self, baseline: TestRun, failures: Sequence[Failure], settled: Sequence[Failure] = ()
    ) -> tuple[RepairCase, ...]:
        """``settled`` fail as well, but are worked on no more; they may still tell half a repair from a whole one."""
        ...

    def split(self, case: RepairCase) -> tuple[RepairCase, ...]:
        """Finer cases for a second try; just the case itself where it cannot be taken apart."""

    def bench(self, case: RepairCase) -> AbstractContextManager[Bench]:
        """The case's bench, which goes on as if nothing landed meanwhile; threads may each have their own."""

    def failing(self, tests: Sequence[str], changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
        """Which of these tests fail when the base is changed so."""

    def advance(self, changes: Mapping[str, bytes]) -> None:
        """From now on these changes are part of the base."""

    def retreat(self, changes: Mapping[str, bytes]) -> None:
        """Takes `advance` back: the base is what it was before these changes, plus what else advanced."""

    def final(self) -> TestRun: ...


class Lander(Protocol):
    """The only hand that writes to the user's repository; raises DreamscapeError where it cannot land."""

    def land(
        self,
        changes: Mapping[str, bytes],
        before: Mapping[str, bytes],
        subject: str,
        trailers: Sequence[tuple[str, str]],
    ) -> Landing: ...

    def catch_up(self) -> None:
        """Takes HEAD as it is now for the place to land on."""

    def take_back(self, landing: Landing) -> None: ...

    def unmerged(self) -> tuple[tuple[str, Mapping[str, bytes | None]], ...]:
        """Earlier heal branches that wait to be merged: name, and what they change against the base."""

    @property
    def mode(self) -> str: ...


class History(Protocol):
    """The memory of all runs; only the thread that opened it writes."""

    def start_run(self, run: str, command: str, base: str | None, at: datetime) -> None: ...

    def end_run(self, report: HealReport, at: datetime) -> None: ...

    def save_item(self, run: str, item: ItemReport) -> None: ...

    def save_attempt(self, attempt: AttemptRecord) -> None: ...

    def correct_attempt(self, fingerprint: str, model: str | None, *, solved: bool) -> None: ...

    def attempts(self, fingerprint: str | None = None) -> tuple[AttemptRecord, ...]: ...

    def forget_attempts(self) -> int: ...

    def add_verdicts(self, counts: Iterable[VerdictCount]) -> None: ...

    def verdicts(self, failure_class: FailureClass | None = None) -> tuple[VerdictCount, ...]: ...

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
