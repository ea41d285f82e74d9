"""The database of a state folder: one SQLite file in WAL mode.

A commit survives the end of this process at any moment, however it ends. It is not flushed to the
disk each time, which would cost each small upload milliseconds: after a loss of power the last
moments may be missing, but what is there is consistent.
"""

from __future__ import annotations

import sqlite3
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from localaws.errors import StateError, StateFormatError

if TYPE_CHECKING:
    from pathlib import Path

DATABASE: Final = "localaws.db"
FORMAT: Final = 1
_APPLICATION: Final = 0x6C617773  # "laws", so that `file` and we tell our databases from others
_SCHEMA: Final = """
CREATE TABLE about (moto TEXT NOT NULL);
CREATE TABLE services (name TEXT PRIMARY KEY, backends BLOB NOT NULL);
CREATE TABLE buckets (
    name TEXT PRIMARY KEY, account TEXT NOT NULL, partition TEXT NOT NULL, document BLOB NOT NULL
);
CREATE TABLE versions (
    number INTEGER PRIMARY KEY,  -- versions of a key are in the order of their numbers
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    blob TEXT,                   -- null for a delete marker
    size INTEGER NOT NULL,
    document BLOB NOT NULL,
    UNIQUE (bucket, key, version)
);
CREATE TABLE bodies (blob TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE INDEX versions_by_blob ON versions (blob);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database at `path`, making it when there is none.

    Any thread may use the connection, one at a time. Raises `StateFormatError` for a file that
    this version of localaws, with the installed version of moto, did not write; `StateError` when
    it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _check_or_create(connection, path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StateError(f"cannot use {path}: {error}") from None
        raise StateFormatError(
            f"{path} is no database of localaws ({error}); give another folder"
        ) from None
    return connection


def _check_or_create(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    written = connection.execute("PRAGMA user_version").fetchone()[0]
    moto = version("moto")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION};"
            f"PRAGMA user_version = {FORMAT}; COMMIT;"
        )
        connection.execute("INSERT INTO about VALUES (?)", (moto,))
        return
    if application != _APPLICATION or written != FORMAT:
        raise StateFormatError(
            f"{path} has format {written}, and this localaws reads format {FORMAT}; "
            "use the version that wrote it, or give another folder"
        )
    (wrote,) = connection.execute("SELECT moto FROM about").fetchone()
    if wrote != moto:
        raise StateFormatError(
            f"{path} was written with moto {wrote}, and moto {moto} is installed; "
            f"install moto=={wrote}, or give another folder"
        )
