"""The loop around a model that answers in words: ask, read the answer, make a candidate of it, learn, ask again."""

from __future__ import annotations

from collections.abc import Generator

from dreamscape.agent.answers import proposals
from dreamscape.agent.patches import PatchRefused, candidate_of
from dreamscape.agent.prompts import prompt_for
from dreamscape.domain.models import Answer, ModelCard
from dreamscape.domain.repair import Ask, Candidate, Judge, RepairCase, Reply, Step, Verdict, VerdictState


class PromptedLoop:
    """Keeps `domain.ports.Proposer` for one model."""

    def __init__(self, card: ModelCard, template: str) -> None:
        self._card = card
        self._template = template

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        """Asks up to ``card.attempts`` times; each question tells what came of the answers before. Ends early where
        a candidate is plausible or the model gives no answer."""
        history: list[str] = []
        for attempt in range(1, self._card.attempts + 1):
            answer = yield Ask(prompt_for(case, self._template, attempt, history))
            if not isinstance(answer, Answer):
                return
            try:
                candidate = self._candidate(answer, case)
            except PatchRefused as refused:
                history.append(f"Your answer could not be used: {refused}.")
                continue
            verdicts = yield Judge((candidate,))
            verdict = verdicts[0] if isinstance(verdicts, tuple) else None
            if verdict is None or verdict.state is VerdictState.PLAUSIBLE:
                return
            history.append(_lesson(verdict))

    def _candidate(self, answer: Answer, case: RepairCase) -> Candidate:
        if not answer.finished:
            raise PatchRefused("the answer was cut off")
        return candidate_of(proposals(answer.text), case.sources, self._card.name)


def _lesson(verdict: Verdict) -> str:
    said = f"This change did not do: {verdict.state.value.replace('_', ' ')}"
    if verdict.failure is not None:
        said += f", {verdict.failure.test} with {verdict.failure.exception}: {verdict.failure.message[:500]}"
    elif verdict.why:
        said += f", {verdict.why}"
    return f"{said}."
