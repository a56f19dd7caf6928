"""SQLite keeps no checksums of its pages: a byte that changes within a text is read as it stands.

So each row has one of its own, and the facts of the sweep have one together.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from src.ledger.rows import COLUMNS

_NAMES = ", ".join(COLUMNS)
SEALED = f"{_NAMES}, checksum"
# Of the row as it is stored: a number may be stored as another type than it is given as.
_SEAL = f"UPDATE members SET checksum = seal({_NAMES}) WHERE name = ?"  # noqa: S608
FACTS = "checksum"  # where the sweep's facts have theirs, beside them


def seal(*values: Any) -> str:
    """SHA-256 of a row's columns, or of the facts' keys and values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def seal_facts(connection: sqlite3.Connection) -> None:
    """Within the transaction that has changed them."""
    statement = "INSERT OR REPLACE INTO sweep (key, value) VALUES (?, ?)"
    connection.execute(statement, (FACTS, _seal_of_facts(connection)))


def facts_sealed(connection: sqlite3.Connection) -> bool:
    """Whether the sweep's facts are as they were written."""
    found = connection.execute("SELECT value FROM sweep WHERE key = ?", (FACTS,)).fetchone()
    return found is not None and found[0] == _seal_of_facts(connection)


def _seal_of_facts(connection: sqlite3.Connection) -> str:
    facts = connection.execute("SELECT key, value FROM sweep WHERE key != ?", (FACTS,)).fetchall()
    return seal(*sorted(facts))


def seal_rows(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Within the transaction that has changed them."""
    connection.create_function("seal", -1, seal, deterministic=True)
    connection.executemany(_SEAL, [(name,) for name in names])


def opened(row: Sequence[Any]) -> dict[str, Any]:
    """A row's columns, from those that SEALED names; ValueError where they do not agree."""
    *values, found = row
    if found != seal(*values):
        raise ValueError(f"the row of {values[0]} was changed since it was written")
    return dict(zip(COLUMNS, values, strict=True))
