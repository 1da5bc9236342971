"""Stations made of plain values, keeping the promises of `domain.ports`: a project in memory whose tests are functions.

What they promise is what the real ones promise: a bench judges by the tests of the base, a proof runs all of them, the
base grows with each landing, and a lander lands only where nothing has moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.failures import Failure, FailureClass, digest, fingerprint
from dreamscape.domain.models import Answer, Decision, ModelCard, Prompt
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import (
    Candidate,
    Choice,
    Edit,
    Judge,
    Landing,
    Proof,
    RepairCase,
    Reply,
    SetAside,
    Step,
    Suspect,
    Triage,
    Verdict,
    VerdictState,
    WorkItem,
)
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun
from dreamscape.domain.settings import BudgetSettings
from dreamscape.registry.registry import Circumstances

Files = Mapping[str, bytes]
Test = Callable[[Files], bool]

EMBEDDED = ModelCard("embedded", "embedded")


def whole(path: str, old: bytes, new: bytes, *, origin: str = "fake:comparison", weight: float = 1.0) -> Candidate:
    """The change of a whole file's content."""
    return Candidate((Edit(path, 0, len(old), new),), origin, weight, f"{old!r} becomes {new!r}")


@dataclass
class FakeProject:
    """Files and tests in memory; every test tells from the files alone whether it passes.

    ``flaky`` fail whenever they are not asked alone; ``together`` puts tests into one case each.
    """

    files: dict[str, bytes]
    tests: dict[str, Test]
    flaky: frozenset[str] = frozenset()
    suspects: dict[str, tuple[str, int]] = field(default_factory=dict)
    together: tuple[tuple[str, ...], ...] = ()
    classes: dict[str, FailureClass] = field(default_factory=dict)

    def run(self, files: Files, only: Sequence[str] | None = None) -> TestRun:
        results, failures = [], []
        for key in self.tests if only is None else [key for key in only if key in self.tests]:
            passed = self.tests[key](files) and not (key in self.flaky and only is None)
            results.append(TestResult(key, Outcome.PASSED if passed else Outcome.FAILED))
            if not passed:
                failures.append(Failure(key, "call", "AssertionError", f"{key} failed"))
        return TestRun(tuple(results), tuple(failures), RunEnd.EXITED, int(bool(failures)), 0.0)


class FakeBench:
    """Judges by the case's failing tests; proves by all that passed before and those of the case."""

    def __init__(
        self, project: FakeProject, files: Files, case: RepairCase, may_land: bool, alike: frozenset[str] = frozenset()
    ) -> None:
        """``alike`` are ids of candidates that do the same; all others are rivals of each other."""
        self._project = project
        self._files = files
        self._case = case
        self._may_land = may_land
        self._alike = alike

    def judge(self, candidates: Sequence[Candidate], deadline: float) -> tuple[Verdict, ...]:
        return tuple(Verdict(candidate, self._state(candidate, self._case.tests)) for candidate in candidates)

    def choose(self, plausible: Sequence[Candidate]) -> Choice:
        best, *others = sorted(plausible, key=lambda candidate: -candidate.weight)
        rivals = [other for other in others if not self.alike(best, other)]
        return Choice(best, self._may_land and not rivals, "as asked", tuple(rivals))

    def alike(self, one: Candidate, other: Candidate) -> bool:
        return {one.id, other.id} <= self._alike

    def prove(self, candidate: Candidate) -> Proof:
        state = self._state(candidate, [*self._case.tests, *self._case.passing])
        return Proof(state is VerdictState.PLAUSIBLE, state.value)

    def _state(self, candidate: Candidate, tests: Sequence[str]) -> VerdictState:
        files = {**self._files, **candidate.applied_to(self._case.sources)}
        fails = bool(self._project.run(files, tests).failures)
        return VerdictState.STILL_FAILS if fails else VerdictState.PLAUSIBLE


class FakeAgent:
    """Keeps `domain.ports.Agent` on a project in memory."""

    def __init__(self, project: FakeProject, *, may_land: bool = True) -> None:
        self.project = project
        self.may_land = may_land
        self.alike: frozenset[str] = frozenset()
        self.landed: list[Files] = []
        self.runs = 0
        self.benches: list[str] = []

    @property
    def base(self) -> dict[str, bytes]:
        files = dict(self.project.files)
        for changes in self.landed:
            files.update(changes)
        return files

    def limit_to(self, deadline: float) -> None:
        self.deadline = deadline

    def baseline(self) -> TestRun:
        self.runs += 1
        return self.project.run(self.base)

    def triage(self, failures: Sequence[Failure]) -> Triage:
        flaky = [f for f in failures if not self.project.run(self.base, [f.test]).failures]
        aside = tuple(SetAside(f, FailureClass.ORDER_DEPENDENT, "passes alone") for f in flaky)
        return Triage(tuple(f for f in failures if f not in flaky), aside)

    def cases(
        self, baseline: TestRun, failures: Sequence[Failure], settled: Sequence[Failure] = ()
    ) -> tuple[RepairCase, ...]:
        self.settled = [failure.test for failure in settled]
        groups: dict[tuple[str, ...], list[Failure]] = {}
        for failure in failures:
            key = next((group for group in self.project.together if failure.test in group), (failure.test,))
            groups.setdefault(key, []).append(failure)
        return tuple(self._case(group) for group in groups.values())

    def split(self, case: RepairCase) -> tuple[RepairCase, ...]:
        return tuple(self._case([failure]) for failure in case.failures)

    @contextmanager
    def bench(self, case: RepairCase) -> Iterator[FakeBench]:
        self.benches.append(case.tests[0])
        yield FakeBench(self.project, self.base, case, self.may_land, self.alike)

    def failing(self, tests: Sequence[str], changes: Mapping[str, bytes | None]) -> tuple[str, ...]:
        files = {path: data for path, data in {**self.base, **changes}.items() if data is not None}
        return tuple(failure.test for failure in self.project.run(files, tests).failures)

    def advance(self, changes: Files) -> None:
        self.landed.append(dict(changes))

    def retreat(self, changes: Files) -> None:
        self.landed.remove(dict(changes))

    def final(self) -> TestRun:
        self.runs += 1
        return self.project.run(self.base)

    def _case(self, failures: Sequence[Failure]) -> RepairCase:
        tests = [failure.test for failure in failures]
        path, line = self.project.suspects.get(tests[0], (next(iter(self.project.files)), 1))
        passing = [r.test for r in self.project.run(self.base).results if r.outcome is Outcome.PASSED]
        return RepairCase(
            id=digest(sorted(tests))[:8],
            failures=tuple(failures),
            failure_class=self.project.classes.get(tests[0], FailureClass.WRONG_VALUE),
            fingerprint=digest(sorted(fingerprint(failure) for failure in failures)),
            suspects=(Suspect(path, line, "work", 1.0),),
            sources=self.base,
            passing=tuple(passing),
        )


class FakeLander:
    """Keeps `domain.ports.Lander`; ``troubles`` are raised by the next landings, one each."""

    def __init__(self, mode: str = "branch", troubles: Sequence[CannotGoOn] = ()) -> None:
        self.mode = mode
        self.troubles = list(troubles)
        self.commits: list[dict[str, bytes]] = []
        self.waiting: tuple[tuple[str, Mapping[str, bytes | None]], ...] = ()
        self.caught_up = 0

    def land(self, changes: Files, before: Files, subject: str, trailers: Sequence[tuple[str, str]]) -> Landing:
        if self.troubles:
            raise self.troubles.pop(0)
        self.commits.append(dict(changes))
        name = f"{len(self.commits):040x}"
        if self.mode == "patch":
            return Landing(None, f".dreamscape/patches/{name[-1]}.patch", tuple(sorted(changes)))
        return Landing(name, "dreamscape/heal-r", tuple(sorted(changes)))

    def catch_up(self) -> None:
        self.caught_up += 1

    def take_back(self, landing: Landing) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.commits.pop()

    def unmerged(self) -> tuple[tuple[str, Mapping[str, bytes | None]], ...]:
        return self.waiting


class FakeProposer:
    """Has these candidates judged, all at once; ``before`` is called first, as time passes for a real one."""

    def __init__(self, candidates: Sequence[Candidate], before: Callable[[], None] = lambda: None) -> None:
        self._candidates = tuple(candidates)
        self._before = before

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        self._before()
        own = tuple(c for c in self._candidates if set(c.paths) <= case.sources.keys() and _fits(c, case.sources))
        if own:
            yield Judge(own)


class FakeModels:
    """Keeps `domain.ports.Models`: every item goes to these cards."""

    def __init__(self, *cards: ModelCard) -> None:
        self._cards = cards or (EMBEDDED,)

    def decide(self, item: WorkItem, history: Sequence[AttemptRecord]) -> Decision:
        return Decision(self._cards, "all of them")

    def cards(self) -> tuple[ModelCard, ...]:
        return self._cards


class FakeClient:
    """Keeps `domain.ports.Client`: answers in order; raises where an answer is an error."""

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = list(answers)
        self.prompts: list[Prompt] = []

    def at_once(self, card: ModelCard) -> int:
        return 1

    def warm_up(self, card: ModelCard) -> None:
        pass

    def name_of(self, prompt: Prompt) -> str:
        return digest([prompt.text])

    def close(self) -> None:
        pass

    def submit_prompt(self, prompt: Prompt, card: ModelCard, *, deadline: float = math.inf) -> Answer:
        self.prompts.append(prompt)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, card.name, cost_usd=0.25)


def circumstances(usd_per_impact: float = 5.0, **budget: float) -> Circumstances:
    """Around a decision: a budget in a morning of 2026, nothing measured, any money left."""
    morning = datetime(2026, 1, 2, tzinfo=UTC)
    return Circumstances(
        BudgetSettings(**budget),
        usd_per_impact,
        lambda: morning,
        lambda path, line: {},
        lambda item: math.inf,  # type: ignore[arg-type]
    )


def _fits(candidate: Candidate, sources: Files) -> bool:
    try:
        candidate.applied_to(sources)
    except ValueError:
        return False
    return True
