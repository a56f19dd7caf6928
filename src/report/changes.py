"""What two sweeps were given, where it is not alike: settings, arms, versions, machines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

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
    """Settings but those that make the arms, seeds, versions, revision, device. Where the sweeps
    have the same values, those of each arm that both have."""
    return [*_settings(first, second), *_seeds(first, second), *_made(first, second)]


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
            yield from _changed(key, partial(values, key=key), first, second)


def _seeds(first: Analysis, second: Analysis) -> Iterator[Change]:
    numbers = len(first.seeds), len(second.seeds)
    if numbers[0] != numbers[1]:
        yield Change("number of seeds", *map(str, numbers))
    everyone = [*first.records, *second.records]
    keys = [key for key in SEEDS if len({shown(record, key) for record in everyone}) > 1]
    told = partial(_replicates, keys=keys)
    mine, theirs = told(first.records), told(second.records)
    if mine == theirs or not (mine <= theirs or theirs <= mine):
        yield from _changed("seeds", told, first, second)


def _replicates(records: Sequence[Record], keys: Sequence[str]) -> set[str]:
    """A seed's values, told once where they are equal: 3; 3/0."""
    counted = (record for record in records if record["status"] != "failed")
    found = (dict.fromkeys(shown(record, key) for key in keys) for record in counted)
    return {"/".join(each) for each in found} - {""}


def _made(first: Analysis, second: Analysis) -> Iterator[Change]:
    for key in MADE_BY:
        yield from _changed(key.replace("_", " "), partial(_made_by, key=key), first, second)
    everyone = (*first.records, *second.records)
    for package in sorted({name for record in everyone for name in _versions(record)}):
        of = partial(_installed, package=package)
        yield from _changed(f"version of {package}", of, first, second)


def _made_by(records: Sequence[Record], key: str) -> set[str]:
    return {str(record.get(key) or NONE) for record in records}


def _installed(records: Sequence[Record], package: str) -> set[str]:
    return {_versions(record).get(package, NONE) for record in records}


def _changed(
    what: str, of: Callable[[Sequence[Record]], set[str]], first: Analysis, second: Analysis
) -> Iterator[Change]:
    """of: the values that records have."""
    mine, theirs = of(first.records), of(second.records)
    if mine != theirs:
        yield Change(what, _joined(mine), _joined(theirs))
        return
    if len(mine) < 2:  # no arm can have another
        return
    groups = _by_arm(second)
    for name, records in _by_arm(first).items():
        mine, theirs = of(records), of(groups.get(name, records))
        if mine != theirs:
            yield Change(f"{what} of {name}", _joined(mine), _joined(theirs))


def _by_arm(sweep: Analysis) -> dict[str, list[Record]]:
    """All members, those of settings that were not chosen as well."""
    keys = sweep.roles.scientific
    names = {tuple(arm.settings[key] for key in keys): arm.name for arm in sweep.arms}
    found: dict[str, list[Record]] = {}
    for record in sweep.records:
        name = names.get(tuple(shown(record, key) for key in keys))
        if name is not None:
            found.setdefault(name, []).append(record)
    return found


def _versions(record: Record) -> Mapping[str, str]:
    return record.get("versions") or {}


def _joined(found: set[str]) -> str:
    return ", ".join(sorted(found, key=_natural)) or NONE


def _natural(value: str) -> tuple[int, str]:
    """10 after 9."""
    return len(value) if value.isdecimal() else 0, value
