"""One process at a time trains the members of a folder; the system frees it when that ends."""

import fcntl
import os
from pathlib import Path

from src.errors import InputError

_held: dict[Path, int] = {}  # open folders of this process


def claim(folder: Path) -> None:
    """InputError where another process has it. Claiming what one has already changes nothing."""
    place = folder.resolve()
    if place in _held:
        return
    opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        raise InputError(
            f"{folder}: another process trains its members; it can be resumed when that has ended."
        ) from None
    except OSError:
        pass  # a file system without locks
    _held[place] = opened


def claimed(folder: Path) -> bool:
    """Whether some process has it now."""
    if folder.resolve() in _held:
        return True
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(opened)
    return False


def release() -> None:
    """All that this process has claimed."""
    while _held:
        os.close(_held.popitem()[1])


def _not_ours() -> None:
    """A process that was forked holds no claim: what its parent leaves behind must not last."""
    for opened in _held.values():
        os.close(opened)
    _held.clear()


os.register_at_fork(after_in_child=_not_ours)
