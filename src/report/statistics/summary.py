"""What is said of one arm."""

import math
from dataclasses import dataclass

import numpy as np

from src.report.statistics import bootstrap, intervals
from src.report.statistics.level import FEWEST, FEWEST_OF_RANKS, LEVEL
from src.report.statistics.rows import Array, by_count, counts, spread

__all__ = ["FEWEST", "FEWEST_OF_RANKS", "LEVEL", "Summary", "summaries", "summarise"]


@dataclass(frozen=True)
class Summary:
    """Of n seeds. low, high: 95 % interval of the mean, NaN below FEWEST seeds; those of median
    and iqm NaN below FEWEST_OF_RANKS."""

    n: int
    mean: float
    median: float
    iqm: float  # mean of the middle half (interquartile mean)
    sd: float  # NaN of one seed
    low: float
    high: float
    best: float
    median_low: float = math.nan
    median_high: float = math.nan
    iqm_low: float = math.nan
    iqm_high: float = math.nan


def summarise(values: Array, *, higher_is_better: bool = True) -> Summary:
    """values: of an arm's seeds; NaN ones are left out."""
    return summaries(values[None], higher_is_better=higher_is_better)[0]


def summaries(table: Array, *, higher_is_better: bool = True) -> list[Summary]:
    """Of each row of [arm, seed]."""
    best = -1 if higher_is_better else 0
    points = by_count(table, lambda rows: _points(rows, best))
    deviation = by_count(table, lambda rows: spread(rows)[None], 2)
    columns = [
        *points[:3],
        *deviation,
        *intervals.of_mean(table),
        points[3],
        *intervals.of_median(table),
        *intervals.of_iqm(table),
    ]
    return [
        Summary(int(n), *(float(column[k]) for column in columns))
        for k, n in enumerate(counts(table))
    ]


def _points(rows: Array, best: int) -> Array:
    laws = (bootstrap.mean, bootstrap.median, bootstrap.iqm)
    return np.stack([*(bootstrap.estimate(rows, law) for law in laws), rows[:, best]])
