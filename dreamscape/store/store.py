"""`Store`: the memory of all runs, as `domain.ports.History` promises it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session, selectinload

from dreamscape.domain.errors import UsageError
from dreamscape.domain.events import Event
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import (
    ACCEPTABLE,
    AttemptRecord,
    HealReport,
    ItemReport,
    LandingRecord,
    ReviewCase,
    RunRecord,
    VerdictCount,
)
from dreamscape.store import rows
from dreamscape.store.opening import explained_by_database, open_file, open_url
from dreamscape.store.tables import (
    AttemptRow,
    EventRow,
    ItemRow,
    LandingRow,
    OutcomeRow,
    ReviewRow,
    RunRow,
)

KEPT_ATTEMPTS = 10_000
"""The latest attempts are kept, whichever runs they were made in (chosen: a decision reads them in milliseconds)."""


def open_store(where: Path | str) -> Store:
    """The store in a SQLite file, or behind a database URL (a text with ``://``).

    Raises UsageError, CannotGoOn, DiskFull, each with what to do; a damaged file is moved aside and said in `notes`.
    """
    if isinstance(where, str) and "://" in where:
        return Store(open_url(where), where)
    engine, notes = open_file(Path(where))
    return Store(engine, str(where), notes)


class Store:
    """The memory of all runs. Only the thread that opened it may use it; each call is one transaction."""

    def __init__(self, engine: Engine, where: str, notes: tuple[str, ...] = ()) -> None:
        self.notes = notes
        self._where = where
        self._engine = engine
        self._thread = threading.get_ident()

    def close(self) -> None:
        """Ends the connection; what was saved is on disk already."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs and their items

    def start_run(self, run: str, command: str, base: str | None, at: datetime) -> None:
        """Remembers that this process begins a run."""
        with self._write() as session:
            session.add(
                RunRow(
                    id=run, command=command, base=base, started=at, sandbox="", cost_usd=0.0, seconds=0.0, notes=[],
                    pid=os.getpid(), host=socket.gethostname(),
                )
            )  # fmt: skip

    def set_sandbox(self, run: str, level: str) -> None:
        """Remembers which sandbox a run works in."""
        with self._write() as session:
            _known_run(session, run).sandbox = level

    def end_run(self, report: HealReport, at: datetime) -> None:
        """Remembers how a run ended, with all its items."""
        with self._write() as session:
            row = _known_run(session, report.run)
            row.ended = at
            row.exit_code = report.exit_code
            row.branch = report.branch
            row.baseline = asdict(report.baseline) if report.baseline else None
            row.final = asdict(report.final) if report.final else None
            row.cost_usd = report.cost_usd
            row.seconds = report.seconds
            row.notes = list(report.notes)
            for item in report.items:
                _put_item(session, report.run, item)

    def save_item(self, run: str, item: ItemReport) -> None:
        """Remembers an item as it stands now; a later call with the same id replaces it and keeps its place."""
        with self._write() as session:
            _put_item(session, run, item)

    def runs(self, limit: int = 50) -> tuple[RunRecord, ...]:
        """The latest runs, newest first."""
        with self._read() as session:
            query = select(RunRow).order_by(RunRow.started.desc(), RunRow.id.desc()).limit(limit)
            found = session.scalars(query.options(selectinload(RunRow.items))).all()
            return tuple(rows.run_of(row, interrupted=_is_interrupted(row)) for row in found)

    def run(self, run: str) -> RunRecord | None:
        """One run; None if it is not known (any more)."""
        with self._read() as session:
            row = session.get(RunRow, run)
            return None if row is None else rows.run_of(row, interrupted=_is_interrupted(row))

    def prune(self, keep_runs: int) -> int:
        """Forgets all but the latest runs, with their items and settled reviews; says how many.

        Outcomes, landings, events, the latest attempts, reviews that are open or may be accepted after all, and a run
        that is still at work stay.
        """
        with self._write() as session:
            old = session.scalars(select(RunRow).order_by(RunRow.started.desc(), RunRow.id.desc()).offset(keep_runs))
            gone = [row.id for row in old if row.ended is not None or _is_interrupted(row)]
            for run in gone:
                session.execute(delete(RunRow).where(RunRow.id == run))
                session.execute(delete(ReviewRow).where(ReviewRow.run == run, ReviewRow.state.not_in(ACCEPTABLE)))
            last = session.scalar(select(AttemptRow.id).order_by(AttemptRow.id.desc()).offset(KEPT_ATTEMPTS).limit(1))
            session.execute(delete(AttemptRow).where(AttemptRow.id <= (last or 0)))
            return len(gone)

    # What to learn from

    def save_attempt(self, attempt: AttemptRecord) -> None:
        """Remembers one model's try."""
        with self._write() as session:
            session.add(rows.attempt_row(attempt))

    def correct_attempt(self, fingerprint: str, model: str | None, *, solved: bool) -> None:
        """A person's word on what a model last came to at a cause takes the place of ours."""
        ours = AttemptRow.fingerprint == fingerprint, AttemptRow.model == model
        with self._write() as session:
            row = session.scalar(select(AttemptRow).where(*ours).order_by(AttemptRow.id.desc()).limit(1))
            if row is not None and row.solved != solved:
                row.solved, row.outcome = solved, "solved" if solved else "undone"

    def attempts(self, fingerprint: str | None = None) -> tuple[AttemptRecord, ...]:
        """All tries, or those at one cause, the oldest first."""
        query = select(AttemptRow).order_by(AttemptRow.id)
        if fingerprint is not None:
            query = query.where(AttemptRow.fingerprint == fingerprint)
        with self._read() as session:
            return tuple(map(rows.attempt_of, session.scalars(query)))

    def forget_attempts(self) -> int:
        """Forgets all tries; says how many."""
        with self._write() as session:
            number = session.scalar(select(func.count()).select_from(AttemptRow)) or 0
            session.execute(delete(AttemptRow))
            return number

    def add_verdicts(self, counts: Iterable[VerdictCount]) -> None:
        """Adds to the verdict counts."""
        with self._write() as session:
            for one in counts:
                key = (one.model, one.origin, one.failure_class.value, one.state.value)
                row = session.get(OutcomeRow, key)
                if row is None:
                    names = ("model", "origin", "failure_class", "state")
                    session.add(OutcomeRow(count=one.count, **dict(zip(names, key, strict=True))))
                    session.flush()
                else:
                    row.count += one.count

    def verdicts(self, failure_class: FailureClass | None = None) -> tuple[VerdictCount, ...]:
        """Verdict counts over all runs, or of one class of failure, in a fixed order."""
        query = select(OutcomeRow).order_by(
            OutcomeRow.model, OutcomeRow.origin, OutcomeRow.failure_class, OutcomeRow.state
        )
        if failure_class is not None:
            query = query.where(OutcomeRow.failure_class == failure_class.value)
        with self._read() as session:
            return tuple(map(rows.verdict_of, session.scalars(query)))

    # Landings and reviews

    def save_landing(self, landing: LandingRecord) -> int:
        """Remembers a landing; returns its number (the record's own is not used)."""
        with self._write() as session:
            row = rows.landing_row(landing)
            session.add(row)
            session.flush()
            return row.id

    def landings(self, run: str | None = None) -> tuple[LandingRecord, ...]:
        """All landings, or a run's, the oldest first."""
        query = select(LandingRow).order_by(LandingRow.id)
        if run is not None:
            query = query.where(LandingRow.run == run)
        with self._read() as session:
            return tuple(map(rows.landing_of, session.scalars(query)))

    def mark_undone(self, landing: int, at: datetime) -> None:
        """Remembers that a landing was taken back. Raises UsageError if there is no such landing."""
        with self._write() as session:
            row = session.get(LandingRow, landing)
            if row is None:
                raise UsageError(f"there is no landing {landing}", "see: dreamscape runs show")
            row.undone = at

    def open_review(self, run: str, item: ItemReport, base: str | None, at: datetime) -> int:
        """Puts an item before a person; returns the review's number."""
        with self._write() as session:
            row = ReviewRow(run=run, item=rows.item_words(item), base=base, state="open", opened=at)
            session.add(row)
            session.flush()
            return row.id

    def reviews(self, state: str | None = None) -> tuple[ReviewCase, ...]:
        """All reviews, or those in one state, the oldest first."""
        query = select(ReviewRow).order_by(ReviewRow.id)
        if state is not None:
            query = query.where(ReviewRow.state == state)
        with self._read() as session:
            return tuple(map(rows.review_of, session.scalars(query)))

    def close_review(self, review: int, state: str) -> None:
        """Ends a review; a rejected one may still be accepted. Raises UsageError if it is not open otherwise."""
        with self._write() as session:
            row = session.get(ReviewRow, review)
            if row is None:
                raise UsageError(f"there is no review {review}", "see: dreamscape review list")
            if row.state != "open" and (row.state, state) != ("rejected", "accepted"):
                raise UsageError(f"review {review} is {row.state} already")
            row.state = state

    # Events

    def add_event(self, event: Event) -> int:
        """Remembers what happened; returns the event's number."""
        with self._write() as session:
            row = rows.event_row(event)
            session.add(row)
            session.flush()
            return row.id

    def events(self, since: datetime | None = None, until: datetime | None = None) -> tuple[Event, ...]:
        """Events from ``since`` (inclusive) to ``until`` (exclusive), in the order they happened."""
        query = select(EventRow).order_by(EventRow.at, EventRow.id)
        if since is not None:
            query = query.where(EventRow.at >= since)
        if until is not None:
            query = query.where(EventRow.at < until)
        with self._read() as session:
            return tuple(map(rows.event_of, session.scalars(query)))

    @contextlib.contextmanager
    def _read(self) -> Iterator[Session]:
        self._check_thread()
        with explained_by_database(self._where), Session(self._engine) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def _write(self) -> Iterator[Session]:
        self._check_thread()
        writer = self._engine.execution_options(writes=True)
        with explained_by_database(self._where), Session(writer) as session, session.begin():
            yield session

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("only the thread that opened the store may use it")


def _known_run(session: Session, run: str) -> RunRow:
    row = session.get(RunRow, run)
    if row is None:
        raise UsageError(f"there is no run {run}", "see: dreamscape runs list")
    return row


def _put_item(session: Session, run: str, item: ItemReport) -> None:
    known = session.get(ItemRow, (run, item.id))
    if known is not None:
        position = known.position
    else:
        position = session.scalar(select(func.count()).select_from(ItemRow).where(ItemRow.run == run)) or 0
    session.merge(rows.item_row(run, position, item))
    session.flush()


def _is_interrupted(row: RunRow) -> bool:
    """A run without an end whose process is gone; of another machine's nothing is known."""
    if row.ended is not None or (row.host is not None and row.host != socket.gethostname()):
        return False
    import psutil

    return row.pid is None or not psutil.pid_exists(row.pid)
