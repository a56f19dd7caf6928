"""Performance profiles: the share of an arm's seeds beyond each score."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from src.report.statistics.level import FEWEST, LEVEL
from src.report.statistics.rows import Array, Counts, counts

POINTS = 201


@dataclass(frozen=True)
class Profiles:
    """share, low and high: [arm, threshold]; a band of 95 % at each threshold by itself, NaN below
    FEWEST seeds."""

    thresholds: Array
    share: Array
    low: Array
    high: Array


def profiles(
    table: Array, thresholds: Array | None = None, *, higher_is_better: bool = True
) -> Profiles:
    """Of scores [arm, seed], NaN where there is none: the share of seeds above each threshold, as
    rliable's run-score distributions (Agarwal et al., 2021), or below where less is better.

    thresholds: evenly from the least to the largest score, unless given.
    """
    at = _spread_out(table) if thresholds is None else thresholds
    sign = 1 if higher_is_better else -1
    have = counts(table)
    beyond = (sign * table[:, None, :] > sign * at[:, None]).sum(axis=-1)
    share = np.full(beyond.shape, np.nan)
    np.divide(beyond, have[:, None], out=share, where=have[:, None] > 0)
    return Profiles(at, share, *wilson(share, have[:, None]))


def wilson(share: Array, n: Counts) -> tuple[Array, Array]:
    """The score interval of a share of n (Wilson, 1927, doi:10.1080/01621459.1927.10502953).

    The bootstrap's has no width where all seeds lie on one side. Of strata together it is wide
    rather than narrow: their own shares differ, which takes from the variance.
    """
    z2 = special.ndtri((1 + LEVEL) / 2) ** 2
    known = np.where(n >= FEWEST, n, np.nan)
    middle = (share + z2 / (2 * known)) / (1 + z2 / known)
    half = np.sqrt(z2 * (share * (1 - share) / known + z2 / (4 * known**2))) / (1 + z2 / known)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _spread_out(table: Array) -> Array:
    known = table[~np.isnan(table)]
    return np.linspace(known.min(), known.max(), POINTS) if len(known) else np.empty(0)
