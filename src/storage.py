"""A file that cannot be written: one member's trouble, or that of all of them."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.errors import SweepStopped, on_one_line
from src.ledger.resumption import command

_FULL = (errno.ENOSPC, errno.EDQUOT)
_TRIED = 4096  # bytes: a block of most file systems


def concerns_all(error: BaseException, home: Path) -> bool:
    """Whether the next member could not be written either: then none of them has failed.

    A full disk is always that. Any other file below home is, where home itself takes none. A
    reader that has gone (a closed pipe) is no member's fault either.
    """
    if isinstance(error, BrokenPipeError):
        return True
    if not isinstance(error, OSError):
        return False
    if error.errno in _FULL:
        return True
    return error.filename is not None and _below(error.filename, home) and not _writable(home)


def _below(name: object, home: Path) -> bool:
    if not isinstance(name, (str, bytes, os.PathLike)):
        return False  # the number of an open file
    return Path(os.path.abspath(os.fsdecode(name))).is_relative_to(os.path.abspath(home))


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(bytes(_TRIED))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        return False
    return True


def unwritten(error: OSError, home: Path) -> str:
    """What to say of it where it ends a command. home: what is resumed."""
    name, reason = error.filename or "a file", error.strerror or on_one_line(error)
    return (
        f"{name}: cannot be written ({reason}); what is finished is kept, and "
        f"{command(home)} goes on with the rest."
    )


@contextmanager
def stopping(home: Path) -> Iterator[None]:
    """SweepStopped where a file cannot be written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SweepStopped(unwritten(error, home)) from error
