"""The book of one run: items, landings and events go in, the store hears of them at once, a report comes out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dreamscape.domain.errors import DreamscapeError
from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.ports import Clock, History, Lander
from dreamscape.domain.records import (
    ACCEPTABLE,
    AttemptRecord,
    HealReport,
    ItemReport,
    LandingRecord,
    ReviewCase,
    VerdictCount,
)
from dreamscape.domain.repair import ItemState, Landing, WorkItem
from dreamscape.domain.runs import Tally, TestRun
from dreamscape.engine.diffs import change_id
from dreamscape.engine.progress import Attempt
from dreamscape.tools.interrupts import interrupts_held_back

_EVENT_OF = {
    ItemState.LANDED: EventKind.ITEM_LANDED,
    ItemState.REVIEW: EventKind.ITEM_FOR_REVIEW,
    ItemState.UNSOLVED: EventKind.ITEM_UNSOLVED,
    ItemState.DEFERRED: EventKind.ITEM_SET_ASIDE,
    ItemState.SKIPPED: EventKind.ITEM_SET_ASIDE,
    ItemState.FLAKY: EventKind.ITEM_SET_ASIDE,
    ItemState.ENVIRONMENT: EventKind.ITEM_SET_ASIDE,
    ItemState.AWAITING_MERGE: EventKind.ITEM_SET_ASIDE,
    ItemState.ROLLED_BACK: EventKind.ITEM_ROLLED_BACK,
}


class RunBook:
    """Keeps one run's account; written by the engine's thread alone, so that a killed run leaves what it had done."""

    def __init__(
        self, run: str, base: str | None, mode: str, history: History, clock: Clock, command: str = "heal"
    ) -> None:
        self.run = run
        self.command = command
        self.base = base
        self.mode = mode
        self.branch: str | None = None
        self.baseline: Tally | None = None
        self.notes: list[str] = []
        self._history = history
        self._clock = clock
        self._began = time.monotonic()
        self._items: dict[str, ItemReport] = {}
        self._rests_on: dict[str, str] = {}
        self._spent_usd: dict[str, float] = {}
        self._answers = 0
        self._taken_apart: dict[str, ItemReport] = {}

    @contextmanager
    def open(self, sandbox: str) -> Iterator[None]:
        """Says that the run has begun, and in which sandbox; one that an error ends is closed with what there is."""
        self._history.start_run(self.run, self.command, self.base, self._clock())
        self._history.set_sandbox(self.run, sandbox)
        self.tell(EventKind.RUN_STARTED, base=self.base, mode=self.mode, command=self.command)
        try:
            yield
        except BaseException as error:
            self.close(self.report(None, _exit_code_of(error)))
            raise

    def close(self, report: HealReport) -> None:
        """Says how the run ended."""
        self.tell(EventKind.RUN_ENDED, exit_code=report.exit_code, seconds=round(report.seconds, 1))
        self._history.end_run(report, self._clock())

    def tell(self, kind: EventKind, item: str | None = None, **data: object) -> None:
        """Adds an event; ``data`` holds JSON values."""
        self._history.add_event(Event(kind, self._clock(), self.run, item, data))

    def record(self, report: ItemReport) -> None:
        """How an item ended; a later word on the same item replaces the earlier one."""
        report = self._with_what_was_before(report)
        report = replace(report, cost_usd=sum((self._spent_usd.get(test, 0.0) for test in report.tests), 0.0))
        self._items[report.id] = report
        self._history.save_item(self.run, report)
        self.tell(
            _EVENT_OF[report.state],
            report.id,
            tests=list(report.tests),
            state=report.state.value,
            failure_class=report.failure_class.value,
            files=list(report.files),
            model=report.model,
            commit=report.commit,
            why=report.why,
            change=change_id(report.diff) if report.diff else None,
        )
        if report.state in (ItemState.REVIEW, ItemState.UNSOLVED):
            self._ask_a_person(report)

    def land(
        self,
        report: ItemReport,
        lander: Lander,
        changes: Mapping[str, bytes],
        before: Mapping[str, bytes],
        subject: str,
        trailers: Sequence[tuple[str, str]],
    ) -> tuple[Landing, ItemReport]:
        """Lands an item's change and remembers it, or neither, whoever interrupts: what is in the repository and what
        is known of it must not part. Raises as `Lander.land` does, and DiskFull where it cannot be remembered."""
        with interrupts_held_back():
            landing = lander.land(changes, before, subject, trailers)
            landed = replace(report, state=ItemState.LANDED, files=landing.files, commit=landing.commit)
            try:
                self._remember(landed, landing)
            except DreamscapeError:
                lander.take_back(landing)
                raise
        return landing, landed

    def _remember(self, landed: ItemReport, landing: Landing) -> None:
        self._history.save_landing(
            LandingRecord(
                id=0,
                run=self.run,
                item=landed.id,
                fingerprint=landed.fingerprint,
                mode=self.mode,
                ref=landing.ref,
                commit=landing.commit,
                before=self.base,
                files=landing.files,
                at=self._clock(),
                diff=landed.diff,
            )
        )
        self.record(landed)
        if landing.commit is not None:
            self.branch = landing.ref

    def record_also_repaired(self, report: ItemReport, by: str) -> None:
        """Tests that the landing of another item repaired as well."""
        self._rests_on[report.id] = by
        self.record(report)

    def take_back(self, item: str, lander: Lander, landing: Landing, why: str) -> None:
        """The other way round: takes an item's landing back and remembers that, for all items that rested on it.

        Raises CannotGoOn where other edits are in the way.
        """
        with interrupts_held_back():
            lander.take_back(landing)
            for report in [r for r in self._items.values() if item in (r.id, self._rests_on.get(r.id))]:
                self.record(replace(report, state=ItemState.ROLLED_BACK, why=why))
            for known in self._history.landings(self.run):
                if known.item == item and known.undone is None:
                    self._history.mark_undone(known.id, self._clock())

    def record_attempts(
        self, item: WorkItem, attempts: Sequence[Attempt], first: int, features: Mapping[str, object]
    ) -> tuple[AttemptRecord, ...]:
        """What each model did for an item, for routing and priors to learn from; ``first`` is the first one's number,
        ``features`` (JSON values) are what was known before.

        What they cost is counted for whatever report tells of the item's first test in the end.
        """
        test, cost = item.case.tests[0], sum(attempt.cost_usd for attempt in attempts)
        self._spent_usd[test] = self._spent_usd.get(test, 0.0) + cost
        self._answers += sum(len(attempt.answered) for attempt in attempts)
        records = tuple(
            self._record_of(item, attempt, number, features) for number, attempt in enumerate(attempts, first)
        )
        for record, attempt in zip(records, attempts, strict=True):
            self._history.save_attempt(record)
            self._history.add_verdicts(
                VerdictCount(attempt.card.name, origin, item.case.failure_class, state, count)
                for (origin, state), count in attempt.verdicts.items()
            )
        return records

    def _record_of(
        self, item: WorkItem, attempt: Attempt, number: int, features: Mapping[str, object]
    ) -> AttemptRecord:
        return AttemptRecord(
            run=self.run,
            item=item.id,
            fingerprint=item.case.fingerprint,
            failure_class=item.case.failure_class,
            model=attempt.card.name,
            attempt=number,
            solved=attempt.solved,
            outcome=attempt.outcome,
            candidates=attempt.candidates,
            cost_usd=attempt.cost_usd,
            seconds=attempt.seconds,
            at=self._clock(),
            content=item.case.content,
            path=item.case.suspects[0].path if item.case.suspects else "",
            tokens=attempt.tokens,
            questions=attempt.answered,
            features=features,
        )

    def take_apart(self, report: ItemReport) -> None:
        """An item's parts are recorded instead of it; the one with its first test, to which its cost counts, tells what
        it came to as well."""
        self._items.pop(report.id, None)
        self._taken_apart[report.tests[0]] = self._with_what_was_before(report)

    def _with_what_was_before(self, report: ItemReport) -> ItemReport:
        """With what was done for all tests of a larger item; told once."""
        wholes = [self._taken_apart.pop(test) for test in report.tests if test in self._taken_apart]
        for whole in wholes:
            report = replace(
                report,
                model=report.model or whole.model,
                attempts=report.attempts + whole.attempts,
                seconds=report.seconds + whole.seconds,
                why=f"{report.why}; before, for {len(whole.tests)} tests together: {whole.why}",
            )
        return report

    def items(self) -> Iterator[ItemReport]:
        """All items so far, in the order they ended."""
        return iter(self._items.values())

    def report(self, final: Tally | None, exit_code: int) -> HealReport:
        """The run's account as it stands."""
        items = tuple(self._items.values())
        standing = (landing for landing in self._history.landings(self.run) if landing.undone is None)
        return HealReport(
            run=self.run,
            baseline=self.baseline,
            final=final,
            items=items,
            cost_usd=sum(self._spent_usd.values(), 0.0),
            answers=self._answers,
            seconds=time.monotonic() - self._began,
            branch=self.branch,
            exit_code=exit_code,
            notes=tuple(dict.fromkeys(self.notes)),
            mode=self.mode,
            patches=tuple(landing.ref for landing in standing if landing.commit is None),
        )

    def close_obsolete(self, run: TestRun) -> None:
        """Closes the open reviews whose tests all pass on the base by now, whoever repaired them."""
        held = set(run.held)
        for waiting in self._history.reviews("open"):
            if held.issuperset(waiting.item.tests):
                self._history.close_review(waiting.id, "obsolete")
                self.notes.append(f"review {waiting.id} is closed: its tests pass now")

    def keep_turned_down(self, report: ItemReport) -> None:
        """A change that is not proposed again has a review to accept it by, also one thrown away with its branch."""
        if all(case.item.diff != report.diff for case in self._history.reviews() if case.state in ACCEPTABLE):
            review = self._history.open_review(self.run, report, self.base, self._clock())
            self._history.close_review(review, "rejected")
            self.notes.append(f"review {review} keeps a change that was turned down or thrown away before")

    def _ask_a_person(self, report: ItemReport) -> None:
        """Opens a review, unless there is nothing new to say to a person; one open review for a case is enough."""
        known = [c for c in self._history.reviews() if c.state in ACCEPTABLE and self._is_about(c, report)]
        if any(case.item.diff == report.diff or not report.diff for case in known):
            return
        review = self._history.open_review(self.run, report, self.base, self._clock())
        for case in (case for case in known if case.state == "open"):
            self._history.close_review(case.id, "superseded")
            self.notes.append(f"review {review} takes the place of review {case.id}: another change is proposed now")

    def _is_about(self, case: ReviewCase, report: ItemReport) -> bool:
        """Whether a test of the two is the same, or one whose parameters bear other names in each run fails alike."""
        may_be_renamed = case.run != self.run and case.item.fingerprint == report.fingerprint
        ours, theirs = (
            {test.partition("[")[0] if may_be_renamed else test for test in tests}
            for tests in (report.tests, case.item.tests)
        )
        return not ours.isdisjoint(theirs)


def _exit_code_of(error: BaseException) -> int:
    if isinstance(error, DreamscapeError):
        return error.exit_code
    return getattr(error, "exit_code", 130) if isinstance(error, KeyboardInterrupt) else 70
