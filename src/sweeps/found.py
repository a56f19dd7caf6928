"""Sweeps and single runs below a folder, and how each of them stands."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from src.errors import InputError
from src.ledger.claim import claimed
from src.ledger.rows import ENDED, FAILED, PENDING, PRUNED, RUNNING, Row
from src.ledger.store import LEDGER, Ledger
from src.report.results import BEGUN, SWEEP, read_result
from src.sound import whole
from src.tracking.files import RESULT, WEIGHTS

PLACES = ("multirun", "outputs")  # where a command puts its folders unless it is told another
# Of a whole sweep, which may also be running or failed, as a member.
FINISHED, INTERRUPTED, DAMAGED, NO_LEDGER = "finished", "interrupted", "damaged", "no ledger"


@dataclass(frozen=True)
class Sweep:
    """One, or a single run. rows: as the disk has them now; none of one without a ledger."""

    folder: Path
    state: str
    begun: float  # seconds since 1970
    counts: dict[str, int]  # of its members, by status
    rows: list[Row] = field(default_factory=list)
    fault: str | None = None  # why its ledger cannot be read

    @property
    def members(self) -> int:
        return sum(self.counts.values())

    @property
    def resumable(self) -> bool:
        """Whether something is missing that a command would train."""
        return self.state in (FAILED, INTERRUPTED)


def homes(places: Iterable[Path]) -> Iterator[Path]:
    """The folders of sweeps and single runs, each once; nothing is sought below one."""
    seen = set()
    for place in places:
        for folder, below, files in os.walk(place):
            if LEDGER in files or SWEEP in files or RESULT in files or BEGUN in below:
                below.clear()
                path = Path(folder)
                if path.resolve() not in seen:
                    seen.add(path.resolve())
                    yield path


def found(places: Iterable[Path]) -> list[Sweep]:
    """The newest first; of folders that hold no member, as a refused sweep leaves one, none."""
    sweeps = map(stand, homes(places))
    kept = [each for each in sweeps if each.members or each.state == DAMAGED]
    return sorted(kept, key=lambda each: (-each.begun, str(each.folder)))


def stand(home: Path) -> Sweep:
    """How the sweep or run of this folder stands."""
    return stood(home, claimed(home))


def stood(home: Path, running: bool) -> Sweep:
    """running: whether some process trains its members now."""
    if not (home / LEDGER).is_file():
        return _without_ledger(home)
    try:
        with Ledger.read(home) as ledger:
            begun = ledger.begun
            rows = [_now(row, home, running) for row in ledger.rows()]
    except InputError as error:
        return Sweep(home, DAMAGED, _written(home / LEDGER), {}, fault=str(error))
    counts = Counter(row.status for row in rows)
    return Sweep(home, _state(counts, running), begun, dict(counts), rows)


def _state(counts: Counter[str], running: bool) -> str:
    if running:
        return RUNNING
    if counts[PENDING]:
        return INTERRUPTED
    return FAILED if counts[FAILED] else FINISHED


def _now(row: Row, home: Path, running: bool) -> Row:
    """The row as the disk has it: a process that was killed has not told its ledger the last."""
    path = f"{home}/{row.name}/{RESULT}"  # thousands are looked at, for which a Path is slow
    there = os.path.exists(path) and os.path.exists(f"{home}/{row.name}/{WEIGHTS}")
    if row.status in ENDED:
        kept = there or row.status == PRUNED
        return row if kept else replace(row, status=PENDING, result=None)
    if there and row.status != FAILED and (record := whole(Path(path).parent)) is not None:
        return replace(row, status=record["status"])
    return replace(row, status=PENDING) if row.status == RUNNING and not running else row


def _without_ledger(home: Path) -> Sweep:
    """From before there were any: what its folders tell of its members."""
    counts = Counter[str]()
    for folder, below, files in os.walk(home):
        if RESULT in files:
            counts[_status(Path(folder) / RESULT)] += 1
        elif BEGUN in below:
            counts[PENDING] += 1
        if RESULT in files or BEGUN in below:
            below.clear()
    marks = [home / SWEEP, home / BEGUN, home]
    begun = next(_written(path) for path in marks if path.exists())
    return Sweep(home, NO_LEDGER, begun, dict(counts))


def _status(path: Path) -> str:
    try:
        return str(read_result(path)["status"])
    except InputError:
        return PENDING


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
