"""What a sweep takes on the disk, and what of it is needed no more."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from src.ledger.claim import claim, release
from src.sweeps.found import FINISHED, Sweep, stood

CHECKPOINT, PARTIAL = "stack-*.ckpt", ".*.partial"
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
    for entry in _entries(str(folder)):
        try:
            size = entry.stat(follow_symlinks=False).st_blocks * BLOCK
        except OSError:  # gone since
            continue
        taken.total += size
        if entry.is_file(follow_symlinks=False):
            if fnmatch(entry.name, CHECKPOINT):
                taken.checkpoints[Path(entry.path)] = size
            elif fnmatch(entry.name, PARTIAL):
                taken.partials[Path(entry.path)] = size
    return taken


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _entries(entry.path)
    except OSError:
        return


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
