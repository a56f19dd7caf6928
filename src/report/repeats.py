"""A member that was trained twice counts once."""

from collections.abc import Iterator, Sequence

from src.report.metrics import METRICS, metric
from src.report.settings import Record, flat

NAMED = 2  # of many pairs that differ, so many are named


def once(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Of records with equal settings the newest, in the place of the first; and what to say.

    One that failed gives way to any other, whichever is newer.
    """
    kept: dict[object, Record] = {}
    differing: list[tuple[Record, Record]] = []
    for record in records:
        key = frozenset(flat(record).items())
        earlier = kept.setdefault(key, record)
        if earlier is not record:
            kept[key] = max(earlier, record, key=_worth)
            if not _agree(earlier, record):
                differing.append((earlier, record))
    return list(kept.values()), list(_told(len(records) - len(kept), differing))


def _worth(record: Record) -> tuple[bool, float]:
    return record["status"] != "failed", record.get("written", 0.0)


def _agree(one: Record, other: Record) -> bool:
    """Whether both tell the same numbers, to the bit; one that failed tells none."""
    if "failed" in (one["status"], other["status"]):
        return True
    numbers = [[metric(record, name) for name in METRICS] for record in (one, other)]
    return repr(numbers[0]) == repr(numbers[1])


def _told(repeated: int, differing: Sequence[tuple[Record, Record]]) -> Iterator[str]:
    if repeated:
        yield f"{repeated:,} member(s) repeat another's settings; of each the newest counts."
    if differing:
        named = "; ".join(f"{a['folder']} and {b['folder']}" for a, b in differing[:NAMED])
        more = f"; and {len(differing) - NAMED:,} more" if len(differing) > NAMED else ""
        yield f"{len(differing):,} of these differ in their numbers: {named}{more}."
