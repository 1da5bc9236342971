"""The loop around a model that answers in words: ask, read the answer, make a candidate of it, learn, ask again."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterator, Sequence

from dreamscape.agent.answers import declines, proposals
from dreamscape.agent.patches import PatchRefused, candidate_of
from dreamscape.agent.prompts import prompt_for
from dreamscape.domain.failures import fingerprint
from dreamscape.domain.lessons import Flaw, Lesson
from dreamscape.domain.models import Answer, ModelCard
from dreamscape.domain.repair import Ask, Candidate, Judge, Learn, RepairCase, Reply, Step, Verdict, VerdictState

LONGEST_DIFF = 60
"""Lines of a change in vain that are told (chosen)."""

LONGEST_REFUSAL = 200
"""Characters that are told of what a model says instead of helping (chosen)."""

MayTryAgain = Callable[[ModelCard, Sequence[Flaw]], bool]
"""Whether a model is asked about an item once more after its answers came to this."""

ContextLevel = Callable[[ModelCard, int], int]
"""How much of the code a model is shown (0: least) after so many others failed."""


class PromptedLoop:
    """Keeps `domain.ports.Proposer` for one model."""

    def __init__(self, card: ModelCard, template: str, may_try_again: MayTryAgain, context_level: ContextLevel) -> None:
        self._card = card
        self._template = template
        self._may_try_again = may_try_again
        self._context_level = context_level

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        """Asks as long as it may; each question tells what came of the answers before, of other models' too. Ends early
        where a candidate is plausible or the model gives no answer."""
        lessons: list[Lesson] = []
        level = self._context_level(self._card, len({lesson.model for lesson in case.tried}))
        while self._may_try_again(self._card, [lesson.flaw for lesson in lessons]):
            answer = yield Ask(prompt_for(case, self._template, self._card, lessons, level))
            if not isinstance(answer, Answer):
                return
            candidate = self._candidate(answer, case)
            if isinstance(candidate, Candidate):
                verdicts = yield Judge((candidate,))
                verdict = verdicts[0] if isinstance(verdicts, tuple) else None
                if verdict is None or verdict.state is VerdictState.PLAUSIBLE:
                    return
                lessons.append(_lesson(verdict, case, self._card.name))
            else:
                lessons.append(candidate)
            yield Learn(lessons[-1])

    def _candidate(self, answer: Answer, case: RepairCase) -> Candidate | Lesson:
        name = self._card.name
        if answer.declined or declines(answer.text):
            words = " ".join(answer.text.split())[:LONGEST_REFUSAL]
            return Lesson(name, Flaw.DECLINED, f"it would not help: {words}" if words else "it would not help")
        if not answer.finished:
            return Lesson(name, Flaw.CUT_OFF, "the answer was cut off")
        try:
            return candidate_of(proposals(answer.text), case.sources, name)
        except PatchRefused as refused:
            return Lesson(name, Flaw.INVALID_PATCH, f"the answer could not be used: {refused}")


def _lesson(verdict: Verdict, case: RepairCase, model: str) -> Lesson:
    said = f"this change did not do: {verdict.state.value.replace('_', ' ')}"
    if verdict.failure is not None:
        said += f", {verdict.failure.test} with {verdict.failure.exception}: {verdict.failure.message[:500]}"
    elif verdict.why:
        said += f", {verdict.why}"
    changed = verdict.candidate.applied_to(case.sources)
    diff = [line for path in sorted(changed) for line in _diff(path, case.sources[path], changed[path])]
    return Lesson(model, flaw_of(verdict, case), said, "\n".join(diff[:LONGEST_DIFF]))


def flaw_of(verdict: Verdict, case: RepairCase) -> Flaw:
    """What kind of failure a verdict is; a crash is one that was not there before."""
    match verdict.state:
        case VerdictState.BREAKS_OTHERS:
            return Flaw.REGRESSION
        case VerdictState.TIMEOUT:
            return Flaw.TIMEOUT
        case VerdictState.INVALID:
            return Flaw.INVALID_PATCH
        case VerdictState.REFUSED:
            return Flaw.REFUSED
        case VerdictState.STILL_FAILS | VerdictState.CRASH | VerdictState.PLAUSIBLE:
            before = {fingerprint(failure) for failure in case.failures}
            is_same = verdict.failure is None or fingerprint(verdict.failure) in before
            return Flaw.SAME_FAILURE if is_same and verdict.state is not VerdictState.CRASH else Flaw.NEW_FAILURE


def _diff(path: str, old: bytes, new: bytes) -> Iterator[str]:
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    return difflib.unified_diff(before, after, path, path, n=1, lineterm="")
