"""How the members of a command stand before it begins: what is finished, and what is to train."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from src.config import Config, as_plain
from src.errors import InputError
from src.identity import digest
from src.ledger.resumption import Resumption
from src.ledger.rows import ENDED, Row
from src.ledger.store import LEDGER, Ledger
from src.report.results import Record, read_result
from src.tracking.files import RESULT


@dataclass(frozen=True)
class Asked:
    """One member as a command asks for it."""

    config: Config
    folder: Path
    label: str
    overrides: list[str]
    number: int


def standing(members: Sequence[Asked], home: Path) -> tuple[list[Row], dict[int, Record]]:
    """A row for each member, and the results of those that are finished, by position.

    InputError, a line for each, where a folder holds a result that is not to be kept: of a command
    that resumes nothing, or of another configuration.
    """
    known = _known(home)
    rows: list[Row] = []
    finished: dict[int, Record] = {}
    faults: list[str] = []
    for position, member in enumerate(members):
        try:
            row = _row(member, home)
            before = known.get(row.name)
            found = _finished(member, row, before)
        except InputError as error:
            faults.append(str(error))
            continue
        if found is not None:
            finished[position] = found
        rows.append(_again(row, before, found))
    if faults:
        raise InputError("\n".join(faults))
    return rows, finished


def name_of(folder: Path, home: Path) -> str:
    """A member's name in the ledger: its folder below it, so that both can be moved together.

    InputError for a folder elsewhere, be it through a link.
    """
    place, above = folder.resolve(), home.resolve()
    if not place.is_relative_to(above):
        raise InputError(f"{folder}: leads out of {home}; members stand below it.")
    return place.relative_to(above).as_posix()


def summary(record: Record) -> dict[str, object]:
    """What a ledger says of a result."""
    last = (record.get("metrics") or {}).get("last") or {}
    test = (record.get("metrics") or {}).get("test") or {}
    return {
        "step": record.get("step"),
        "validation_accuracy": last.get("validation_accuracy"),
        "test_accuracy": test.get("accuracy"),
    }


def _known(home: Path) -> dict[str, Row]:
    if not (home / LEDGER).is_file():
        return {}
    with Ledger.read(home) as ledger:
        return {row.name: row for row in ledger.rows()}


def _row(member: Asked, home: Path) -> Row:
    name = name_of(member.folder, home)
    code = digest(as_plain(member.config))
    return Row(name, member.number, member.label, member.overrides, code)


def _finished(member: Asked, row: Row, before: Row | None) -> Record | None:
    """The member's result, where it is to be kept; None where it is to train."""
    folder, path = member.folder, member.folder / RESULT
    if before is not None and before.digest != row.digest and Resumption.folder is not None:
        raise InputError(
            f"{folder}: was begun with another configuration; resume=... goes on with the same."
        )
    if not path.exists():
        return None
    if Resumption.folder is None:
        raise InputError(f"{folder}: holds a {RESULT} already; finished runs are kept.")
    record = read_result(path)
    if record["status"] not in ENDED:
        return None
    if digest(record["config"]) != row.digest:
        raise InputError(f"{path}: is of another configuration; finished runs are kept.")
    return {**record, "folder": str(folder)}


def _again(row: Row, before: Row | None, found: Record | None) -> Row:
    """The row, with what the ledger knew of the member and what its result says."""
    kept = {} if before is None else json.loads(json.dumps(before.columns()))
    facts = {name: kept[name] for name in ("attempts", "started", "ended") if name in kept}
    columns = {**row.columns(), **facts}
    if found is not None:
        columns["status"] = found["status"]
        columns["result"] = json.dumps(summary(found))
    return Row.of(columns)
