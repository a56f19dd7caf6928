"""The files that SQLite keeps beside a ledger: it does what they say as soon as that is opened.

A journal may name another file, a super-journal, which SQLite removes once it has rolled back.
"""

import os
import stat
from pathlib import Path

from src.errors import InputError
from src.ledger.tables import LEDGER, Damaged

__all__ = ["check_beside", "set_aside"]

_ENDS = ("", "-wal", "-shm", "-journal")
_MAGIC = bytes.fromhex("d9d505f920a163d7")  # the last bytes of a journal that names another file
_SHORTEST = 16  # bytes of a journal that may


def check_beside(path: Path) -> None:
    """Damaged where opening the ledger would have files elsewhere read, written or removed.

    A journal of ours names none: one transaction changes one ledger. To be asked before SQLite is.
    """
    for end in _ENDS:
        each = Path(f"{path}{end}")
        try:
            mode = each.lstat().st_mode
            if not stat.S_ISREG(mode):
                found = "is a link" if stat.S_ISLNK(mode) else "is no file"
                raise Damaged(f"{each}: {found}; no ledger of this program is.")
            if end == "-journal" and _names_another(each):
                raise Damaged(f"{each}: names another file, to be removed; no ledger of ours does.")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(f"{each}: cannot be read ({error.strerror}).") from error


def _names_another(journal: Path) -> bool:
    with journal.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        if length < _SHORTEST:
            return False
        file.seek(length - len(_MAGIC))
        return file.read() == _MAGIC


def set_aside(folder: Path) -> Path:
    """Put a damaged ledger out of the way; where it is then."""
    aside = folder / f"{LEDGER}.damaged"
    for end in _ENDS:
        there = folder / f"{LEDGER}{end}"
        if os.path.lexists(there):
            there.replace(f"{aside}{end}")
    return aside
