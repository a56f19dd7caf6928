"""What members must have in common to stand in one table."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from src.errors import InputError
from src.report.settings import ABSENT, Record, shown, swept, token, within

# The data and what is asked of them: accuracies on different ones are not of one kind, whoever
# asks for it.
DATA = (
    *("data.name", "data.validation_size", "data.test_size", "data.features", "data.classes"),
    *("data.noise", "data.generator_seed"),
)
# How much is learned from, for how long, and in what numbers: fine to compare where a sweep set
# out to, a trap where two folders differ in it unnoticed.
PROTOCOL = (
    *("data.train_size", "data.split_seed", "data.scaling", "data.batch_size"),
    *("trainer.epochs", "trainer.steps_per_epoch", "trainer.precision"),
)
SHOWN = 4  # of many values


def check(records: Sequence[Record], asked: Sequence[str] | None = None) -> None:
    """InputError where the members are of different data; or of different protocols, unless one
    sweep had all of them or `asked` (report.scientific) names what differs.

    Members that failed are not looked at: they stand in no table.
    """
    compared = [record for record in records if record["status"] != "failed"]
    found = [_values(compared, key) for key in DATA if _differs(compared, key)]
    if found or _contents_differ(compared):
        found = found[:1] or ["data_sha256: files of one name with different contents"]
        raise InputError(
            f"{'; '.join(found)}: one table holds one data set; "
            "give the folders of one, as FOLDER/*data=NAME*."
        )
    found = [
        _values(compared, key)
        for key in PROTOCOL
        if _differs(compared, key)
        and not swept(compared, key)
        and not any(within(key, name) for name in asked or ())
    ]
    if found:
        raise InputError(
            f"{'; '.join(found)}: one table holds one protocol; "
            "leave a folder out, or name in report.scientific what is to be compared."
        )


def notes_of_origin(records: Sequence[Record]) -> Iterator[str]:
    """Where members were not made alike; that is no reason to refuse them."""
    for words, values in (
        ("revisions of the code", {record.get("git_revision") for record in records}),
        ("versions of torch", {(record.get("versions") or {}).get("torch") for record in records}),
        ("devices", {record.get("device") for record in records}),
    ):
        told = sorted(value for value in values if isinstance(value, str))
        if len(told) > 1:
            more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
            yield f"Members are of {len(told)} {words}: {', '.join(told[:SHOWN])}{more}."


def origin(records: Sequence[Record]) -> dict[str, list[Any]]:
    """What the members were made by and of, each once: revisions, versions, devices, data."""
    keys = ("git_revision", "versions", "device", "data_sha256", "sweep")
    return {
        key: [json.loads(text) for text in dict.fromkeys(map(json.dumps, _of(records, key)))]
        for key in keys
    }


def _of(records: Sequence[Record], key: str) -> Iterator[Any]:
    return (record[key] for record in records if record.get(key) is not None)


def _differs(records: Sequence[Record], key: str) -> bool:
    """A key that older results do not have says nothing of them."""
    return len({token(record, key) for record in records} - {ABSENT}) > 1


def _values(records: Sequence[Record], key: str) -> str:
    """trainer.epochs: 5 in a and 10 in b, c."""
    by_value: dict[str, list[str]] = {}
    for record in records:
        sweeps = by_value.setdefault(shown(record, key), [])
        if record.get("sweep") not in (None, *sweeps):
            sweeps.append(record["sweep"])
    several = len({record.get("sweep") for record in records}) > 1
    told = [
        f"{value} in {', '.join(where)}" if several else value for value, where in by_value.items()
    ]
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    if more:
        return f"{key}: {', '.join(told[:SHOWN])}{more}"
    return f"{key}: {', '.join(told[:-1])} and {told[-1]}"


def _contents_differ(records: Sequence[Record]) -> bool:
    """Whether files of one name hold different data; older results do not tell."""
    sums: dict[str, set[str]] = {}
    for record in records:
        for name, digest in (record.get("data_sha256") or {}).items():
            sums.setdefault(name, set()).add(digest)
    return any(len(found) > 1 for found in sums.values())
