"""What a sweep takes on the disk, and what of it is needed no more."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from src.ledger.claim import claim, release
from src.sweeps.found import FINISHED, Sweep, stood

CHECKPOINT, PARTIAL = ("stack-", ".ckpt"), (".", ".partial")  # how their names begin and end
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
    """Symbolic links are not followed; what cannot be looked at counts nothing."""
    taken = Disk()
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    _count(entry, taken, waiting)
        except OSError:  # gone since
            continue
    return taken


def _count(entry: os.DirEntry[str], taken: Disk, waiting: list[str]) -> None:
    size = entry.stat(follow_symlinks=False).st_blocks * BLOCK
    taken.total += size
    name = entry.name
    if entry.is_dir(follow_symlinks=False):
        waiting.append(entry.path)
    elif entry.is_file(follow_symlinks=False):
        if name.endswith(CHECKPOINT[1]) and name.startswith(CHECKPOINT[0]):
            taken.checkpoints[Path(entry.path)] = size
        elif name.endswith(PARTIAL[1]) and name.startswith(PARTIAL[0]):
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
