"""How many seeds would settle a pair of arms, if its difference and spread are as seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

POWER = 0.8
# More seeds than these are not counted; nobody runs them.
MOST = 1_000
# scipy's noncentral F is wrong at a noncentrality of exactly 0, and right beside it.
LEAST = 1e-9


@dataclass(frozen=True)
class Plan:
    """more: seeds beyond those there are; None for more than MOST."""

    more: int | None


def power(effect: npt.ArrayLike, n: npt.ArrayLike, level: float) -> Array:
    """Of the two-sided paired t test of n differences; effect: their mean over their sd.

    t² of n differences is noncentral F with 1 and n - 1 degrees of freedom, noncentrality
    n effect² (Cohen, 1988); scipy's noncentral t itself gives NaN far from 0.
    """
    n = np.asarray(n, float)
    critical = stats.t.isf(level / 2, n - 1) ** 2
    noncentrality = np.maximum(n * np.square(effect), LEAST)
    return np.asarray(stats.ncf.sf(critical, 1, n - 1, noncentrality), float)


def seeds_needed(effect: npt.ArrayLike, level: float, most: npt.ArrayLike) -> Counts:
    """The fewest n from 2 to `most` whose power is POWER; most + 1 where there is none.

    effect, most: [pair]. By bisection, as power grows with n.
    """
    effect, most = np.broadcast_arrays(np.asarray(effect, float), np.asarray(most, np.int64))
    low, high = np.ones_like(most), most + 1  # never enough; taken to be enough
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = power(effect, np.maximum(middle, 2), level) >= POWER
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high


def plans(differences: Sequence[Array], level: float) -> list[Plan | None]:
    """Of pairs, each by its differences seed by seed; None for one of which they are fewer than
    two, or all zero, so that they tell nothing of what more seeds would do.

    Equal ones that are not zero have no spread for t; they go by their sign, which n tosses share
    with probability 2^(1 - n).
    """
    known = [k for k, row in enumerate(differences) if len(row) > 1 and row.any()]
    rows = [differences[k] for k in known]
    has = np.array([len(row) for row in rows], np.int64)
    flat = np.array([np.ptp(row) == 0 for row in rows], bool)
    effect = np.array(
        [
            0.0 if same else abs(row.mean()) / row.std(ddof=1)
            for row, same in zip(rows, flat, strict=True)
        ]
    )
    by_sign = 1 + math.ceil(-math.log2(level))
    needed = np.where(flat, by_sign, seeds_needed(effect, level, has + MOST))
    found: list[Plan | None] = [None] * len(differences)
    for k, more in zip(known, (needed - has).tolist(), strict=True):
        found[k] = Plan(None if more > MOST else max(more, 1))
    return found


def level_of_next(unsettled: int, alpha: float) -> float:
    """At which Holm tests the first of the pairs that are not settled, all claims staying."""
    return alpha / max(unsettled, 1)
