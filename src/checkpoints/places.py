"""Where the members of a command stand in the checkpoints of its folder."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from src.capacity import on_gpu
from src.checkpoints.faults import other_data
from src.checkpoints.file import PATTERN, Content, UnfitError, read, remove
from src.checkpoints.start import Point
from src.config import Config
from src.errors import InputError
from src.identity import resume_key
from src.ledger.resumption import Resumption
from src.ledger.rows import ENDED
from src.ledger.store import Ledger
from src.stacks import checksums_of
from src.standing import name_of
from src.tracking.kept import Place
from src.tracking.member import MemberTracker

log = logging.getLogger(__name__)


@dataclass
class Places:
    """By position; members that are in no checkpoint begin at their start."""

    again: bool = False  # whether this is not the first attempt
    places: dict[int, Place] = field(default_factory=dict)
    points: dict[int, Point] = field(default_factory=dict)

    def divided(self, stacks: Sequence[Sequence[int]]) -> list[list[int]]:
        """Stacks whose members stand at one step each, in the order of the stacks."""
        found = []
        for stack in stacks:
            parts: dict[Point, list[int]] = {}
            for k in stack:
                parts.setdefault(self.points.get(k, Point()), []).append(k)
            found += list(parts.values())
        return found


def home_of(members: Sequence[MemberTracker]) -> Path:
    """The folder for a stack's checkpoint: the ledger's, without one that of all its members."""
    ledger = members[0].ledger
    if ledger is not None:
        return ledger.folder
    return Path(os.path.commonpath([member.folder.resolve() for member in members]))


def places_of(
    configs: Sequence[Config],
    folders: Sequence[Path],
    stacks: Sequence[Sequence[int]],
    ledger: Ledger | None,
) -> Places:
    """Where members go on: from trainer.ckpt_path, and of a command that resumes what is there from
    the checkpoint that has come furthest. A file that cannot be gone on from is told in a line."""
    found = Places()
    for stack in stacks:
        _from_asked(found, configs, stack)
    if ledger is not None and Resumption.covers(ledger.folder):
        found.again = True
        names = {name_of(folder, ledger.folder): k for k, folder in enumerate(folders)}
        for path, content in _readable(ledger.folder):
            _add(found, path, content, names, configs)
    return found


def _from_asked(found: Places, configs: Sequence[Config], stack: Sequence[int]) -> None:
    """trainer.ckpt_path, which has been checked, holds each member: of equal ones each its own."""
    asked = configs[stack[0]].trainer.ckpt_path
    if asked is None:
        return
    try:
        content = read(Path(asked))
    except UnfitError as error:
        raise InputError(f"trainer.ckpt_path={asked}: {error}.") from error
    rows: dict[str, list[int]] = {}
    for row, key in reversed(list(enumerate(content["members"]))):
        rows.setdefault(key, []).append(row)
    for k in stack:
        row = rows[resume_key(configs[k])].pop()
        found.places[k], found.points[k] = Place(Path(asked), row, False), Point.of(content)


def _add(
    found: Places, path: Path, content: Content, names: Mapping[str, int], configs: Sequence[Config]
) -> None:
    point, kind = Point.of(content), str(content["kind"])
    for row, (name, key) in enumerate(zip(content["names"], content["members"], strict=True)):
        k = names.get(name)
        if k is None or resume_key(configs[k]) != key:
            continue
        here = "cuda" if on_gpu(configs[k].trainer) else "cpu"
        if kind != here:
            said = "%s: was written on a device of kind %s; on %s its members begin at their start"
            log.warning(said, path, kind, here)
            return
        other = other_data(content, checksums_of(configs[k]))
        if other is not None:
            log.warning("%s: %s; its members begin at their start", path, other)
            return
        if point.steps_done > found.points.get(k, Point()).steps_done:
            found.places[k], found.points[k] = Place(path, row), point


def remove_ended(ledger: Ledger | None, folders: Sequence[Path]) -> None:
    """Remove the checkpoints all of whose members have ended: those of these folders have."""
    if ledger is None:
        return
    ended = {name_of(folder, ledger.folder) for folder in folders}
    for path, content in _readable(ledger.folder, quiet=True):
        if not ended.issuperset(content["names"]):
            # Other launchers have each member in a command of its own.
            ended |= {row.name for row in ledger.rows() if row.status in ENDED}
        if ended.issuperset(content["names"]):
            remove(path)


def _readable(home: Path, quiet: bool = False) -> Iterator[tuple[Path, Content]]:
    for path in sorted(filter(Path.is_file, home.glob(PATTERN))):
        try:
            content = read(path)
            Point.of(content)
            if not len(content["names"]) == len(content["members"]) > 0:
                raise UnfitError("not as it is written")
        except (UnfitError, KeyError, TypeError, ValueError) as error:
            if not quiet:
                said = error if isinstance(error, UnfitError) else "not as it is written"
                log.warning("%s: %s; its members begin at their start", path, said)
            continue
        yield path, content
