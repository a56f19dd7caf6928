"""Folders of results, read into records: finished sweeps, interrupted ones, several at once."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from src.errors import InputError
from src.report.checked import fault
from src.report.repeats import once
from src.report.settings import Record, setting, varied
from src.tracking.files import RESULT
from src.tracking.files import read_result as read_checked

__all__ = [
    "Members",
    "Record",
    "check_folder",
    "load",
    "read",
    "read_result",
    "setting",
    "varied",
    "verdict",
]

# What Hydra leaves in the folder of a member that has begun, and in that of a sweep.
BEGUN, SWEEP = ".hydra", "multirun.yaml"
NAMED = 3  # of many broken files, so many are named


class Members(list[Record]):
    """Records, and for a report's notes what was found beside them: one sentence each."""

    def __init__(self, records: Iterable[Record] = (), notes: Iterable[str] = ()) -> None:
        super().__init__(records)
        self.notes = list(notes)


@dataclass
class _Found:
    """Places below the folders, by their real paths: each once, whatever folders hold it."""

    results: dict[Path, tuple[Path, Path]] = field(default_factory=dict)  # and what was asked for
    waiting: set[Path] = field(default_factory=set)


def read(*folders: Path) -> Members:
    """The records of all members under the folders, with `folder`, their path.

    Beside it stand `sweep`, the folder of the sweep that a member is of, and `written`, when, in
    seconds since 1970. A folder given twice, or within another, counts once. The folder of a
    single member gives that member, whatever else lies below it. Of members with equal settings
    the newest is kept; a file that cannot be read is left out; the notes say so, and how many
    members have no result yet. InputError for a folder that is not there or holds no result, and
    where no file can be read.
    """
    found = _Found()
    for folder in folders:
        before = len(found.waiting)
        if not _find(folder, found):
            begun = len(found.waiting) - before
            more = f" {begun:,} were begun and have none yet." if begun else ""
            raise InputError(
                f"{folder}: holds no {RESULT}; a sweep leaves one for each member.{more}"
            )
    return _members(found)


def check_folder(folder: Path) -> None:
    """InputError where it is none."""
    if not folder.is_dir():
        found = "is a file; name its folder" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {found}.")


def load(folder: Path) -> Members:
    """As read, of one folder that may yet be empty."""
    found = _Found()
    _find(folder, found)
    return _members(found)


def verdict(record: Record) -> str:
    """The primary one; - where nothing was measured, as of runs from before there were verdicts."""
    return str((record.get("verdict") or {}).get("primary", "-"))


def _find(folder: Path, found: _Found) -> bool:
    """Whether there is any result. Nothing is sought below a member's folder."""
    check_folder(folder)
    seen = False
    for place, below, files in os.walk(folder):
        path = Path(place)
        if RESULT in files:
            seen = True
            found.results.setdefault(path.resolve(), (path, folder))
            below.clear()
        elif BEGUN in below:
            found.waiting.add(path.resolve())
            below.remove(BEGUN)
        below.sort()
    return seen


def _members(found: _Found) -> Members:
    records, broken = [], []
    sweeps: dict[Path, Path] = {}
    for path, asked in found.results.values():
        try:
            record = read_result(path / RESULT)
        except InputError as error:
            broken.append(error)
            continue
        record["folder"] = str(path)
        record["sweep"] = str(_sweep(path, asked, sweeps))
        records.append(record)
    if broken and not records:
        raise broken[0]
    kept, repeated = once(records)
    return Members(kept, [*_waiting(found), *_left_out(broken), *repeated])


def read_result(path: Path) -> Record:
    """One file; InputError where it is damaged or none of ours."""
    record = read_checked(path)
    found = fault(record)
    if found:
        raise InputError(f"{path}: not a result of this program ({found}).")
    return {**record, "written": path.stat().st_mtime}


def _sweep(path: Path, asked: Path, known: dict[Path, Path]) -> Path:
    """The nearest folder above a member that Hydra wrote a sweep's settings into; else what was
    asked for."""
    above = path.resolve().parent
    if above not in known:
        marked = (each for each in (above, *above.parents) if (each / SWEEP).is_file())
        known[above] = next(marked, asked.resolve())
    return known[above]


def _waiting(found: _Found) -> Iterator[str]:
    if found.waiting:
        count = len(found.waiting)
        whole = count + len(found.results)
        yield f"{count:,} of {whole:,} members have no result yet."


def _left_out(broken: Sequence[InputError]) -> Iterator[str]:
    if broken:
        more = f" And {len(broken) - NAMED:,} more." if len(broken) > NAMED else ""
        told = " ".join(map(str, broken[:NAMED]))
        yield f"{len(broken):,} result(s) cannot be read and are left out: {told}{more}"
