"""One family of tests: which test it takes, and Holm's correction over it."""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from src.report.statistics import sign_flips
from src.report.statistics.level import FEWEST, LEVEL
from src.report.statistics.rows import Array, Counts, by_count, counts, spread

PERMUTATION, STUDENT, BOUNDED, NONE = "permutation", "t", "t, bounded", "none"
MOST_OF_LABELS = 500  # C(2n, n) is near the largest double beyond
# How far below the level of Holm's first step the least p of a permutation must lie. At 1 it claims
# only where all differences have one sign: with 10 seeds and 21 pairs, differences of 1.5 standard
# deviations are found in 50 % of sweeps where t finds 68 %; with 10 and 3 (1/8), in 93 % where t
# finds 94 % (4,000 sweeps each).
ROOM = 1 / 8


def permuted(n: Counts, family: Counts) -> npt.NDArray[np.bool_]:
    """Whether pairs of n seeds are tested by permutation, in families of so many pairs.

    By these numbers alone, as a test chosen by what it finds has no level. Permutation where its
    resolution serves; else the paired t test, whose level does not rest on many seeds: differences
    of like arms are symmetric, and of symmetric ones with heavy tails it claims too little rather
    than too much (Benjamini, 1983, doi:10.2307/2288150). That does not hold of members that diverge
    or not as a coin falls, see p_values.
    """
    asked = ROOM * (1 - LEVEL) / np.maximum(family, 1)
    return np.asarray((n >= FEWEST) & (sign_flips.smallest(n) <= asked))


def p_values(
    differences: Array, diverged: npt.NDArray[np.bool_] | None = None
) -> tuple[Array, npt.NDArray[np.str_]]:
    """Two-sided, of the means of paired differences [..., pair, seed], and by which test; all pairs
    of a table are one family. NaN below FEWEST seeds.

    diverged: [..., pair], whether any member of either arm did. Differences then have two sizes, a
    seed's noise and a collapse, and three that collapsed alike look to t like an effect without
    spread: of ten like arms of which each member diverges with a chance of 0.3, t alone tells some
    pair apart in 23 % of sweeps of 3 seeds; with no p below smallest_of_labels, in 0.4 % (2,000
    sweeps).
    """
    n = counts(differences)
    family = (n >= FEWEST).sum(axis=-1, keepdims=True)
    flipped = permuted(n, family)
    by_flips = np.where(flipped[..., None], differences, np.nan)
    by_t = np.where(flipped[..., None], np.nan, differences)
    p = np.where(
        flipped,
        by_count(by_flips, lambda rows: sign_flips.p_values(rows)[None], FEWEST)[0],
        by_count(by_t, lambda rows: student(rows)[None], FEWEST)[0],
    )
    bounded = ~flipped & (False if diverged is None else diverged)
    p = np.where(bounded, np.fmax(p, np.where(n >= FEWEST, smallest_of_labels(n), np.nan)), p)
    by_t = np.where(bounded, BOUNDED, STUDENT)
    return p, np.where(flipped, PERMUTATION, np.where(n >= FEWEST, by_t, NONE))


def smallest_of_labels(n: Counts) -> Array:
    """The least p of a test that permutes the labels of two arms of n members, 2 / C(2n, n): how
    often the n that diverged more, or least, would all be of one arm if arms were alike."""
    return np.asarray(2 / special.binom(2.0 * n, n))


def seeds_of_labels(level: float) -> int:
    """The fewest n at which smallest_of_labels is no more than the level."""
    n = np.arange(1, MOST_OF_LABELS + 1)
    return int(n[smallest_of_labels(n) <= level][0])


def student(rows: Array) -> Array:
    """p of the paired t test of [row, n]; 1 where all are zero.

    Equal ones that are not zero have no spread that t could go by: what is known is that all n
    have one sign, which signs tossed at random do in 2^(1 - n) of all cases.
    """
    n = rows.shape[1]
    deviation = spread(rows)
    flat = deviation == 0
    t = np.sqrt(n) * np.abs(rows.mean(axis=1)) / np.where(flat, 1, deviation)
    constant = np.where(rows[:, 0] == 0, 1.0, 2.0 ** (1 - n))
    return np.where(flat, constant, 2 * stats.t.sf(t, n - 1))


def holm(p: Array) -> Array:
    """Adjusted over the last axis; NaN are of no family and stay (Holm, 1979)."""
    order = np.argsort(p, axis=-1)  # NaN last
    ranked = np.take_along_axis(p, order, axis=-1)
    family = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    left = family - np.arange(p.shape[-1])
    stepped = np.minimum(np.maximum.accumulate(ranked * left, axis=-1), 1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return adjusted
