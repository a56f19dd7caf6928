"""SQLite keeps no checksums of its pages: a byte that changes within a text is read as it stands.

So each row of a member has one of its own, and the facts of the sweep have one together.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.errors import InputError
from src.ledger.rows import COLUMNS

_NAMES = ", ".join(COLUMNS)
SEALED = f"{_NAMES}, checksum"
# Of the row as it is stored: a number may be stored as another type than it is given as.
_SEAL = f"UPDATE members SET checksum = seal({_NAMES}) WHERE name = ?"  # noqa: S608
_FACTS = "checksum"  # where the sweep's facts have theirs, beside them


class Damaged(InputError):
    """The file is there, and is none of ours, or no longer."""


def seal(*values: Any) -> str:
    """SHA-256 of a row's columns, or of the facts' keys and values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def seal_rows(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Within the transaction that has changed them."""
    connection.create_function("seal", -1, seal, deterministic=True)
    connection.executemany(_SEAL, [(name,) for name in names])


def seal_facts(connection: sqlite3.Connection) -> None:
    """Within the transaction that has changed them."""
    found = seal(*_facts(connection).items())
    connection.execute("INSERT OR REPLACE INTO sweep (key, value) VALUES (?, ?)", (_FACTS, found))


def opened(path: Path, row: Sequence[Any]) -> dict[str, Any]:
    """A row's columns, from those that SEALED names; Damaged where they do not agree."""
    *values, found = row
    if found != seal(*values):
        raise Damaged(f"{path}: the row of {values[0]} was changed since it was written.")
    return dict(zip(COLUMNS, values, strict=True))


def whole(connection: sqlite3.Connection, path: Path) -> None:
    """Damaged unless its pages hold together, and the sweep's facts are as they were written."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise Damaged(f"{path}: not a readable ledger ({' '.join(str(said).split())}).")
    facts = _facts(connection)
    found = connection.execute("SELECT value FROM sweep WHERE key = ?", (_FACTS,)).fetchone()
    if found is None or found[0] != seal(*facts.items()):
        raise Damaged(f"{path}: was changed since it was written (checksum).")


def _facts(connection: sqlite3.Connection) -> dict[str, str]:
    question = "SELECT key, value FROM sweep WHERE key <> ? ORDER BY key"
    return dict(connection.execute(question, (_FACTS,)).fetchall())
