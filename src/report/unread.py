"""Records that are there and cannot be read: pictures go without them, and a note says so."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from src.diagnostics.records import RECORDS, read_table
from src.errors import InputError, on_one_line
from src.report.settings import Record
from src.tracking.files import check_sum, content_of, expected_of

NAMED = 3  # of many files, so many are named
_THREADS = 8  # they wait for the disk


def unread(members: Sequence[Record]) -> Iterator[str]:
    """One sentence, where there are any."""
    with ThreadPoolExecutor(_THREADS) as pool:
        faults = [each for each in pool.map(_fault, members) if each is not None]
    if faults:
        more = f" And {len(faults) - NAMED:,} more." if len(faults) > NAMED else ""
        told = " ".join(faults[:NAMED])
        yield f"The records of {len(faults):,} member(s) are left out: {told}{more}"


def _fault(member: Record) -> str | None:
    """None as well of a member without records: not all have any."""
    if "folder" not in member:
        return None
    path, expected = Path(member["folder"]) / RECORDS, expected_of(member, RECORDS)
    try:
        if path.exists():
            if expected is None:
                read_table(path)
            else:
                check_sum(path, content_of(path), expected)
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{path}: cannot be read ({on_one_line(error)})."
    return None
