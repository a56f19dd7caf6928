"""Disks that are full and folders that are read-only, as the system has them: root may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def mount(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["mount", *words], capture_output=True, text=True)


@contextmanager
def disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A file system of this size on the folder; the test is skipped where none can be mounted."""
    folder.mkdir(exist_ok=True)
    done = mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        _unmount(folder)


def enlarge(folder: Path, kilobytes: int) -> None:
    done = mount("-o", f"remount,size={kilobytes}k", str(folder))
    assert done.returncode == 0, done.stderr


@contextmanager
def read_only(folder: Path, spare: Path) -> Iterator[None]:
    """The folder, for whoever opens a file in it from now on.

    Itself remounted it could not be: the ledger is open for writing. So it is covered by a
    read-only view of itself; what is open goes on as it is. spare: an empty folder beside it.
    """
    spare.mkdir(exist_ok=True)
    steps = (
        ("--bind", str(folder), str(spare)),
        ("-o", "remount,bind,ro", str(spare)),
        ("--bind", str(spare), str(folder)),
    )
    mounted: list[Path] = []
    try:
        for words, place in zip(steps, (spare, None, folder), strict=True):
            done = mount(*words)
            if done.returncode != 0:
                pytest.skip(f"no folder can be mounted again here: {done.stderr.strip()}")
            if place is not None:
                mounted.append(place)
        assert not _writable(folder)
        yield
    finally:
        for place in reversed(mounted):
            _unmount(place)
    assert _writable(folder)


def _writable(folder: Path) -> bool:
    return not os.statvfs(folder).f_flag & os.ST_RDONLY


def _unmount(folder: Path) -> None:
    """Lazily: a process that was killed may take a moment to let go of its files."""
    subprocess.run(["umount", "-l", str(folder)], check=True)
