"""What two sweeps were given, where it is not alike: settings, arms, versions, machines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from src.report.analysis import Analysis
from src.report.results import Record, varied
from src.report.roles import SEEDS
from src.report.settings import shown

# What of a record says by what and where it was made.
MADE_BY = ("git_revision", "device")
NONE = "-"


@dataclass(frozen=True)
class Change:
    """All values that occur in either, - for none."""

    what: str
    first: str
    second: str


def changes(first: Analysis, second: Analysis) -> list[Change]:
    """Settings but those that make the arms, numbers of seeds, versions, revision, device."""
    found = [*_settings(first, second), *_made(first.records, second.records)]
    return [change for change in found if change.first != change.second]


def chosen(first: Mapping[str, str], second: Mapping[str, str]) -> list[Change]:
    """Nuisance settings that both sweeps tuned, and tuned otherwise."""
    common = [key for key in first if key in second]
    return [Change(key, first[key], second[key]) for key in common if first[key] != second[key]]


def values(records: Sequence[Record], key: str) -> set[str]:
    return {shown(record, key) for record in records} - {NONE}


def data_files(records: Sequence[Record]) -> set[str]:
    """Digests of the data that members were trained on, of all its files in one."""
    found = (record.get("data_sha256") for record in records)
    return {", ".join(map(str, digests.values())) for digests in found if digests}


def _settings(first: Analysis, second: Analysis) -> Iterator[Change]:
    aside = {*first.roles.scientific, *SEEDS}
    for key in varied([*first.records, *second.records]):
        if key not in aside:
            yield Change(key, *(_joined(values(sweep.records, key)) for sweep in (first, second)))
    yield Change("number of seeds", f"{len(first.seeds)}", f"{len(second.seeds)}")


def _made(first: Sequence[Record], second: Sequence[Record]) -> Iterator[Change]:
    for key in MADE_BY:
        told = ({str(record.get(key) or NONE) for record in records} for records in (first, second))
        yield Change(key.replace("_", " "), *map(_joined, told))
    for package in sorted({name for record in (*first, *second) for name in _versions(record)}):
        told = (
            {_versions(record).get(package, NONE) for record in records}
            for records in (first, second)
        )
        yield Change(f"version of {package}", *map(_joined, told))


def _versions(record: Record) -> Mapping[str, str]:
    return record.get("versions") or {}


def _joined(found: set[str]) -> str:
    return ", ".join(sorted(found)) or NONE
