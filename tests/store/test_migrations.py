"""Old databases are brought up to date without loss; new ones are refused with a sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from dreamscape.domain.errors import UsageError
from dreamscape.store import open_store
from dreamscape.store.migrate import configuration, migrate
from dreamscape.store.opening import _sqlite_engine
from dreamscape.store.tables import SCHEMA, Base

ROOT = Path(__file__).parents[2]


def at_revision(path: Path, revision: str) -> None:
    engine = _sqlite_engine(path)
    with engine.execution_options(writes=True).begin() as connection:
        migrate(connection, revision)
    engine.dispose()


def tables_sql(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    try:
        found = []
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name"):
            columns = connection.execute(
                f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')"
            ).fetchall()
            keys = connection.execute(f"SELECT * FROM pragma_foreign_key_list('{name}')").fetchall()
            indexes = connection.execute(f"SELECT name FROM pragma_index_list('{name}')").fetchall()
            found.append((name, str(sorted(columns)), str(keys), str(sorted(indexes))))
        return found
    finally:
        connection.close()


def test_migrations_and_models_say_the_same(tmp_path: Path) -> None:
    at_revision(tmp_path / "db", "head")
    engine = create_engine(f"sqlite:///{tmp_path / 'db'}")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        drift = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert drift == []


def test_a_fresh_database_equals_a_migrated_one(tmp_path: Path) -> None:
    open_store(tmp_path / "fresh").close()
    at_revision(tmp_path / "migrated", "head")

    assert tables_sql(tmp_path / "fresh") == tables_sql(tmp_path / "migrated")


def test_the_number_in_the_code_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == SCHEMA


def test_an_older_database_is_brought_up_with_all_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "db"
    at_revision(path, "0001")
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO runs (id, command, started, sandbox, cost_usd, seconds, notes)"
        " VALUES ('old', 'heal', '2026-01-01 12:00:00.000000', '', 0, 0, '[]')"
    )
    connection.execute("INSERT INTO attempts VALUES (1, 'old', 'i', 'f', 'import', 'embedded', 1, 0, 'x', 3, 0, 1, '')")
    connection.execute("INSERT INTO events (kind, at, data) VALUES ('scanned', '2026-01-01 12:00:00.000000', '{}')")
    connection.commit()
    connection.close()

    with open_store(path) as store:
        (run,) = store.runs()
        assert (run.id, run.started, run.interrupted) == ("old", datetime(2026, 1, 1, 12, tzinfo=UTC), True)
        assert len(store.events()) == 1
        assert store.verdicts() == ()
        (attempt,) = store.attempts()
        assert (attempt.model, attempt.content, attempt.questions, attempt.at) == ("embedded", "", (), None)
    open_store(tmp_path / "fresh").close()
    assert tables_sql(path) == tables_sql(tmp_path / "fresh")


def test_openers_at_the_same_time_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "db"
    at_revision(path, "0001")
    code = "import sys; from dreamscape.store import open_store; open_store(sys.argv[1]).close()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    openers = [subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment) for _ in range(3)]

    assert [opener.wait() for opener in openers] == [0, 0, 0]
    with open_store(path) as store:
        assert store.runs() == ()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "db"
    at_revision(path, "0001")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE runs ADD COLUMN host TEXT")
    connection.commit()
    before = tables_sql(path)

    with pytest.raises(Exception, match="duplicate column"):
        open_store(path)

    assert tables_sql(path) == before
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    connection.close()


def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "db"
    open_store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()

    with pytest.raises(UsageError, match="newer Dreamscape") as caught:
        open_store(path)

    assert caught.value.exit_code == 2
    assert "upgrade dreamscape" in caught.value.hint


def test_alembic_is_imported_only_to_migrate(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from dreamscape.store import open_store
        open_store(sys.argv[1]).close()
        open_store(sys.argv[1]).close()
        print("alembic" in sys.modules)
    """

    ran = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", f"PYTHONPATH={ROOT}", sys.executable, "-c", code, str(tmp_path / "db")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "False\n"
