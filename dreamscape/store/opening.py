"""Opening the database: a place or URL comes in, an engine on the present schema goes out."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from dreamscape.domain.errors import CannotGoOn, DiskFull, UsageError
from dreamscape.store.tables import SCHEMA, Base
from dreamscape.tools.files import explained
from dreamscape.tools.locks import waiting_lock

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
"""Chosen: longer than any of our transactions, shorter than a person's patience."""

_DAMAGED = ("file is not a database", "malformed", "file is encrypted")
_VERSION_TABLE = "alembic_version"


def open_file(path: Path) -> tuple[Engine, tuple[str, ...]]:
    """An engine on the SQLite file, made or migrated if need be, and sentences about what had to be done.

    A damaged file is moved aside, never deleted, and a fresh one made. Raises UsageError where the file is newer than
    this Dreamscape or somebody else's; CannotGoOn where it cannot be written; DiskFull.
    """
    with explained(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with explained(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with waiting_lock(path.with_name(path.name + ".lock")):
        notes: tuple[str, ...] = ()
        if damage := _damage(path):
            notes = (_moved_aside(path, damage),)
            _damage(path)
        engine = _sqlite_engine(path)
        try:
            _bring_up(engine, str(path))
        except BaseException:
            engine.dispose()
            raise
    return engine, notes


def open_url(url: str) -> Engine:
    """An engine on any database SQLAlchemy reaches. Raises UsageError where its driver is missing."""
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise UsageError(f"no driver for {make_url(url).drivername}", "install dreamscape[postgresql]") from error
    _bring_up(engine, make_url(url).render_as_string(hide_password=True))
    return engine


@contextlib.contextmanager
def explained_by_database(where: str) -> Iterator[None]:
    """Turns what the database says into a sentence. Raises DiskFull, CannotGoOn; what is a bug of ours passes."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).lower()
        if "is full" in said or "no space" in said:
            raise DiskFull(f"no space left to write {where}", "free some space, then run it again") from error
        if "readonly" in said or "unable to open" in said:
            raise CannotGoOn(f"{where} cannot be written", "make its folder writable") from error
        if "locked" in said or "busy" in said:
            raise CannotGoOn(f"{where} is kept busy by another process", "end it, or try again later") from error
        if "i/o error" in said or any(word in said for word in _DAMAGED):
            raise CannotGoOn(
                f"{where} cannot be read: {error.orig}", "the next start moves a damaged file aside and begins afresh"
            ) from error
        raise


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # Python's driver would begin transactions when it likes; ours begin below, migrations included.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer is refused at once, without waiting; so whoever will write says it first.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _damage(path: Path) -> str:
    """What is wrong with the file, ``""`` if nothing; also puts a sound one into WAL mode."""
    with (
        explained_by_database(str(path)),
        contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)) as file,
    ):
        try:
            found = file.execute("PRAGMA quick_check(1)").fetchone()
            file.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as error:
            if any(word in str(error) for word in _DAMAGED):
                return str(error)
            raise DatabaseError("PRAGMA quick_check", None, error) from error
    return "" if found[0] == "ok" else str(found[0])


def _moved_aside(path: Path, damage: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    with explained(path):
        for tail in ("", "-wal", "-shm"):
            part = path.with_name(path.name + tail)
            if part.exists():
                part.rename(aside.with_name(aside.name + tail))
    note = f"the memory {path.name} was damaged ({damage}); it is kept as {aside.name} and a fresh one begun"
    logger.warning("%s", note)
    return note


def _bring_up(engine: Engine, where: str) -> None:
    """Makes or migrates the tables. Alembic is slow to import, so it is not when the number is right."""
    with explained_by_database(where), engine.execution_options(writes=True).begin() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            Base.metadata.create_all(connection)
            connection.execute(text(f"CREATE TABLE {_VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text(f"INSERT INTO {_VERSION_TABLE} VALUES (:schema)"), {"schema": SCHEMA})
            return
        if _VERSION_TABLE not in tables:
            raise UsageError(f"{where} is a database, but not Dreamscape's", "name another one")
        stored = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar_one_or_none() or ""
        if stored > SCHEMA:
            raise UsageError(
                f"{where} was written by a newer Dreamscape (schema {stored}, this one knows {SCHEMA})",
                "upgrade dreamscape, or move that file away",
            )
        if stored != SCHEMA:
            from dreamscape.store.migrate import migrate

            migrate(connection)
