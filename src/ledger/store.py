"""The file: SQLite in WAL mode, so that a process that is killed leaves whole rows behind it.

A member's result.json is what counts; the ledger says what else was asked for, and how it stands.
"""

import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.errors import InputError, on_one_line
from src.ledger.rows import COLUMNS, FAILED, PENDING, RUNNING, Row

LEDGER = "ledger.sqlite"
FORMAT = 1
BUSY_SECONDS = 10.0  # how long another process's transaction is waited for

_TABLES = {
    "sweep": "CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "members": (
        "CREATE TABLE members (name TEXT PRIMARY KEY, number INTEGER, label TEXT, overrides TEXT, "
        "digest TEXT, data TEXT, code TEXT, status TEXT, attempts INTEGER, started REAL, "
        "ended REAL, error TEXT, trace TEXT, result TEXT)"
    ),
}


class Ledger:
    """The members of one command, by name. OSError where a change cannot be written."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder, self._connection = folder, connection

    @classmethod
    def at(cls, folder: Path, words: Sequence[str] = (), several: bool = True) -> "Ledger":
        """The folder's, made where there is none.

        words: what was typed to begin it. several: whether that was a sweep. InputError where the
        file is there and is none of ours.
        """
        path = folder / LEDGER
        new = not path.exists()
        with _writing(path):
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            with _reading(path):
                if not new:
                    _check(connection, path)
            with _writing(path):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                if new:
                    _begin(connection, words, several)
        except BaseException:
            connection.close()
            raise
        return cls(folder, connection)

    @classmethod
    def read(cls, folder: Path) -> "Ledger":
        """One that is there, for looking at it; InputError where it is not, or is damaged."""
        path = folder / LEDGER
        if not path.is_file():
            raise InputError(f"{folder}: holds no {LEDGER}; a sweep leaves one when it begins.")
        # A file whose folder cannot be written has no room for what WAL needs beside it.
        kind = "mode=ro" if os.access(folder, os.W_OK) else "immutable=1"
        with _reading(path):
            uri = f"{path.resolve().as_uri()}?{kind}"
            connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                _check(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(folder, connection)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- what is there ------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """What was typed to begin it: overrides and flags."""
        return [str(word) for word in json.loads(self._of_sweep("words"))]

    @property
    def several(self) -> bool:
        return bool(json.loads(self._of_sweep("several")))

    @property
    def begun(self) -> float:
        """When, in seconds since 1970."""
        return float(json.loads(self._of_sweep("begun")))

    def rows(self) -> list[Row]:
        """In the order of their numbers."""
        names = ", ".join(COLUMNS)
        with _reading(self.folder / LEDGER):
            found = self._connection.execute(f"SELECT {names} FROM members ORDER BY number, name")  # noqa: S608
            return [Row.of(dict(zip(COLUMNS, row, strict=True))) for row in found]

    def _of_sweep(self, key: str) -> str:
        with _reading(self.folder / LEDGER):
            question = "SELECT value FROM sweep WHERE key = ?"
            (value,) = self._connection.execute(question, (key,)).fetchone()
            return str(value)

    # --- what happens -------------------------------------------------------------------------

    def enter(self, rows: Sequence[Row]) -> None:
        """Rows as they stand; one of a name that is there is replaced."""
        marks = ", ".join(f":{name}" for name in COLUMNS)
        names = ", ".join(COLUMNS)
        statement = f"INSERT OR REPLACE INTO members ({names}) VALUES ({marks})"  # noqa: S608
        with self._transaction() as connection:
            connection.executemany(statement, [row.columns() for row in rows])

    def begin(self, names: Sequence[str]) -> None:
        """They train from now on, once more than before."""
        statement = (
            "UPDATE members SET status = ?, attempts = attempts + 1, started = ?, ended = NULL, "
            "error = NULL, trace = NULL WHERE name = ?"
        )
        self._set(statement, [(RUNNING, time.time(), name) for name in names])

    def end(self, name: str, status: str, result: Mapping[str, Any]) -> None:
        statement = "UPDATE members SET status = ?, ended = ?, result = ? WHERE name = ?"
        self._set(statement, [(status, time.time(), json.dumps(result), name)])

    def fail(self, name: str, error: str, trace: str) -> None:
        statement = "UPDATE members SET status = ?, ended = ?, error = ?, trace = ? WHERE name = ?"
        self._set(statement, [(FAILED, time.time(), error, trace, name)])

    def wait(self, names: Sequence[str]) -> None:
        """Those of them that were begun and are not finished: whoever resumes trains them."""
        statement = "UPDATE members SET status = ? WHERE name = ? AND status = ?"
        self._set(statement, [(PENDING, name, RUNNING) for name in names])

    def _set(self, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
        with self._transaction() as connection:
            connection.executemany(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _writing(self.folder / LEDGER):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise


def _begin(connection: sqlite3.Connection, words: Sequence[str], several: bool) -> None:
    facts = {"format": FORMAT, "words": list(words), "several": several, "begun": time.time()}
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.values():
        connection.execute(statement)
    insert = "INSERT INTO sweep (key, value) VALUES (?, ?)"
    connection.executemany(insert, [(key, json.dumps(value)) for key, value in facts.items()])
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """InputError unless these are our tables and nothing else: views and triggers are code."""
    connection.execute("PRAGMA trusted_schema = OFF")
    found = dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    )
    if found != _TABLES:
        raise InputError(f"{path}: not a ledger of this program (it has other tables).")
    made = connection.execute("SELECT value FROM sweep WHERE key = 'format'").fetchone()
    if made is None or made[0] != json.dumps(FORMAT):
        raise InputError(f"{path}: not a ledger of this version.")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable ledger ({on_one_line(error)}).") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """SQLite's own errors as those of any file: a full disk, a folder that cannot be written."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, on_one_line(error), str(path)) from error
