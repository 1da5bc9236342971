"""One work item goes in; models are tried in the decided order; a proven change, a review case or nothing comes out."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from dreamscape.domain.errors import BudgetSpent, DreamscapeError
from dreamscape.domain.models import Answer, Decision, ModelCard
from dreamscape.domain.ports import Bench, Client, Proposer
from dreamscape.domain.repair import (
    Ask,
    Candidate,
    Choice,
    Judge,
    Learn,
    RepairCase,
    Reply,
    Verdict,
    VerdictState,
    WorkItem,
)
from dreamscape.engine.progress import Attempt, Progress, Solution, Tally

logger = logging.getLogger(__name__)

TURNED_DOWN_BEFORE = "the only repairs found do what a person has turned down before: see dreamscape review list --all"

TELL_EVERY_S = 5.0
"""Between two words on how a search goes (chosen for people who watch)."""

ProposerOf = Callable[[ModelCard], Proposer]


class Solver:
    """Drives proposers through their steps and puts what they find to the bench; several threads may share it."""

    def __init__(
        self, proposer_of: ProposerOf, client: Client, forbidden: Callable[[Candidate, WorkItem], bool]
    ) -> None:
        """``forbidden`` tells a change that a person has rejected before."""
        self._proposer_of = proposer_of
        self._client = client
        self._forbidden = forbidden
        self._lock = threading.Lock()
        self._asked: set[tuple[str, str]] = set()
        self._refusal = ""
        self.is_budget_spent = False
        """Whether a question was not asked because it would have cost more than is left."""

    def at_once(self, card: ModelCard) -> int:
        """How many items may be put to a model outside at the same time; who cannot be reached tells when asked."""
        try:
            return max(1, self._client.at_once(card))
        except DreamscapeError:
            return 1

    def warm_up(self, card: ModelCard) -> None:
        """Has what leads to a model get ready; who cannot be reached tells when asked."""
        with contextlib.suppress(DreamscapeError):
            self._client.warm_up(card)

    def stop_asking(self) -> None:
        """Ends the questions that are under way; no model outside is asked any more."""
        self._refusal = self._refusal or "nobody is asked any more"
        self._client.close()

    def solve(
        self, item: WorkItem, decision: Decision, bench: Bench, deadline: float, progress: Progress | None = None
    ) -> Solution:
        """Tries the decided models in order until one's repair is proven; ``deadline`` as in `time.monotonic`.

        ``progress`` holds what others found before, and is kept up to date whatever happens.
        """
        progress = progress or Progress()
        progress.why = progress.why if decision.order else decision.why
        progress.estimates, progress.features, progress.decided = decision.estimates, decision.features, decision.why
        for card in decision.order:
            if progress.is_stopped or time.monotonic() >= deadline:
                progress.why = progress.why or "no time was left to try"
                break
            if card.is_outside and self._refusal:
                progress.why = self._refusal
                continue
            proven = self._try(card, item, bench, deadline, progress)
            if proven is not None:
                return progress.solution(proven)
        if decision.stop and decision.order and progress.undecided is None:
            progress.why += f"; {decision.stop}"
        return progress.solution(None)

    def _try(
        self, card: ModelCard, item: WorkItem, bench: Bench, deadline: float, progress: Progress
    ) -> Candidate | None:
        """One model's attempt; its proven change."""
        began, tally, proven, word = time.monotonic(), Tally(), None, ""
        has_ended = False
        try:
            self._drive(card, item, bench, deadline, tally, progress)
            progress.keep(card, tally)
            if tally.plausible:
                proven, progress.undecided, word = self._settle(progress, bench)
            has_ended = True
        finally:
            if tally.answered or (has_ended and not tally.questions):
                progress.attempts.append(_attempt(card, tally, time.monotonic() - began, solved=proven is not None))
        in_vain = tally.trouble or _in_vain(card, tally, bool(progress.turned_down))
        progress.why = word if proven is not None else word or in_vain
        return proven

    def _drive(
        self, card: ModelCard, item: WorkItem, bench: Bench, deadline: float, tally: Tally, progress: Progress
    ) -> None:
        steps = self._proposer_of(card).steps(self._case(item, progress))
        reply: Reply = None
        try:
            step = next(steps)
            while time.monotonic() < deadline and not progress.is_stopped:
                match step:
                    case Judge(candidates):
                        reply = bench.judge(candidates, deadline)
                        self._count(reply, item, tally)
                        self._tell(tally, deadline, progress)
                    case Ask():
                        reply = self._ask(step, card, deadline, tally, progress)
                    case Learn(lesson):
                        reply = None
                        progress.lessons.append(lesson)
                step = steps.send(reply)
        except StopIteration:
            pass
        finally:
            steps.close()

    def _case(self, item: WorkItem, progress: Progress) -> RepairCase:
        return replace(item.case, tried=tuple(progress.lessons), signals=progress.signals)

    def _count(self, verdicts: tuple[Verdict, ...], item: WorkItem, tally: Tally) -> None:
        tally.verdicts.update((verdict.candidate.origin, verdict.state) for verdict in verdicts)
        for verdict in verdicts:
            if verdict.state is VerdictState.PLAUSIBLE:
                is_forbidden = self._forbidden(verdict.candidate, item)
                (tally.turned_down if is_forbidden else tally.plausible).append(verdict.candidate)

    def _tell(self, tally: Tally, deadline: float, progress: Progress) -> None:
        """How far the search is, now and then."""
        now = time.monotonic()
        if now - progress.told_at >= TELL_EVERY_S:
            progress.told_at = now
            tried, left = sum(tally.verdicts.values()), max(0.0, deadline - now)
            logger.info("  %s%d candidates tried, %.0f s left for this case", progress.label, tried, left)

    def _ask(self, step: Ask, card: ModelCard, deadline: float, tally: Tally, progress: Progress) -> Answer | None:
        question = (card.name, self._client.name_of(step.prompt))
        tally.questions += 1
        if card.is_outside and (refusal := self._refused(question, progress)):
            tally.trouble = refusal
            return None
        estimate = progress.estimates.get(card.name)
        why = estimate.why if estimate else progress.decided
        prompt = replace(step.prompt, why=why or "it is its turn", about=f"  {progress.label}")
        try:
            answer = self._client.submit_prompt(prompt, card, deadline=deadline)
        except DreamscapeError as error:
            if not progress.is_stopped:
                logger.warning("%s%s gave no answer: %s", progress.label, card.name, error)
            tally.trouble = f"{card.name} gave no answer: {error}"
            with self._lock:
                self._asked.discard(question)
                if isinstance(error, BudgetSpent):
                    self.is_budget_spent = True
                    if error.is_for_all:
                        self._refusal = f"no model outside is asked any more: {error}"
            return None
        tally.answered.append(question[1])
        tally.cost_usd += answer.cost_usd
        tally.tokens += answer.tokens_in + answer.tokens_out
        return answer

    def _refused(self, question: tuple[str, str], progress: Progress) -> str:
        """Why a question is not asked, which counts as asked otherwise: no answer is had twice."""
        with self._lock:
            if self._refusal:
                return self._refusal
            if question in self._asked or question in progress.asked:
                return f"{question[0]} has answered the same question before"
            self._asked.add(question)
            return ""

    def _settle(self, progress: Progress, bench: Bench) -> tuple[Candidate | None, Choice | None, str]:
        """The best of the plausible that also proves itself; those that do not are struck.

        What does the same as a change that a person has turned down is turned down with it. Anything else may only be
        proposed then, since a change that passed the tests was not what is wanted.
        """
        word = "what passed the failing tests did not pass the whole suite twice"
        plausible, turned_down = progress.plausible, tuple(progress.turned_down.values())
        while plausible:
            choice = bench.choose(tuple(plausible.values()))
            if any(bench.alike(choice.best, other) for other in turned_down):
                word = TURNED_DOWN_BEFORE
                del plausible[choice.best.id]
                continue
            logger.info("  %sproving what passes: the whole suite, twice", progress.label)
            proof = bench.prove(choice.best)
            if not proof.holds:
                logger.info("%sdropped: %s (%s)", progress.label, choice.best.summary, proof.why)
                del plausible[choice.best.id]
                continue
            if choice.may_land and not turned_down:
                return choice.best, None, choice.why
            why = "a change that passes the same tests was turned down before" if choice.may_land else choice.why
            return None, choice, why
        return None, None, word


def _attempt(card: ModelCard, tally: Tally, seconds: float, *, solved: bool) -> Attempt:
    return Attempt(
        card,
        dict(tally.verdicts),
        tally.questions,
        tuple(tally.answered),
        tally.cost_usd,
        tally.tokens,
        seconds,
        solved,
    )


def _in_vain(card: ModelCard, tally: Tally, has_turned_down: bool) -> str:
    if has_turned_down:
        return TURNED_DOWN_BEFORE
    tried = sum(tally.verdicts.values())
    if tally.questions:
        came = f"none of its {tried} changes passed the tests" if tried else "no answer held a change that can be used"
        return (
            f"{card.name} was asked {tally.questions} times: {came}" if tally.questions > 1 else f"{card.name}: {came}"
        )
    return f"none of {tried} candidates passed its tests" if tried else "no change to try was found"
