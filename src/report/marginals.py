"""Each scientific setting over all combinations of the others; a summary, no claim rests on it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from src.report.arms import Arm, Array, Values
from src.report.names import names
from src.report.results import Record
from src.report.settings import within
from src.report.statistics import bootstrap, intervals
from src.report.statistics.level import FEWEST

# With fewer runs in all, no interval of their IQM: of two combinations of 3 seeds each it covers
# 90 %, of two of 4 and of three of 3, 94 to 96 % (3,000 draws of a normal law).
FEWEST_RUNS = 8
# With more runs in the sweep, none either: a jackknife takes their square.
MOST_RUNS = 2500


@dataclass(frozen=True)
class Level:
    """One value of a setting, and its n runs in so many combinations (strata) of the others.

    mean, and IQM of all runs (Agarwal et al., 2021, arXiv:2108.13264), NaN where a combination
    lacks all seeds; low and high, 95 % intervals over seeds within each, NaN below FEWEST of any.
    lacking: combinations with fewer seeds than another level has there.
    """

    name: str
    strata: int
    n: int
    diverged: int  # runs of them, see metrics.score
    lacking: list[str]
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    iqm: float = math.nan
    iqm_low: float = math.nan
    iqm_high: float = math.nan


@dataclass(frozen=True)
class Marginal:
    """levels of a setting, the best mean first, those that lack seeds or combinations last; empty
    where fewer than two have all. strata: the combinations of the other settings of any level."""

    setting: str
    over: tuple[str, ...]
    strata: int
    levels: list[Level]


def marginals(
    arms: Sequence[Arm],
    table: Array,
    records: Sequence[Record],
    scientific: Sequence[str],
    *,
    higher_is_better: bool,
) -> list[Marginal]:
    """table: [arm, seed], NaN where there is none. None of fewer than two settings; the keys below
    an option, as init.gain, are of one setting with it.

    Runs of different combinations are taken as independent, as rliable does: where a seed moves
    all of them alike, intervals are too narrow.
    """
    above = [key for key in scientific if not _below(key, scientific)]
    if len(above) < 2:
        return []
    values = [row[~np.isnan(row)] for row in table]
    return [
        _marginal(
            [key for key in scientific if within(key, setting)],
            [key for key in scientific if not within(key, setting)],
            arms,
            values,
            records,
            -1 if higher_is_better else 1,
        )
        for setting in above
    ]


def _below(key: str, keys: Sequence[str]) -> bool:
    return any(key != other and within(key, other) for other in keys)


def _marginal(
    own: Sequence[str],
    others: Sequence[str],
    arms: Sequence[Arm],
    values: Sequence[Array],
    records: Sequence[Record],
    sign: int,
) -> Marginal:
    places = {(_of(arm, own), _of(arm, others)): k for k, arm in enumerate(arms) if len(values[k])}
    levels = list(dict.fromkeys(_of(arm, own) for arm in arms))
    strata = sorted({stratum for _, stratum in places})
    none = np.empty(0)
    cells = [
        [values[places[each, stratum]] if (each, stratum) in places else none for stratum in strata]
        for each in levels
    ]
    most = [max(len(row[s]) for row in cells) for s in range(len(strata))]
    called = [f"({name})" if ", " in name else name for name in names(strata, others, records)]
    numbers = _numbers(cells)
    if len(numbers) < 2:
        return Marginal(own[0], tuple(others), len(strata), [])
    found = [
        Level(
            name,
            sum(len(runs) > 0 for runs in row),
            sum(map(len, row)),
            sum(_diverged(arms[k]) for (of, _), k in places.items() if of == each),
            [
                _lack(called[s], len(runs), most[s])
                for s, runs in enumerate(row)
                if len(runs) < most[s]
            ],
            **numbers.get(k, {}),
        )
        for k, (name, each, row) in enumerate(
            zip(names(levels, own, records), levels, cells, strict=True)
        )
    ]
    found.sort(key=lambda level: (math.isnan(level.mean), bool(level.lacking), sign * level.mean))
    return Marginal(own[0], tuple(others), len(strata), found)


def _of(arm: Arm, keys: Sequence[str]) -> Values:
    return tuple(arm.settings[key] for key in keys)


def _diverged(arm: Arm) -> int:
    return sum(record["status"] == "diverged" for record in arm.members.values())


def _lack(name: str, n: int, most: int) -> str:
    return f"{name} ({n} of {most} seeds)" if n else name


def _numbers(cells: Sequence[Sequence[Array]]) -> Mapping[int, dict[str, float]]:
    """By the places of levels that have all strata; cells: of each level, runs by stratum."""
    by_sizes: dict[tuple[int, ...], list[int]] = {}
    for k, row in enumerate(cells):
        if all(map(len, row)):
            by_sizes.setdefault(tuple(map(len, row)), []).append(k)
    few = sum(len(runs) for row in cells for runs in row) <= MOST_RUNS
    found: dict[int, dict[str, float]] = {}
    for sizes, places in by_sizes.items():
        strata = [np.stack([cells[k][s] for k in places]) for s in range(len(sizes))]
        columns = _columns(strata, sizes, few)
        for place, k in enumerate(places):
            found[k] = {name: float(column[place]) for name, column in columns.items()}
    return found


def _columns(strata: Sequence[Array], sizes: Sequence[int], few: bool) -> dict[str, Array]:
    together = np.sort(np.concatenate(strata, axis=1), axis=1)
    columns = {
        "mean": bootstrap.estimate(together, bootstrap.mean),
        "iqm": bootstrap.estimate(together, bootstrap.iqm),
    }
    if min(sizes) >= FEWEST:
        _, columns["low"], columns["high"] = intervals.of_stratified_mean(strata)
        if few and sum(sizes) >= FEWEST_RUNS:
            ends = bootstrap.stratified_interval(strata, bootstrap.iqm)[1:]
            columns["iqm_low"], columns["iqm_high"] = ends
    return columns
