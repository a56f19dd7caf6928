"""95 % intervals of one row of seeds, each by the rule that held its level best at 5, 10 and 20.

How many of 8,000 rows they covered, in per cent, at n = 5, 10 and 20. Real: test accuracies around
the means of 251 settings with 3 seeds each; t: Student's of 3 degrees of freedom; mixed: normal, a
tenth of it ten times wider; skewed: lognormal, sigma 0.5.

                      real      normal        t         mixed      skewed
mean, Student       95 95 95   95 95 95   96 96 96   97 97 98   92 92 93
difference, Student 96 95 95   95 94 95   96 96 96   97 98 97   96 95 95
mean, BCa           82 89 92   84 91 92   82 86 89   81 82 81   82 88 91
mean, BCa widened   91 93 94   92 94 95   91 92 92   90 88 85   90 92 94
median, ranks       94 95 95   94 95 95   94 95 95   93 95 95   94 95 95
IQM, BCa widened    94 97 96   94 96 96   94 97 96   94 97 96   94 96 96

So the mean, of an arm as of paired differences, has Student's interval at every n: the bootstrap's
serves better only where seeds are skewed, and then by a point. The IQM, from which the tails are
cut, has the bootstrap's, and the median that of its order statistics.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import stats

from src.report.statistics import bootstrap
from src.report.statistics.level import FEWEST, FEWEST_OF_RANKS, LEVEL
from src.report.statistics.rows import Array, by_count, spread


def of_mean(values: Array) -> Array:
    """[low and high, ...] of [..., seed] with NaN where there is none; NaN below FEWEST."""
    return by_count(values, _student, FEWEST)


def of_median(values: Array) -> Array:
    """As of_mean; NaN below FEWEST_OF_RANKS."""
    return by_count(values, _ranks, FEWEST_OF_RANKS)


def of_iqm(values: Array) -> Array:
    """As of_mean; NaN below FEWEST_OF_RANKS."""
    return by_count(values, _middle, FEWEST_OF_RANKS)


def of_stratified_mean(strata: Sequence[Array]) -> Array:
    """[estimate, low and high, row] of the mean of all strata's values together; each [row, n]
    without NaN, n at least 2 and of its own. Degrees of freedom by Satterthwaite (1946,
    doi:10.2307/3002019).

    Its bootstrap's interval is bootstrap.stratified_interval, which of 3 x 5 seeds covers almost
    as well on real spread (94 %), but less with heavy tails (93 %; 1,000 rows).
    """
    total = sum(stratum.shape[1] for stratum in strata)
    middle = sum((stratum.sum(axis=1) for stratum in strata), np.zeros(len(strata[0]))) / total
    parts = np.stack([spread(rows) ** 2 * rows.shape[1] / total**2 for rows in strata])
    variance = parts.sum(axis=0)
    over = np.array([[rows.shape[1] - 1] for rows in strata])
    flat = variance == 0
    degrees = variance**2 / np.where(flat, 1, (parts**2 / over).sum(axis=0))
    half = stats.t.ppf((1 + LEVEL) / 2, np.where(flat, 1, degrees)) * np.sqrt(variance)
    return np.stack([middle, middle - half, middle + half])


def _student(rows: Array) -> Array:
    n = rows.shape[1]
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * spread(rows) / math.sqrt(n)
    middle = bootstrap.estimate(rows, bootstrap.mean)
    return np.stack([middle - half, middle + half])


def _middle(rows: Array) -> Array:
    """The bootstrap's, which never leaves the range of the values; of five, all of it is wanted."""
    if rows.shape[1] == FEWEST_OF_RANKS:
        return rows[:, [0, -1]].T
    return bootstrap.interval(rows, bootstrap.iqm)


def _ranks(rows: Array) -> Array:
    """Between order statistics, interpolated (Hettmansperger and Sheather, 1986,
    doi:10.1016/0167-7152(86)90021-0); of five seeds from the least to the largest, 93.75 %."""
    n = rows.shape[1]
    rank, share = rank_and_share(n)
    low = (1 - share) * rows[:, rank - 1] + share * rows[:, rank]
    high = (1 - share) * rows[:, n - rank] + share * rows[:, n - rank - 1]
    return np.stack([low, high])


@lru_cache(maxsize=64)
def rank_and_share(n: int) -> tuple[int, float]:
    """The interval runs from the rank-th smallest value that share of the way to the next."""
    held = [1 - 2 * float(stats.binom.cdf(rank - 1, n, 0.5)) for rank in range(1, n // 2 + 1)]
    rank = max(sum(level >= LEVEL for level in held), 1)
    if held[rank - 1] < LEVEL:
        return rank, 0.0
    inner = held[rank] if rank < len(held) else 0.0
    part = (held[rank - 1] - LEVEL) / (held[rank - 1] - inner)
    return rank, (n - rank) * part / (rank + (n - 2 * rank) * part)
