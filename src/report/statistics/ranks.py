"""Arms by their ranks within each seed (Demšar, 2006, JMLR 7:1-30); seeds are the blocks."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from src.report.statistics.level import FEWEST, LEVEL

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """means: of the ranks of each arm, 1 is best, ties share their mean.

    groups: arms by place, best mean rank first, of which no two are further apart than
    critical_difference; the largest such runs, none of one arm alone.
    """

    means: list[float]
    blocks: int  # seeds that every arm has
    left_out: int  # seeds that some arm lacks
    statistic: float  # Friedman's, corrected for ties; NaN below three arms
    p: float  # by its chi-square with arms - 1 degrees of freedom
    critical_difference: float  # Nemenyi's
    groups: list[list[int]]


def ranking(table: Array, *, higher_is_better: bool = True) -> Ranking | None:
    """Of scores [arm, seed], NaN for none; None below two arms or FEWEST whole blocks."""
    whole = ~np.isnan(table).any(axis=0)
    arms, blocks = len(table), int(np.count_nonzero(whole))
    if arms < 2 or blocks < FEWEST:
        return None
    scores = table[:, whole]
    means = stats.rankdata(-scores if higher_is_better else scores, axis=0).mean(axis=1)
    statistic, p = _friedman(scores)
    critical = critical_difference(arms, blocks)
    groups = _groups(means, critical)
    left_out = table.shape[1] - blocks
    return Ranking(means.tolist(), blocks, left_out, statistic, p, critical, groups)


def critical_difference(arms: int, blocks: int) -> float:
    """Mean ranks that are further apart differ at 5 %, over all pairs of arms (Nemenyi).

    Demšar's q is the studentized range over infinitely many degrees of freedom, by the root of 2.
    """
    q = stats.studentized_range.ppf(LEVEL, arms, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(arms * (arms + 1) / (6 * blocks)))


def _friedman(scores: Array) -> tuple[float, float]:
    if len(scores) < 3:
        return math.nan, math.nan
    if (np.ptp(scores, axis=0) == 0).all():  # ties alone: scipy would divide by 0
        return 0.0, 1.0
    found = stats.friedmanchisquare(*scores)
    return float(found.statistic), float(found.pvalue)


def _groups(means: Array, critical: float) -> list[list[int]]:
    order = np.argsort(means, kind="stable")
    ranks = means[order]
    groups, reached = [], 0
    for start in range(len(order)):
        end = int(np.searchsorted(ranks, ranks[start] + critical, side="right"))
        if end > reached and end - start > 1:  # else within an earlier run
            groups.append(order[start:end].tolist())
        reached = max(reached, end)
    return groups
