"""What a finished member has on the disk while it is trained anew: kept until that has ended.

Its result stays where it is until the new one replaces it; the files beside it wait under other
names.
"""

from collections.abc import Iterator
from pathlib import Path

from src.diagnostics.records import RECORDS
from src.errors import InputError
from src.ledger.rows import ENDED
from src.tracking.files import EVENTS, RESULT, WEIGHTS, read_result

_MARK = ".earlier"
_EVENTS_ASIDE = "events.out.earlier."  # TensorBoard reads whatever is called tfevents
_FILES = (WEIGHTS, RECORDS)


def is_finished(folder: Path) -> bool:
    """Whether there is a whole result of a member that has ended, whatever stands beside it."""
    try:
        return (folder / RESULT).exists() and read_result(folder / RESULT)["status"] in ENDED
    except InputError:
        return False


def clear(folder: Path) -> None:
    """Put the files of a finished member aside; remove those of an attempt that was not finished,
    be it the first or one that was to replace what stands aside."""
    # Events move last: where there are some aside, all that is beside is of a later attempt.
    if not is_finished(folder) or any(folder.glob(f"{_EVENTS_ASIDE}*")):
        _remove_beside(folder)
        return
    for path in list(_beside(folder)):
        aside = path.with_name(_name_aside(path.name))
        if aside.exists():
            path.unlink(missing_ok=True)
        else:
            path.replace(aside)


def _remove_beside(folder: Path) -> None:
    for path in list(_beside(folder)):
        path.unlink(missing_ok=True)


def put_back(folder: Path) -> None:
    """The files that were put aside, in place of what has come of the new attempt."""
    kept = list(_aside(folder))
    if kept:
        _remove_beside(folder)
    for path in kept:
        name = path.name.removesuffix(_MARK).replace(_EVENTS_ASIDE, EVENTS)
        path.replace(path.with_name(name))


def drop(folder: Path) -> None:
    """The files that were put aside: there is a new result."""
    for path in list(_aside(folder)):
        path.unlink(missing_ok=True)


def _name_aside(name: str) -> str:
    return name.replace(EVENTS, _EVENTS_ASIDE) if name.startswith(EVENTS) else name + _MARK


def _beside(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in _FILES if (folder / name).exists())
    yield from folder.glob(f"{EVENTS}*")


def _aside(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"{_EVENTS_ASIDE}*")
    yield from (folder / (name + _MARK) for name in _FILES if (folder / (name + _MARK)).exists())
