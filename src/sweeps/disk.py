"""What a sweep takes on the disk, and what of it is needed no more."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from src.ledger.claim import claim, release
from src.ledger.store import LEDGER
from src.report.results import SWEEP
from src.sweeps.found import FINISHED, Sweep, stood

CHECKPOINT = re.compile(r"stack-[0-9a-f]{8}\.ckpt")
PARTIAL = re.compile(r"\..*\.partial", re.DOTALL)
DEEPEST = 2  # folders below the sweep's in which its members leave temporary files
BLOCK = 512  # bytes, in which st_blocks counts


@dataclass
class Disk:
    """Bytes that a folder takes; of its checkpoints and left-over temporary files each."""

    total: int = 0
    checkpoints: dict[Path, int] = field(default_factory=dict)
    partials: dict[Path, int] = field(default_factory=dict)

    @property
    def needless(self) -> dict[Path, int]:
        """Of a finished sweep."""
        return self.checkpoints | self.partials


def disk(folder: Path) -> Disk:
    """Symbolic links are not followed; what cannot be looked at counts nothing.

    Of another sweep within it nothing is needless; neither is what only resembles a file of ours.
    """
    taken = Disk()
    waiting = [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except OSError:  # gone since
            continue
        if depth and any(entry.name in (LEDGER, SWEEP) for entry in entries):
            depth = DEEPEST + 1
        for entry in entries:
            with suppress(OSError):
                _count(entry, taken, depth)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
    return taken


def _count(entry: os.DirEntry[str], taken: Disk, depth: int) -> None:
    size = entry.stat(follow_symlinks=False).st_blocks * BLOCK
    taken.total += size
    if depth > DEEPEST or not entry.is_file(follow_symlinks=False):
        return
    if depth == 0 and CHECKPOINT.fullmatch(entry.name):
        taken.checkpoints[Path(entry.path)] = size
    elif PARTIAL.fullmatch(entry.name):
        taken.partials[Path(entry.path)] = size


def prune(sweep: Sweep) -> int:
    """Remove what a finished sweep needs no more; the bytes that this freed.

    Looked at anew: none of one that some process has begun to resume. OSError where a file stays.
    """
    claim(sweep.folder)
    try:
        if stood(sweep.folder, running=False).state != FINISHED:
            return 0
        freed = 0
        for path, size in disk(sweep.folder).needless.items():
            path.unlink(missing_ok=True)
            freed += size
        return freed
    finally:
        release()
