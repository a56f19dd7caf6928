"""Two sweeps side by side: what changed in what they were given, and what in the results of the
arms that both have, seed by seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from src.errors import InputError
from src.report.analysis import Analysis
from src.report.arms import Arm, Array, Values
from src.report.changes import Change, changes, chosen, data_files, values
from src.report.metrics import score, worst
from src.report.results import Record
from src.report.roles import SEEDS
from src.report.settings import shown
from src.report.statistics import families, intervals
from src.report.statistics.level import LEVEL
from src.report.statistics.pairs import paired
from src.report.statistics.rows import counts

BySeed = dict[Values, Record]

# Of a result, what a repetition on the same machine gives to the bit.
RESULTS = ("status", "metrics", "epochs")
# Arms or values that a refusal names.
NAMED = 3


@dataclass(frozen=True)
class ArmChange:
    """difference: the second sweep's mean minus the first's, over the n seeds in common.

    equal: of these, members whose curves and results are equal to the bit. p is NaN, and nothing
    is claimed, below level.FEWEST seeds.
    """

    name: str
    n: int
    first: float
    second: float
    difference: float
    low: float  # 95 % interval
    high: float
    p: float
    adjusted: float  # by Holm, over the arms of both sweeps
    test: str  # of families
    equal: int
    chosen: list[Change]  # nuisance settings that were tuned otherwise

    @property
    def claimed(self) -> bool:
        return self.adjusted <= 1 - LEVEL


@dataclass(frozen=True)
class Comparison:
    metric: str
    changes: list[Change]
    only_first: list[str]
    only_second: list[str]
    arms: list[ArmChange]  # in the first sweep's order of rank
    all_equal: bool  # to the bit: all members that both have, compared or not


def compare(first: Analysis, second: Analysis) -> Comparison:
    """InputError where they do not measure the same: another metric, data set or kind of arm."""
    _comparable(first, second)
    others = {arm.name: arm for arm in second.arms}
    names = [arm.name for arm in first.arms]
    both = [(arm, others[arm.name]) for arm in first.arms if arm.name in others]
    if not both:
        raise InputError(
            f"the sweeps have no arm in common: {_some(names)} in the first, "
            f"{_some([*others])} in the second."
        )
    return Comparison(
        first.metric,
        changes(first, second),
        [name for name in names if name not in others],
        [name for name in others if name not in names],
        _arms(both, first.metric),
        _all_equal(first, second),
    )


def _comparable(first: Analysis, second: Analysis) -> None:
    if first.metric != second.metric:
        raise InputError(
            f"report.metric: the first sweep is judged by {first.metric}, the second by "
            f"{second.metric}; name one that both have."
        )
    names = [sorted(values(sweep.records, "data.name")) for sweep in (first, second)]
    if names[0] != names[1]:
        raise InputError(
            f"data: {_some(names[0])} in the first sweep, {_some(names[1])} in the second; sweeps "
            "are compared on one data set."
        )
    files = [data_files(sweep.records) for sweep in (first, second)]
    if all(files) and files[0] != files[1]:
        raise InputError(
            f"data_sha256: the files of {_some(names[0])} are others in the second sweep than in "
            "the first; sweeps are compared on one data set."
        )
    settings = [", ".join(sweep.roles.scientific) or "seeds alone" for sweep in (first, second)]
    if settings[0] != settings[1]:
        raise InputError(
            f"report.scientific: arms differ in {settings[0]} in the first sweep, in {settings[1]} "
            "in the second; they must be made of the same settings."
        )


def _arms(both: Sequence[tuple[Arm, Arm]], metric: str) -> list[ArmChange]:
    """All of them are one family of tests."""
    members = [(_by_seed(one), _by_seed(other)) for one, other in both]
    tables, diverged = _tables(members, metric)
    differences = paired(tables)[:, 0]
    p, tests = families.p_values(differences, diverged)
    adjusted = families.holm(p)
    low, high = intervals.of_mean(differences)
    return [
        ArmChange(
            name=one.name,
            n=int(n),
            first=_mean(tables[k, 1]),
            second=_mean(tables[k, 0]),
            difference=_mean(differences[k]),
            low=float(low[k]),
            high=float(high[k]),
            p=float(p[k]),
            adjusted=float(adjusted[k]),
            test=str(tests[k]),
            equal=_equal(*members[k], metric),
            chosen=chosen(one.chosen, other.chosen),
        )
        for k, ((one, other), n) in enumerate(zip(both, counts(differences), strict=True))
    ]


def _tables(
    members: Sequence[tuple[BySeed, BySeed]], metric: str
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """[arm, second and first sweep, seed], NaN where either has none; and [arm], whether any member
    diverged in either sweep."""
    everyone = [[*mine.values(), *theirs.values()] for mine, theirs in members]
    lowest = worst((record for arm in everyone for record in arm), metric)
    seeds = list(dict.fromkeys(seed for one, _ in members for seed in one))
    tables = np.full((len(members), 2, len(seeds)), np.nan)
    for k, (mine, theirs) in enumerate(members):
        for column, seed in enumerate(seeds):
            if seed in mine and seed in theirs:
                found = [score(sweep[seed], metric, lowest) for sweep in (theirs, mine)]
                tables[k, :, column] = found if not np.isnan(found).any() else np.nan
    return tables, np.array([any(r["status"] == "diverged" for r in arm) for arm in everyone])


def _mean(row: Array) -> float:
    known = row[~np.isnan(row)]
    return float(known.mean()) if known.size else math.nan


def _by_seed(arm: Arm) -> BySeed:
    """By every seed there is: a sweep of one seed has none that varies."""
    return {tuple(shown(record, key) for key in SEEDS): record for record in arm.members.values()}


def _equal(mine: BySeed, theirs: BySeed, metric: str) -> int:
    return sum(
        _same(record, theirs[seed])
        for seed, record in mine.items()
        if seed in theirs and not math.isnan(score(record, metric))
    )


def _same(one: Record, other: Record) -> bool:
    return all(one.get(key) == other.get(key) for key in RESULTS)


def _all_equal(first: Analysis, second: Analysis) -> bool:
    """Members are the same by their arm, seeds and what either sweep tuned."""
    keys = [*first.roles.scientific, *first.roles.nuisance, *second.roles.nuisance, *SEEDS]
    mine: dict[Values, list[Record]] = {}
    for record in first.records:
        mine.setdefault(tuple(shown(record, key) for key in keys), []).append(record)
    return all(
        _same(one, record)
        for record in second.records
        for one in mine.get(tuple(shown(record, key) for key in keys), [])
    )


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return ", ".join(items[:NAMED]) + more
