"""One work item goes in; models are tried in the decided order; a proven change, a review case or nothing comes out."""

from __future__ import annotations

import contextlib
import logging
import math
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
    Step,
    Verdict,
    VerdictState,
    WorkItem,
)
from dreamscape.engine.progress import Progress, Solution, Tally, Turn

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
        self,
        item: WorkItem,
        decision: Decision,
        bench: Bench,
        deadline: float,
        progress: Progress | None = None,
        put_off_at: float = math.inf,
    ) -> Solution:
        """Tries the decided models in order until one's repair is proven; ``deadline`` as in `time.monotonic`.

        ``progress`` holds what others found before, and is kept up to date whatever happens. From ``put_off_at`` on a
        search that asks nobody and has tried in vain ends between two steps, is kept in ``progress.put_off``, and goes
        on from there when this is called again.
        """
        progress = progress or Progress()
        progress.why = progress.why if decision.order else decision.why
        progress.estimates, progress.features, progress.decided = decision.estimates, decision.features, decision.why
        order = decision.order
        if progress.put_off is not None:
            order = order[order.index(progress.put_off.card) :]
        for card in order:
            if progress.is_stopped or time.monotonic() >= deadline:
                progress.give_up()
                progress.why = progress.why or "no time was left to try"
                break
            if card.is_outside and self._refusal:
                progress.why = self._refusal
                continue
            proven = self._try(card, item, bench, deadline, progress, put_off_at)
            if proven is not None or progress.put_off is not None:
                return progress.solution(proven)
        if decision.stop and decision.order and progress.undecided is None:
            progress.why += f"; {decision.stop}"
        return progress.solution(None)

    def _try(
        self, card: ModelCard, item: WorkItem, bench: Bench, deadline: float, progress: Progress, put_off_at: float
    ) -> Candidate | None:
        """One model's attempt, or what is left of it; its proven change."""
        turn = progress.put_off or Turn(card, self._proposer_of(card).steps(self._case(item, progress)))
        progress.put_off = None
        began, tally, proven, word = time.monotonic() - turn.seconds, turn.tally, None, ""
        has_ended = False
        try:
            self._drive(turn, item, bench, deadline, progress, put_off_at)
            progress.keep(card, tally)
            if turn.step is not None:
                turn.seconds, progress.put_off = time.monotonic() - began, turn
                progress.why = _in_vain(card, tally, bool(progress.turned_down))
                return None
            if tally.plausible:
                proven, progress.undecided, word = self._settle(progress, bench)
            has_ended = True
        finally:
            if tally.answered or (has_ended and not tally.questions):
                progress.attempts.append(turn.attempt(time.monotonic() - began, solved=proven is not None))
        in_vain = tally.trouble or _in_vain(card, tally, bool(progress.turned_down))
        progress.why = word if proven is not None else word or in_vain
        return proven

    def _drive(
        self, turn: Turn, item: WorkItem, bench: Bench, deadline: float, progress: Progress, put_off_at: float
    ) -> None:
        """Takes a turn to its end, or to where it is put off."""
        steps, step, turn.step = turn.steps, turn.step, None
        try:
            step = next(steps) if step is None else step
            while time.monotonic() < deadline and not progress.is_stopped:
                if time.monotonic() >= put_off_at and _may_be_put_off(step, turn.tally):
                    turn.step = step
                    return
                step = steps.send(self._reply_to(step, turn, item, bench, deadline, progress))
        except StopIteration:
            pass
        finally:
            if turn.step is None:
                steps.close()

    def _reply_to(
        self, step: Step, turn: Turn, item: WorkItem, bench: Bench, deadline: float, progress: Progress
    ) -> Reply:
        match step:
            case Judge(candidates):
                verdicts = bench.judge(candidates, deadline)
                self._count(verdicts, item, turn.tally)
                self._tell(turn.tally, deadline, progress)
                return verdicts
            case Ask():
                return self._ask(step, turn.card, deadline, turn.tally, progress)
            case Learn(lesson):
                progress.lessons.append(lesson)
                return None

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


def _may_be_put_off(step: Step, tally: Tally) -> bool:
    """Who has tried something in vain; who has found something goes on to its rivals, who asks goes on with answers."""
    return isinstance(step, Judge) and bool(tally.verdicts) and not (tally.questions or tally.plausible)


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
