"""One work item goes in; models are tried in the decided order; a proven change, a review case or nothing comes out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dreamscape.domain.errors import DreamscapeError
from dreamscape.domain.models import Answer, Decision, ModelCard
from dreamscape.domain.ports import Bench, Client, Proposer
from dreamscape.domain.repair import (
    Ask,
    Candidate,
    Choice,
    Judge,
    Reply,
    Verdict,
    VerdictState,
    WorkItem,
)

logger = logging.getLogger(__name__)

TURNED_DOWN_BEFORE = "the only repairs found do what a person has turned down before: see dreamscape review list --all"

TELL_EVERY_S = 5.0
"""Between two words on how a search goes (chosen for people who watch)."""

ProposerOf = Callable[[ModelCard], Proposer]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One model's work on one item, for the books; ``verdicts`` counts candidates by origin and verdict."""

    card: ModelCard
    verdicts: Mapping[tuple[str, VerdictState], int]
    questions: int
    cost_usd: float
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

    ``turned_down`` passed the tests too, and is what a person said no to before.
    """

    attempts: tuple[Attempt, ...]
    proven: Candidate | None
    choice: Choice | None
    model: str | None
    why: str
    turned_down: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What one attempt has done so far; owned by the loop that drives it."""

    verdicts: Counter[tuple[str, VerdictState]] = field(default_factory=Counter)
    plausible: list[Candidate] = field(default_factory=list)
    turned_down: list[Candidate] = field(default_factory=list)
    questions: int = 0
    answers: int = 0
    cost_usd: float = 0.0
    trouble: str = ""


class Solver:
    """Drives proposers through their steps and puts what they find to the bench."""

    def __init__(
        self, proposer_of: ProposerOf, client: Client, forbidden: Callable[[Candidate, WorkItem], bool]
    ) -> None:
        """``forbidden`` tells a change that a person has rejected before."""
        self._proposer_of = proposer_of
        self._client = client
        self._forbidden = forbidden
        self._told = 0.0

    def solve(self, item: WorkItem, decision: Decision, bench: Bench, deadline: float) -> Solution:
        """Tries the decided models in order until one's repair is proven; ``deadline`` as in `time.monotonic`."""
        attempts: list[Attempt] = []
        plausible: dict[str, Candidate] = {}
        turned_down: dict[str, Candidate] = {}
        found_by: dict[str, str] = {}
        undecided: Choice | None = None
        why = decision.why if not decision.order else ""
        for card in decision.order:
            if time.monotonic() >= deadline:
                why = why or "no time was left to try"
                break
            began = time.monotonic()
            tally = self._drive(card, item, bench, deadline)
            for candidate in tally.plausible:
                plausible.setdefault(candidate.id, candidate)
                found_by.setdefault(candidate.id, card.name)
            turned_down |= {candidate.id: candidate for candidate in tally.turned_down}
            proven, word = None, ""
            if tally.plausible:
                proven, undecided, word = self._settle(plausible, tuple(turned_down.values()), bench)
            if tally.answers or not tally.questions:
                attempts.append(_attempt(card, tally, time.monotonic() - began, solved=proven is not None))
            if proven is not None:
                return Solution(tuple(attempts), proven, None, found_by[proven.id], word)
            why = word or tally.trouble or _in_vain(tally, bool(turned_down))
        model = found_by[undecided.best.id] if undecided else None
        return Solution(tuple(attempts), None, undecided, model, why, tuple(turned_down.values()))

    def _drive(self, card: ModelCard, item: WorkItem, bench: Bench, deadline: float) -> _Tally:
        tally = _Tally()
        steps = self._proposer_of(card).steps(item.case)
        reply: Reply = None
        try:
            step = next(steps)
            while time.monotonic() < deadline:
                match step:
                    case Judge(candidates):
                        reply = bench.judge(candidates, deadline)
                        self._count(reply, item, tally)
                        self._tell(tally, deadline)
                    case Ask():
                        reply = self._ask(step, card, tally)
                step = steps.send(reply)
        except StopIteration:
            pass
        finally:
            steps.close()
        return tally

    def _count(self, verdicts: tuple[Verdict, ...], item: WorkItem, tally: _Tally) -> None:
        tally.verdicts.update((verdict.candidate.origin, verdict.state) for verdict in verdicts)
        for verdict in verdicts:
            if verdict.state is VerdictState.PLAUSIBLE:
                is_forbidden = self._forbidden(verdict.candidate, item)
                (tally.turned_down if is_forbidden else tally.plausible).append(verdict.candidate)

    def _tell(self, tally: _Tally, deadline: float) -> None:
        """How far the search is, now and then."""
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            left = max(0.0, deadline - now)
            logger.info("  %d candidates tried, %.0f s left for this case", sum(tally.verdicts.values()), left)

    def _ask(self, step: Ask, card: ModelCard, tally: _Tally) -> Answer | None:
        tally.questions += 1
        try:
            answer = self._client.submit_prompt(step.prompt, card)
        except DreamscapeError as error:
            logger.warning("%s gave no answer: %s", card.name, error)
            tally.trouble = f"{card.name} gave no answer: {error}"
            return None
        tally.answers += 1
        tally.cost_usd += answer.cost_usd
        return answer

    def _settle(
        self, plausible: dict[str, Candidate], turned_down: Sequence[Candidate], bench: Bench
    ) -> tuple[Candidate | None, Choice | None, str]:
        """The best of the plausible that also proves itself; those that do not are struck from ``plausible``.

        What does the same as a change that a person has turned down is turned down with it. Anything else may only be
        proposed then, since a change that passed the tests was not what is wanted.
        """
        word = "what passed the failing tests did not pass the whole suite twice"
        while plausible:
            choice = bench.choose(tuple(plausible.values()))
            if any(bench.alike(choice.best, other) for other in turned_down):
                word = TURNED_DOWN_BEFORE
                del plausible[choice.best.id]
                continue
            logger.info("  proving what passes: the whole suite, twice")
            proof = bench.prove(choice.best)
            if not proof.holds:
                logger.info("dropped: %s (%s)", choice.best.summary, proof.why)
                del plausible[choice.best.id]
                continue
            if choice.may_land and not turned_down:
                return choice.best, None, choice.why
            why = "a change that passes the same tests was turned down before" if choice.may_land else choice.why
            return None, choice, why
        return None, None, word


def _attempt(card: ModelCard, tally: _Tally, seconds: float, *, solved: bool) -> Attempt:
    return Attempt(card, dict(tally.verdicts), tally.questions, tally.cost_usd, seconds, solved)


def _in_vain(tally: _Tally, has_turned_down: bool) -> str:
    if has_turned_down:
        return TURNED_DOWN_BEFORE
    tried = sum(tally.verdicts.values())
    return f"none of {tried} candidates passed its tests" if tried else "no change to try was found"
