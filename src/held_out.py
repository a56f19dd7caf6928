"""The test numbers of a sweep's chosen members: `python -m src.held_out FOLDER`.

Where settings are tuned for each arm (optimizer, schedule), the members of a sweep are not tested
as they end. At its end the tuning is chosen for each arm on validation accuracy, and the test set
is looked at once, for the members that were chosen. This command does the same for a sweep that
was interrupted, by what varies among the members that are there; what has been tested is not tested
again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.interruption import in_one_line, process

with in_one_line():  # a command guards itself from then on
    from src.cli import Parser, guarded
    from src.errors import InputError, MembersFailed
    from src.ledger.claim import claim, release
    from src.report.results import Record, load, read
    from src.report.roles import Roles, roles
    from src.report.settings import asked_of, shown

if TYPE_CHECKING:
    from src.report.arms import Arm

COMMAND = "python -m src.held_out"
TRUST = "trust=true"


def due(records: Sequence[Record]) -> list[Record]:
    """Of a sweep's members, those that are chosen, came to their end, and are not tested yet.

    InputError where the sweep's own report.scientific does not fit it.
    """
    if not any(_untested(record) for record in records):
        return []
    _, arms = _arms(records)
    from src.report.arms import members_of  # of NumPy

    return [record for record in members_of(arms) if _untested(record)]


def already(records: Sequence[Record]) -> int:
    """How many members of options that are not chosen hold test numbers all the same: they were
    chosen when the sweep had come less far. InputError as of due."""
    tested = [record for record in records if (record.get("metrics") or {}).get("test")]
    if not tested:
        return 0
    found, arms = _arms(records)
    keys = (*found.scientific, *found.nuisance)
    chosen = {(*arm.settings.values(), *arm.chosen.values()) for arm in arms}
    return sum(tuple(shown(record, key) for key in keys) not in chosen for record in tested)


def _arms(records: Sequence[Record]) -> tuple[Roles, list["Arm"]]:
    from src.report.arms import arms_of  # of NumPy

    found = roles(records, asked_of(records).get("scientific"))
    return found, arms_of(records, found)


def _untested(record: Record) -> bool:
    return record["status"] == "done" and not (record.get("metrics") or {}).get("test")


def settle(folder: Path | None) -> list[str]:
    """Test the members of a sweep that are due; a sentence for each that cannot be tested."""
    records = load(folder) if folder is not None and folder.is_dir() else []
    return _settle(records, trust=False)


def _settle(records: Sequence[Record], trust: bool) -> list[str]:
    members = due(records)
    if not members:
        return []
    from src.finished import complete

    faults = complete(members, trust)
    done = len(members) - len(faults)
    print(f"test set: looked at once, for {done:,} chosen member(s) of {len(records):,}")
    if others := already(records):
        print(f"test set: {others:,} member(s) that are not chosen now already held a number of it")
    return faults


def hint(folder: Path, records: Sequence[Record]) -> str | None:
    """What to say where test numbers are still due; None where none are."""
    try:
        members = due(records)
    except InputError:
        return None  # told elsewhere
    if not members:
        return None
    return f"test set: not looked at yet for {len(members):,} member(s); {COMMAND} {folder} does so"


def main(arguments: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        guarded(lambda: _command(words))
    finally:
        release()


def _command(words: Sequence[str]) -> None:
    parser = Parser(
        prog=COMMAND,
        description=__doc__,
        epilog=f"{TRUST} among the folders: import what their results name as code",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a sweep's")
    asked = parser.parse_args(words).folders
    folders = [Path(word) for word in asked if word != TRUST]
    faults: list[str] = []
    for folder in folders:  # each is a sweep of its own
        members = due(read(folder))
        # Beside a process that trains them, others might be chosen yet, and both write results.
        for sweep in dict.fromkeys(str(record["sweep"]) for record in members):
            claim(Path(sweep))
        if members:
            faults += _settle(read(folder), TRUST in asked)
        else:
            print(f"{folder}: all chosen members have their test numbers")
    if faults:
        raise MembersFailed("\n".join([*faults, f"{len(faults)} member(s) could not be tested."]))


if __name__ == "__main__":
    with process():
        main()
