"""The permutation test of paired differences: under the null each is as likely with either sign."""

from functools import lru_cache

import numpy as np
from scipy import stats

from src.report.statistics.rows import Array, Counts

# All 2^n sign patterns up to here: two halves of 2^(n/2) sums each, of which every sum is made.
EXACT = 22
EXACT_RANKS = 20  # no claim rests on it
FLIPS = 99_999  # patterns drawn beyond
SEED = 20210830  # any: the same data must give the same p
CHUNK = 1 << 24  # sums held at once


def smallest(n: Counts) -> Array:
    """The least p that the test can give with n differences."""
    return np.where(n <= EXACT, 2.0 ** (1 - n), 1 / (FLIPS + 1))


def wilcoxon(rows: Array) -> Array:
    """Two-sided p of the signed-rank test of [row, n], which is that of the flips of signed ranks:
    zeros are left out, ties share their ranks. Exact up to EXACT_RANKS, normal beyond."""
    ranks = signed_ranks(rows)
    if rows.shape[1] <= EXACT_RANKS:
        return p_values(ranks)
    spread = np.sqrt((ranks**2).sum(axis=1))
    z = np.abs(ranks.sum(axis=1)) / np.where(spread > 0, spread, 1)
    return np.asarray(2 * stats.norm.sf(z))


def p_values(rows: Array) -> Array:
    """Two-sided, of the sums of [row, n]; exact up to EXACT, else with the observed pattern counted
    among those drawn (Phipson and Smyth, 2010, doi:10.2202/1544-6115.1585)."""
    sums = np.abs(rows.sum(axis=1))
    # Sums in another order differ in their last bits; equal ones must count as reached.
    least = sums - 1e-12 * np.abs(rows).sum(axis=1)
    found = _exact(rows, least) if rows.shape[1] <= EXACT else _drawn(rows, least)
    return np.where(least <= 0, 1.0, found)


def signed_ranks(rows: Array) -> Array:
    """Ranks of absolute differences [row, n] with the signs of these; 0 for zeros."""
    size = np.where(rows == 0, np.nan, np.abs(rows))
    ranks = stats.rankdata(size, axis=1, nan_policy="omit")
    return np.where(rows == 0, 0.0, np.sign(rows) * ranks)


def _exact(rows: Array, least: Array) -> Array:
    """By symmetry twice the share at or above; each sum is one of the left half's and one of the
    right half's."""
    n = rows.shape[1]
    left = rows[:, : n // 2] @ _signs(n // 2).T
    right = np.sort(rows[:, n // 2 :] @ _signs(n - n // 2).T, axis=1)
    wanted = np.sort(least[:, None] - left, axis=1)
    below = [
        np.searchsorted(ordered, row).sum() for ordered, row in zip(right, wanted, strict=True)
    ]
    return np.asarray(2 * (1 - np.array(below, dtype=float) / 2**n))


@lru_cache(maxsize=32)
def _signs(n: int) -> Array:
    """[2^n, n]: all patterns of -1 and 1."""
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.where(bits, -1.0, 1.0)


def _drawn(rows: Array, least: Array) -> Array:
    generator = np.random.default_rng([SEED, rows.shape[1]])
    reached = np.ones(len(rows))
    step = max(1, CHUNK // max(1, len(rows)))
    for start in range(0, FLIPS, step):
        signs = generator.choice([-1.0, 1.0], (min(step, FLIPS - start), rows.shape[1]))
        reached += (np.abs(rows @ signs.T) >= least[:, None]).sum(axis=1)
    return np.asarray(reached / (FLIPS + 1))
