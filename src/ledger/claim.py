"""One process at a time trains the members of a folder; the system frees it when that ends."""

import fcntl
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from src.errors import InputError
from src.ledger.store import LEDGER, Ledger
from src.ledger.tables import holder
from src.tracking.files import real

# Where folders cannot be locked, as on NFS, a file in them can.
LOCK = ".lock"
# Who only looks, and a process that is being killed, hold it for an instant.
_TRIES, _WAIT = 5, 0.05  # seconds

_held: dict[Path, int] = {}  # open folders of this process


def claim(folder: Path) -> None:
    """InputError where another process has it. Claiming what one has already changes nothing."""
    place = real(folder)
    if place in _held:
        return
    for remaining in reversed(range(_TRIES)):
        try:
            _held[place] = _locked(place, fcntl.LOCK_EX)
            break
        except BlockingIOError:
            if not remaining:
                raise InputError(
                    f"{folder}: {_other(place)}; it can be resumed when that has ended."
                ) from None
            time.sleep(_WAIT)
    if (place / LEDGER).is_file():
        # Of what is damaged, or cannot be written, somebody else tells.
        with suppress(InputError, OSError), Ledger.at(place) as ledger:
            ledger.tell("holder", holder())


def claimed(folder: Path) -> bool:
    """Whether some process has it now."""
    place = real(folder)
    if place in _held:
        return True
    try:
        os.close(_locked(place, fcntl.LOCK_SH))
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def release(folder: Path | None = None) -> None:
    """The folder, or all that this process has claimed."""
    for place in list(_held) if folder is None else [real(folder)]:
        opened = _held.pop(place, None)
        if opened is not None:
            os.close(opened)


def _locked(place: Path, how: int) -> int:
    """An open file that holds the lock for as long as it is; BlockingIOError where it is taken."""
    opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, how | fcntl.LOCK_NB)
        return opened
    except BlockingIOError:
        os.close(opened)
        raise
    except OSError:
        os.close(opened)
    looks = how == fcntl.LOCK_SH
    opened = os.open(place / LOCK, os.O_RDONLY if looks else os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(opened, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        raise
    except OSError:
        pass  # a file system without locks
    return opened


def _other(place: Path) -> str:
    """What is known of the process that has it."""
    try:
        with Ledger.read(place) as ledger:
            found = ledger.holder
        process, host, since = int(found["process"]), str(found["host"]), float(found["since"])
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
    except (InputError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return "another process trains its members"
    if host == socket.gethostname() and _gone(process):
        return "another process trains its members"  # and has not said so yet
    return f"process {process} on {host} trains its members since {when}"


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _not_ours() -> None:
    """A process that was forked holds no claim: what its parent leaves behind must not last."""
    for opened in _held.values():
        os.close(opened)
    _held.clear()


os.register_at_fork(after_in_child=_not_ours)
