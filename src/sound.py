"""Whether a member is finished: a result that is whole, and beside it the files that it names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from src.errors import InputError, on_one_line
from src.identity import identity_of
from src.ledger.rows import ENDED, Row
from src.ledger.store import LEDGER
from src.report.results import Record, read_result
from src.tracking.files import FILES, RESULT, sha256_of


def result_of(folder: Path) -> Record | None:
    """A finished member's; None where there is none; InputError where anything of it is damaged."""
    if not (folder / RESULT).exists():
        return None
    record = read_result(folder / RESULT)
    try:
        identity_of(record)
    except (AttributeError, TypeError) as error:
        raise InputError(f"{folder / RESULT}: not a result of this program (config).") from error
    if record["status"] not in ENDED:
        return None
    check_files(folder, record)
    return {**record, "folder": str(folder)}


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """InputError where a file that a result names is gone, or is another than it was."""
    files = record.get(FILES)
    for name, expected in (files if isinstance(files, dict) else {}).items():
        if Path(name).name != name:
            raise InputError(f"{folder / RESULT}: {FILES} names {name}, which is not beside it.")
        try:
            found = sha256_of(folder / name)
        except (OSError, ValueError) as error:  # of a name that no file can have, as well
            raise InputError(f"{folder / name}: not readable ({on_one_line(error)}).") from error
        if found != expected:
            raise InputError(f"{folder / name}: was changed since it was written (checksum).")


def whole(folder: Path) -> Record | None:
    """A finished member's result; None where there is none, or where anything of it is damaged."""
    try:
        return result_of(folder)
    except InputError:
        return None


def sound(folder: Path, before: Row | None, notes: list[str]) -> Record | None:
    """The member's result where it is finished; notes: what is to be said of one that is lost."""
    try:
        record = result_of(folder)
    except InputError as error:
        notes.append(f"{str(error).rstrip('.')}; this member is trained again.")
        return None
    if record is None and before is not None and before.status in ENDED:
        said = f"is {before.status} in {LEDGER}, but has no {RESULT}; it is trained again."
        notes.append(f"{folder}: {said}")
    return record
