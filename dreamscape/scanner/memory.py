"""The scanner's own disposable files beside the store: sqlite3 databases that are made anew where they cannot be read.

What comes out of them is data that a project may have written itself.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from dreamscape.tools.files import STATE_FOLDER, state_folder


def make_place(file: Path) -> None:
    """Makes our state folder where the file belongs in one. Raises CannotGoOn, DiskFull."""
    if file.parent.name == STATE_FOLDER:
        state_folder(file.parent.parent)


def opened(file: Path, tables: str, format: str) -> sqlite3.Connection:
    """The database as it was left, or a new one with these tables where it is of another format or damaged.

    Raises sqlite3.Error (one that says "locked" where another scan has it), OSError, DreamscapeError.
    """
    make_place(file)
    if not file.exists():
        return made_anew(file, tables, format)
    connection = sqlite3.connect(file, timeout=2)
    try:
        _configure(connection)
        if connection.execute("SELECT format FROM about").fetchall() == [(format,)]:
            return connection
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if "locked" in str(error):
            connection.close()
            raise
    connection.close()
    return made_anew(file, tables, format)


def made_anew(file: Path, tables: str, format: str) -> sqlite3.Connection:
    """An empty database in the place of whatever is there. Raises sqlite3.Error, OSError."""
    for name in (file.name, f"{file.name}-journal"):
        file.with_name(name).unlink(missing_ok=True)
    connection = sqlite3.connect(file, timeout=2)
    _configure(connection)
    with connection:
        connection.executescript(f"CREATE TABLE about (format TEXT NOT NULL);\n{tables}")
        connection.execute("INSERT INTO about VALUES (?)", (format,))
    return connection


def _configure(connection: sqlite3.Connection) -> None:
    # A crash may damage the file; then it is made anew, so nothing needs to wait for the disk.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA trusted_schema = OFF")
