"""How the members of a command stand before it begins: what is finished, and what is to train.

A sound result.json says that a member is finished, whatever the ledger says; the ledger says what
was asked for.
"""

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from src.agreement import check_configurations
from src.config import Config, as_plain
from src.errors import InputError
from src.identity import hashed, identity, identity_of, lost_weights, without_weights
from src.ledger.claim import claimed
from src.ledger.resumption import Resumption, names_members
from src.ledger.rows import RUNNING, Row, is_finite
from src.ledger.store import Ledger, set_aside
from src.ledger.tables import Damaged, NoLedger
from src.report.results import Record
from src.sound import sound
from src.tracking.files import RESULT


@dataclass(frozen=True)
class Asked:
    """One member as a command asks for it."""

    config: Config
    folder: Path
    label: str
    overrides: list[str]
    number: int


@dataclass
class Standing:
    """rows, finished: of the members asked for, the latter by position. before: all that the
    ledger had, by name."""

    rows: list[Row] = field(default_factory=list)
    finished: dict[int, Record] = field(default_factory=dict)
    before: dict[str, Row] = field(default_factory=dict)
    configurations: dict[str, str] = field(default_factory=dict)  # what the digests are of
    notes: list[str] = field(default_factory=list)  # to say once nothing is refused

    def add(self, row: Row, content: str) -> None:
        """content: the configuration that the row is asked for with."""
        self.rows.append(row)
        if row.digest == hashed(content):  # else the ledger has what it is of
            self.configurations[row.digest] = content


def standing(members: Sequence[Asked], home: Path, whole: bool = False) -> Standing:
    """A row for each member, and the results of those that are finished.

    whole: whether these are all that the command asks for. InputError, a line for each kind, where
    a folder holds what is not to be kept: of a command that resumes nothing, or of another
    configuration.
    """
    known, then = _known(home)
    found = Standing(before=known)
    resumes = Resumption.covers(home)
    refused, begun = [], []
    for position, member in enumerate(members):
        try:
            name = name_of(member.folder, home)
        except InputError as error:
            refused.append(str(error))
            continue
        content = identity(as_plain(member.config))
        row = Row(name, member.number, member.label, member.overrides, hashed(content))
        before = known.get(name)
        if not resumes:
            if (member.folder / RESULT).exists():
                refused.append(
                    f"{member.folder}: holds a {RESULT} already; finished runs are kept."
                )
            found.add(row, content)
            continue
        record = sound(member.folder, before, found.notes)
        begun.append((member.folder, _begun_with(content, before, record, then), content))
        if record is not None:
            found.finished[position] = record
        elif before and before.status == RUNNING and name != "." and claimed(member.folder):
            refused.append(
                f"{member.folder}: another process trains it; wait until that has ended."
            )
        found.add(_again(row, before, record), content)
    if refused:
        raise InputError("\n".join(refused))
    check_configurations(begun)
    if whole and resumes:
        asked = {row.name: row for row in found.rows}
        added = [row for name, row in asked.items() if name not in known]
        left_out = [row for name, row in known.items() if name not in asked]
        check_members(home, added, left_out, len(known), len(asked))
    return found


def name_of(folder: Path, home: Path) -> str:
    """A member's name in the ledger: its folder below it. InputError for one elsewhere."""
    name = Path(os.path.relpath(folder, home)).as_posix()
    if name.split("/")[0] == "..":
        raise InputError(f"{folder}: leads out of {home}; members stand below it.")
    return name


def summary(record: Record) -> dict[str, object]:
    """What a ledger says of a result; not the test numbers, which may come later."""
    last = (record.get("metrics") or {}).get("last") or {}
    told = {
        "step": record.get("step"),
        "seconds": record.get("seconds"),
        "validation_accuracy": last.get("validation_accuracy"),
    }
    return {name: value if is_finite(value) else None for name, value in told.items()}


def objective(record: Mapping[str, Any]) -> float:
    """Last validation accuracy, NaN for a member that diverged or failed."""
    last = (record.get("metrics") or {}).get("last")
    return float(last["validation_accuracy"]) if last else math.nan


def code_of(record: Record) -> dict[str, str]:
    """What trained a finished member, as src.tracking.provenance.code says it."""
    found = {**(record.get("versions") or {}), "revision": record.get("git_revision")}
    return {str(name): str(version) for name, version in found.items() if version is not None}


def opened(home: Path, words: Sequence[str], several: bool, hosts: bool = False) -> Ledger:
    """The ledger, made where there is none; at a resumption, in place of one that is damaged."""
    try:
        return Ledger.at(home, words, several, hosts)
    except Damaged as error:
        if not Resumption.covers(home):
            raise
        aside = set_aside(home)
        say(f"{error} It is {aside.name} now, and a new one is kept.")
        return Ledger.at(home, words, several, hosts)


def say(line: str) -> None:
    """Beside what the command itself prints."""
    print(f"note: {line}", file=sys.stderr, flush=True)


def _known(home: Path) -> tuple[dict[str, Row], dict[str, str]]:
    """Rows by name and configurations by digest; none of a ledger that is to be made anew."""
    try:
        with closing(Ledger.read(home)) as ledger:
            ledger.check()
            rows = {row.name: row for row in ledger.rows()}
            return rows, ledger.configurations()
    except NoLedger:
        return {}, {}
    except Damaged:
        if not (Resumption.covers(home) and Resumption.own):
            raise
        return {}, {}


def _begun_with(
    content: str, before: Row | None, record: Record | None, then: Mapping[str, str]
) -> str | None:
    """The member's configuration when it was begun; None where it was another, and nobody knows
    which. Of one that is finished the result says it: a file of weights may be another by now."""
    if record is not None:
        known = identity_of(record)
        lost = lost_weights(content) and without_weights(content) == without_weights(known)
        return content if lost else known
    if before is None or before.digest == hashed(content):
        return content
    return then.get(before.digest)


def _again(row: Row, before: Row | None, record: Record | None) -> Row:
    """The row, with what the ledger knew of the member and what its result says."""
    facts: dict[str, Any] = {}
    if before is not None:
        facts |= {"attempts": before.attempts, "started": before.started, "ended": before.ended}
        facts |= {"data": before.data, "code": before.code}
    if record is not None:
        facts |= {"status": record["status"], "result": summary(record)}
        facts |= {"data": record.get("data_sha256") or {}, "code": code_of(record)}
        facts["ended"] = facts.get("ended") or record["written"]
        if before is not None:
            facts["digest"] = before.digest  # of the weights that it began with
    return replace(row, **facts)


def check_members(
    home: Path, added: Sequence[Row], left_out: Sequence[Row], begun: int, asked: int
) -> None:
    """InputError where some that are asked for are new, and some that were begun are left out.

    begun, asked: how many there are of either kind in all.
    """
    if not added or not left_out:
        return
    then, now = " ".join(_own(left_out, added)), " ".join(_own(added, left_out))
    said = f"with {then}" if then else f"without {now}" if now else "with other members"
    more = f", not {now}" if then and now else ""
    raise InputError(
        f"{home}: was begun {said}{more}; {len(left_out):,} of its {begun:,} members "
        f"are not among the {asked:,} asked for. What is resumed may have more members, or "
        "fewer, but not others."
    )


def _own(rows: Sequence[Row], others: Sequence[Row]) -> Iterator[str]:
    """Overrides that all of the rows have, and none of the others."""
    theirs = {item for row in others for item in row.overrides}
    for item in filter(names_members, rows[0].overrides):
        if item not in theirs and all(item in row.overrides for row in rows):
            yield item
