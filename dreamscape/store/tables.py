"""The tables of the memory, in types that SQLite and PostgreSQL share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Double, ForeignKey, MetaData, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

SCHEMA = "0004"
"""The newest migration; a database that bears another number is migrated, or refused if it is newer."""


class UtcTime(TypeDecorator[datetime]):
    """Points in time, always aware and in UTC. Raises ValueError on one without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text as it came from a project: what no database takes (NUL, undecodable bytes) is written out as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


class Base(DeclarativeBase):
    """All tables; constraints are named, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcTime,
        str: Words,
        float: Double,
    }


class RunRow(Base):
    """One run of a command; ``ended`` stays empty if it is killed, ``pid`` and ``host`` tell whether it still lives."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    command: Mapped[str]
    base: Mapped[str | None]
    branch: Mapped[str | None]
    started: Mapped[datetime] = mapped_column(index=True)
    ended: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    baseline: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    final: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    sandbox: Mapped[str]
    cost_usd: Mapped[float]
    seconds: Mapped[float]
    notes: Mapped[list[str]] = mapped_column(JSON)
    pid: Mapped[int | None]
    host: Mapped[str | None]

    items: Mapped[list[ItemRow]] = relationship(
        order_by="ItemRow.position", passive_deletes=True, cascade="all, delete-orphan"
    )


class ItemRow(Base):
    """One work item of a run, as last reported; ``position`` keeps the queue's order."""

    __tablename__ = "items"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str]
    failure_class: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(index=True)
    impact: Mapped[float]
    model: Mapped[str | None]
    attempts: Mapped[int]
    commit: Mapped[str | None]
    cost_usd: Mapped[float]
    seconds: Mapped[float]
    why: Mapped[str]
    diff: Mapped[str]
    tests: Mapped[list[str]] = mapped_column(JSON)
    files: Mapped[list[str]] = mapped_column(JSON)
    rivals: Mapped[list[str]] = mapped_column(JSON)
    examples: Mapped[list[str]] = mapped_column(JSON)
    summary: Mapped[str | None]
    tried: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    signals: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class AttemptRow(Base):
    """One model's try at one item; outlives its run, because routing learns from it."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(index=True)
    item: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(index=True)
    failure_class: Mapped[str]
    model: Mapped[str]
    attempt: Mapped[int]
    solved: Mapped[bool]
    outcome: Mapped[str]
    candidates: Mapped[int]
    cost_usd: Mapped[float]
    seconds: Mapped[float]
    prompt_variant: Mapped[str]
    at: Mapped[datetime | None]
    content: Mapped[str | None]
    path: Mapped[str | None]
    tokens: Mapped[int | None]
    questions: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    features: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class OutcomeRow(Base):
    """How often candidates of one origin got one verdict, over all runs."""

    __tablename__ = "outcomes"

    model: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    failure_class: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class LandingRow(Base):
    """A landing; outlives its run, because undo and the memory of rejected repairs need it."""

    __tablename__ = "landings"

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(index=True)
    item: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(index=True)
    mode: Mapped[str]
    ref: Mapped[str]
    commit: Mapped[str | None]
    before: Mapped[str | None]
    files: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime]
    undone: Mapped[datetime | None]
    diff: Mapped[str | None]


class ReviewRow(Base):
    """Something a person has to look at; ``item`` is a copy, so that an open review outlives its run."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(index=True)
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    base: Mapped[str | None]
    state: Mapped[str] = mapped_column(index=True)
    opened: Mapped[datetime]


class EventRow(Base):
    """What happened; never removed."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    run: Mapped[str | None] = mapped_column(index=True)
    item: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
