"""The tables of a ledger, and what SQLite says of them, told as of any other file."""

import errno
import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.errors import InputError, on_one_line
from src.ledger.seals import Damaged as Damaged
from src.ledger.seals import seal_facts

LEDGER = "ledger.sqlite"
FORMAT = 1

TABLES = {
    "sweep": "CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "members": (
        "CREATE TABLE members (name TEXT PRIMARY KEY, number INTEGER, label TEXT, overrides TEXT, "
        "digest TEXT, data TEXT, code TEXT, status TEXT, attempts INTEGER, started REAL, "
        "ended REAL, error TEXT, trace TEXT, result TEXT, checksum TEXT)"
    ),
    # What a digest is of. Apart: whoever lists members does not read it.
    "configurations": "CREATE TABLE configurations (digest TEXT PRIMARY KEY, config TEXT NOT NULL)",
}
# Of the place that a file is in, not of what it holds; all but the first may pass.
_STORAGE = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_READONLY": errno.EROFS,
    "SQLITE_CANTOPEN": errno.EIO,
    "SQLITE_IOERR": errno.EIO,
    "SQLITE_PERM": errno.EACCES,
    "SQLITE_BUSY": errno.EBUSY,
    "SQLITE_LOCKED": errno.EBUSY,
    "SQLITE_PROTOCOL": errno.EBUSY,
}


class NoLedger(InputError):
    """There is none, or nothing in it yet."""


def holder() -> dict[str, Any]:
    """This process, as others are told of it."""
    return {"process": os.getpid(), "host": socket.gethostname(), "since": time.time()}


def make(connection: sqlite3.Connection, words: Sequence[str], several: bool) -> None:
    """All at once, unless another process has just made them."""
    facts = {
        "format": FORMAT,
        "words": list(words),
        "several": several,
        "begun": time.time(),
        "holder": holder(),
    }
    connection.execute("BEGIN IMMEDIATE")
    if empty(connection):
        for statement in TABLES.values():
            connection.execute(statement)
        insert = "INSERT INTO sweep (key, value) VALUES (?, ?)"
        connection.executemany(insert, [(key, json.dumps(value)) for key, value in facts.items()])
        seal_facts(connection)
    connection.execute("COMMIT")


def empty(connection: sqlite3.Connection) -> bool:
    """Whether whoever made the file was killed before its tables."""
    return not connection.execute("SELECT name FROM sqlite_master").fetchall()


def check(connection: sqlite3.Connection, path: Path) -> None:
    """InputError unless these are our tables and nothing else: views and triggers are code."""
    connection.execute("PRAGMA trusted_schema = OFF")
    if empty(connection):
        raise NoLedger(f"{path}: has nothing in it yet.")
    found = dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    )
    if found != TABLES:
        raise Damaged(f"{path}: not a ledger of this program (it has other tables).")
    made = connection.execute("SELECT value FROM sweep WHERE key = 'format'").fetchone()
    if made is None or made[0] != json.dumps(FORMAT):
        raise Damaged(f"{path}: not a ledger of this version.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """InputError: Damaged, or of a file that cannot be read where it is."""
    try:
        yield
    except InputError:
        raise
    except sqlite3.Error as error:
        if _number(error) is not None:
            raise InputError(f"{path}: cannot be read ({on_one_line(error)}).") from error
        raise Damaged(f"{path}: not a readable ledger ({on_one_line(error)}).") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise Damaged(f"{path}: not a readable ledger ({on_one_line(error)}).") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """SQLite's own errors as those of any file: a full disk, a folder that cannot be written."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(_number(error) or errno.EIO, on_one_line(error), str(path)) from error


def _number(error: sqlite3.Error) -> int | None:
    """errno, of a fault of the place; None of one of the content."""
    name = getattr(error, "sqlite_errorname", None) or ""
    return next((_STORAGE[kind] for kind in _STORAGE if name.startswith(kind)), None)
