"""The file: SQLite in WAL mode, so that a process that is killed leaves whole rows behind it.

A member's result.json is what counts; the ledger says what else was asked for, and how it stands.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.ledger.beside import check_beside, set_aside
from src.ledger.rows import COLUMNS, FAILED, PENDING, RUNNING, Row, finite
from src.ledger.seals import SEALED, opened, seal_facts, seal_rows, whole
from src.ledger.tables import LEDGER, NoLedger, check, empty, make, reading, writing

__all__ = ["LEDGER", "Ledger", "set_aside"]

BUSY_SECONDS = 10.0  # how long another process's transaction is waited for


class Ledger:
    """The members of one command, by name. OSError where a change cannot be written."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder, self._connection = folder, connection

    @classmethod
    def at(
        cls, folder: Path, words: Sequence[str] = (), several: bool = True, hosts: bool = False
    ) -> "Ledger":
        """The folder's, made where there is none.

        words: what was typed to begin it. several: whether that was a sweep. hosts: whether other
        machines may write it, too, whose processes WAL does not hold apart. InputError where the
        file is there and is none of ours.
        """
        path = folder / LEDGER
        check_beside(path)
        with writing(path):
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            there = path.is_file() and path.stat().st_size > 0
            with reading(path):
                new = not there or empty(connection)
            with writing(path):
                if new:
                    if not hosts:
                        connection.execute("PRAGMA journal_mode = WAL")
                    make(connection, words, several)
                connection.execute("PRAGMA synchronous = NORMAL")
            with reading(path):
                check(connection, path)
                whole(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(folder, connection)

    @classmethod
    def read(cls, folder: Path) -> "Ledger":
        """One that is there, for looking at it; InputError where it is not, or is damaged."""
        path = folder / LEDGER
        check_beside(path)
        if not path.is_file():
            raise NoLedger(f"{folder}: holds no {LEDGER}; a sweep leaves one when it begins.")
        # A file whose folder cannot be written has no room for what WAL needs beside it.
        kind = "mode=rw" if os.access(folder, os.W_OK) else "immutable=1"
        with reading(path):
            uri = f"{path.resolve().as_uri()}?{kind}"
            connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                check(connection, path)
                whole(connection, path)
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
        found = self._fact("words")
        with self._reading():
            if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
                raise ValueError("words: must be a list of texts")
        return list(found)

    @property
    def several(self) -> bool:
        return bool(self._fact("several"))

    @property
    def begun(self) -> float:
        """When, in seconds since 1970."""
        with self._reading():
            begun = finite("begun", self._fact("begun"))
            if begun < 0:
                raise ValueError(f"begun={begun}: must be a time since 1970")
            return begun

    @property
    def holder(self) -> dict[str, Any]:
        """The process, host and time of who began it, or resumed it last."""
        found = self._fact("holder")
        return found if isinstance(found, dict) else {}

    def rows(self) -> list[Row]:
        """In the order of their numbers."""
        with self._reading():
            found = self._connection.execute(f"SELECT {SEALED} FROM members ORDER BY number, name")  # noqa: S608
            return [Row.of(opened(self.folder / LEDGER, row)) for row in found]

    def configurations(self) -> dict[str, str]:
        """What was hashed, by its digest, as src.identity.identity gives it."""
        with self._reading():
            rows = self._connection.execute("SELECT digest, config FROM configurations").fetchall()
            for digest, config in rows:
                if hashlib.sha256(config.encode()).hexdigest() != digest:
                    raise ValueError("a configuration was changed since it was written")
            return dict(rows)

    def check(self) -> None:
        """Damaged where any page of the file is."""
        with self._reading():
            whole(self._connection, self.folder / LEDGER)

    def _fact(self, key: str) -> Any:
        with self._reading():
            question = "SELECT value FROM sweep WHERE key = ?"
            (value,) = self._connection.execute(question, (key,)).fetchone()
            return json.loads(value)

    def _reading(self) -> Any:
        return reading(self.folder / LEDGER)

    # --- what happens -------------------------------------------------------------------------

    def tell(self, key: str, value: Any) -> None:
        """A fact of the whole sweep, in place of what it was: words, holder."""
        statement = "INSERT OR REPLACE INTO sweep (key, value) VALUES (?, ?)"
        with self._transaction() as connection:
            connection.execute(statement, (key, json.dumps(value)))
            seal_facts(connection)

    def enter(self, rows: Sequence[Row], configurations: Mapping[str, str] | None = None) -> None:
        """Rows as they stand; one of a name that is there is replaced.

        configurations: what their digests are of.
        """
        marks = ", ".join(f":{name}" for name in COLUMNS)
        names = ", ".join(COLUMNS)
        statement = f"INSERT OR REPLACE INTO members ({names}) VALUES ({marks})"  # noqa: S608
        beside = "INSERT OR REPLACE INTO configurations (digest, config) VALUES (?, ?)"
        with self._transaction() as connection:
            connection.executemany(statement, [row.columns() for row in rows])
            seal_rows(connection, [row.name for row in rows])
            connection.executemany(beside, (configurations or {}).items())

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
        statement = "UPDATE members SET status = ? WHERE status = ? AND name = ?"
        self._set(statement, [(PENDING, RUNNING, name) for name in names])

    def _set(self, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
        """values: the last of each is the member's name."""
        with self._transaction() as connection:
            connection.executemany(statement, values)
            seal_rows(connection, [each[-1] for each in values])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with writing(self.folder / LEDGER):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # After some errors SQLite has rolled back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
