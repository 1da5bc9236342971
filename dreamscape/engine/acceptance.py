"""A proposed change a person said yes to goes in; proven once more on today's code, it lands."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.events import EventKind
from dreamscape.domain.failures import Failure
from dreamscape.domain.ports import Agent, History, Lander
from dreamscape.domain.records import ACCEPTABLE, HealReport, ReviewCase
from dreamscape.domain.repair import Candidate, Edit, RepairCase
from dreamscape.domain.runs import TestRun
from dreamscape.engine.book import RunBook
from dreamscape.engine.diffs import change_id
from dreamscape.engine.messages import message_of
from dreamscape.tools.git import Git
from dreamscape.tools.git_process import run_git
from dreamscape.tools.interrupts import interrupts_held_back

logger = logging.getLogger(__name__)


def accept(
    review: ReviewCase, git: Git, agent: Agent, lander: Lander, history: History, book: RunBook, sandbox: str = ""
) -> HealReport:
    """Lands the change of a review case if it still applies and its tests still prove it; a run of its own.

    A person decides which of several behaviours is meant, and may think again about one turned down; that nothing
    breaks is still for the tests to say. Raises UsageError where there is nothing to accept, CannotGoOn where the
    change no longer applies or holds.
    """
    if review.state not in ACCEPTABLE:
        raise UsageError(f"review {review.id} was {review.state} before")
    if not review.item.diff:
        raise UsageError(f"review {review.id} has no change to accept", "repair it by hand, or reject it")
    before, after = _sides(git, review)
    with book.open(sandbox):
        _prove(review, agent, book, before, after)
        subject, trailers = message_of(book.run, review.item)
        trailers.append(("Dreamscape-Review", str(review.id)))
        item = replace(review.item, cost_usd=0.0, why=f"a person accepted review {review.id}; proven once more")
        with interrupts_held_back():
            landing, _ = book.land(item, lander, after, before, subject, trailers)
            history.close_review(review.id, "accepted")
            history.correct_attempt(item.fingerprint, item.model, solved=True)
            book.tell(
                EventKind.REVIEW_ACCEPTED,
                item.id,
                review=review.id,
                tests=list(item.tests),
                commit=landing.commit,
                change=change_id(item.diff),
            )
    report = book.report(None, 0)
    book.close(report)
    return report


def _prove(
    review: ReviewCase, agent: Agent, book: RunBook, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> None:
    logger.info("running the tests")
    baseline = agent.baseline()
    book.baseline = baseline.tally
    edits = tuple(Edit(path, 0, len(before[path]), data) for path, data in after.items())
    logger.info("proving the change: the whole suite, twice")
    with agent.bench(_case(review, baseline, before)) as bench:
        proof = bench.prove(Candidate(edits, review.item.model or "review", 1.0, review.item.why))
    if not proof.holds:
        raise CannotGoOn(f"the change no longer holds: {proof.why}", "reject it; the next heal run tries again")


def _case(review: ReviewCase, baseline: TestRun, sources: Mapping[str, bytes]) -> RepairCase:
    return RepairCase(
        id=review.item.id,
        failures=tuple(Failure(test, "call", "", "") for test in review.item.tests),
        failure_class=review.item.failure_class,
        fingerprint=review.item.fingerprint,
        suspects=(),
        sources=sources,
        passing=baseline.held,
    )


def _sides(git: Git, review: ReviewCase) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """HEAD's version of the changed files, and the same with the change in."""
    head = git.head()
    if head is None:
        raise CannotGoOn("the repository has no commit to land on")
    before = git.files_at(head, review.item.files)
    with git.scratch(head) as scratch:
        for path, data in before.items():
            file = scratch.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        _apply(scratch.folder, review.item.diff)
        return before, {path: (scratch.folder / path).read_bytes() for path in before}


def _apply(folder: Path, diff: str) -> None:
    ceiling = {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    for data in dict.fromkeys((diff.encode("utf-8"), _with_odd_bytes(diff))):
        ran = run_git(["apply", "--whitespace=nowarn", "-"], folder, data, env=ceiling)
        if ran.returncode == 0:
            return
    said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    raise CannotGoOn(f"the change no longer applies: {said[0] if said else ''}", "reject it and heal again")


def _with_odd_bytes(diff: str) -> bytes:
    """The diff of a source that is no UTF-8: what is shown escaped (see `diffs`) is the byte itself there."""
    return re.sub(rb"\\x([89a-f][0-9a-f])", lambda code: bytes.fromhex(code[1].decode()), diff.encode("utf-8"))
