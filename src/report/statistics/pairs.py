"""Two arms against one another, seed by seed; all pairs of a sweep are one family."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import stats

from src.report.statistics.summary import FEWEST, LEVEL, interval_of_mean

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Arms by their rows; difference is first minus second, over the n seeds that both have."""

    first: int
    second: int
    n: int
    difference: float
    low: float  # 95 % interval of the difference
    high: float
    p: float
    adjusted: float  # by Holm, over all pairs

    @property
    def claimed(self) -> bool:
        return self.adjusted <= 1 - LEVEL


def all_pairs(table: Array) -> list[Pair]:
    """Of scores [arm, seed]; NaN for a pair with too few seeds in common."""
    pairs = [_pair(table, i, j) for i, j in combinations(range(len(table)), 2)]
    return list(_adjusted(pairs))


def _pair(table: Array, i: int, j: int) -> Pair:
    differences = table[i] - table[j]
    known = differences[~np.isnan(differences)]
    mean = float(known.mean()) if len(known) else math.nan
    low, high = interval_of_mean(known)
    return Pair(i, j, len(known), mean, low, high, _p(known), math.nan)


def _p(differences: Array) -> float:
    if len(differences) < FEWEST:
        return math.nan
    if np.ptp(differences) == 0:
        return 1.0 if differences[0] == 0 else 0.0
    return float(stats.ttest_1samp(differences, 0).pvalue)


def _adjusted(pairs: Sequence[Pair]) -> Iterator[Pair]:
    known = sorted((pair.p, k) for k, pair in enumerate(pairs) if not math.isnan(pair.p))
    adjusted: dict[int, float] = {}
    largest = 0.0
    for place, (p, k) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - place)))
        adjusted[k] = largest
    for k, pair in enumerate(pairs):
        yield replace(pair, adjusted=adjusted.get(k, math.nan))
