"""SQLite keeps no checksums of its pages: a byte that changes within a text is read as it stands.

So each row has one of its own, and the facts of the sweep have one together.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from src.errors import InputError
from src.ledger.rows import COLUMNS

_NAMES = ", ".join(COLUMNS)
SEALED = f"{_NAMES}, checksum"
# Of the row as it is stored: a number may be stored as another type than it is given as.
_SEAL = f"UPDATE members SET checksum = seal({_NAMES}) WHERE name = ?"  # noqa: S608
FACTS = "checksum"  # where the sweep's facts have theirs, beside them


def seal(*values: Any) -> str:
    """SHA-256 of a row's columns, or of the facts' keys and values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def seal_facts(facts: Mapping[str, str]) -> str:
    return seal(*(item for item in sorted(facts.items()) if item[0] != FACTS))


def seal_rows(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Within the transaction that has changed them."""
    connection.create_function("seal", -1, seal, deterministic=True)
    connection.executemany(_SEAL, [(name,) for name in names])


def opened(path: Path, row: Sequence[Any]) -> dict[str, Any]:
    """A row's columns, from those that SEALED names; InputError where they do not agree."""
    *values, found = row
    if found != seal(*values):
        raise InputError(f"{path}: the row of {values[0]} was changed since it was written.")
    return dict(zip(COLUMNS, values, strict=True))


def check(connection: sqlite3.Connection, path: Path) -> None:
    """InputError unless its pages hold together, and the sweep's facts are as they were written."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise InputError(f"{path}: not a readable ledger ({' '.join(str(found).split())}).")
    facts = dict(connection.execute("SELECT key, value FROM sweep").fetchall())
    if facts.get(FACTS) != seal_facts(facts):
        raise InputError(f"{path}: was changed since it was written (checksum).")
