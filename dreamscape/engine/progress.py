"""How far the search for one item's repair has come: which models had their turn, and what they have found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from dreamscape.domain.lessons import Lesson
from dreamscape.domain.models import ModelCard
from dreamscape.domain.repair import Candidate, Choice, Reply, Step, VerdictState
from dreamscape.domain.routing import Estimate


@dataclass(frozen=True, slots=True)
class Attempt:
    """One model's work on one item, for the books; ``verdicts`` counts candidates by origin and verdict,
    ``answered`` names the questions that got an answer."""

    card: ModelCard
    verdicts: Mapping[tuple[str, VerdictState], int]
    questions: int
    answered: tuple[str, ...]
    cost_usd: float
    tokens: int
    seconds: float
    solved: bool

    @property
    def candidates(self) -> int:
        """How many candidates were judged."""
        return sum(self.verdicts.values())

    @property
    def outcome(self) -> str:
        """In one word: solved, or what most candidates came to."""
        if self.solved:
            return "solved"
        states = Counter[str]()
        for (_, state), count in self.verdicts.items():
            states[state.value] += count
        return states.most_common(1)[0][0] if states else "nothing"


@dataclass(frozen=True, slots=True)
class Solution:
    """``proven`` may land; else ``choice`` (if any) goes to a person; ``why`` says what decided.

    ``turned_down`` passed the tests too, and is what a person said no to before; ``tried`` and ``signals`` are for the
    person it goes to.
    """

    attempts: tuple[Attempt, ...]
    proven: Candidate | None
    choice: Choice | None
    model: str | None
    why: str
    turned_down: tuple[Candidate, ...] = ()
    tried: tuple[Lesson, ...] = ()
    signals: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What one attempt has done so far; owned by the loop that drives it."""

    verdicts: Counter[tuple[str, VerdictState]] = field(default_factory=Counter)
    plausible: list[Candidate] = field(default_factory=list)
    turned_down: list[Candidate] = field(default_factory=list)
    questions: int = 0
    answered: list[str] = field(default_factory=list)
    tokens: int = 0
    cost_usd: float = 0.0
    trouble: str = ""


@dataclass(slots=True, eq=False)
class Turn:
    """One model's work on one item, as far as it has come: ``step`` is what its proposer wants done next, None once it
    has ended (or has not begun); ``seconds`` were spent on it before it was put off."""

    card: ModelCard
    steps: Generator[Step, Reply, None]
    step: Step | None = None
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0

    def attempt(self, seconds: float, *, solved: bool) -> Attempt:
        """For the books; ``seconds`` is what it took in all."""
        tally = self.tally
        return Attempt(
            self.card,
            dict(tally.verdicts),
            tally.questions,
            tuple(tally.answered),
            tally.cost_usd,
            tally.tokens,
            seconds,
            solved,
        )


@dataclass(slots=True)
class Progress:
    """What the models asked so far have come to, kept also where an exception ends the search.

    Written by the one thread that searches; others may set ``is_stopped``, after which it does nothing more that takes
    time. ``label`` begins what is told of it while others are searched for at once; ``seconds`` is what it took;
    ``booked`` of its attempts are in the books; ``asked`` are the questions (model, question) that had their answer in
    earlier runs, ``lessons`` what answers came to in this one, ``signals`` what a closer look at its module
    has found; ``estimates``, ``features`` and ``decided`` (its reason) are those of the decision that is carried out;
    ``put_off`` is the turn that is to go on later, where one is.
    """

    label: str = ""
    seconds: float = 0.0
    is_stopped: bool = False
    told_at: float = 0.0
    booked: int = 0
    asked: set[tuple[str, str]] = field(default_factory=set)
    lessons: list[Lesson] = field(default_factory=list)
    signals: tuple[str, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    features: Mapping[str, object] = field(default_factory=dict)
    decided: str = ""
    put_off: Turn | None = None
    attempts: list[Attempt] = field(default_factory=list)
    plausible: dict[str, Candidate] = field(default_factory=dict)
    turned_down: dict[str, Candidate] = field(default_factory=dict)
    found_by: dict[str, str] = field(default_factory=dict)
    undecided: Choice | None = None
    why: str = ""

    def keep(self, card: ModelCard, tally: Tally) -> None:
        """What a model's attempt has found."""
        for candidate in tally.plausible:
            self.plausible.setdefault(candidate.id, candidate)
            self.found_by.setdefault(candidate.id, card.name)
        self.turned_down |= {candidate.id: candidate for candidate in tally.turned_down}

    def give_up(self) -> None:
        """The turn that was put off does not go on."""
        if self.put_off is not None:
            self.put_off.steps.close()
            self.attempts.append(self.put_off.attempt(self.put_off.seconds, solved=False))
            self.put_off = None

    def solution(self, proven: Candidate | None) -> Solution:
        """As it stands."""
        tried = tuple(self.lessons)
        if proven is not None:
            return Solution(
                tuple(self.attempts), proven, None, self.found_by[proven.id], self.why, (), tried, self.signals
            )
        model = self.found_by[self.undecided.best.id] if self.undecided else None
        turned_down = tuple(self.turned_down.values())
        return Solution(tuple(self.attempts), None, self.undecided, model, self.why, turned_down, tried, self.signals)
