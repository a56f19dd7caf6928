"""How large a difference is: standardised, and as a chance."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

from src.report.statistics.level import FEWEST, FEWEST_OF_RANKS, LEVEL
from src.report.statistics.rows import Array, Counts, by_count, counts, spread

BoolArray = npt.NDArray[np.bool_]

# Comparisons held at once.
CHUNK = 1 << 24
# Halvings of [0, 1]: down to a double's last bit.
HALVINGS = 53


def standardised(differences: Array) -> Array:
    """d_z, mean over sd of paired differences [..., seed], times Hedges' correction (1981,
    doi:10.3102/10769986006002107); 0 where all are 0, NaN where they are equal but not 0, as there
    is no spread to measure by, and below FEWEST."""
    return np.asarray(by_count(differences, _standardised, FEWEST)[0])


def _standardised(rows: Array) -> Array:
    mean, deviation = rows.mean(axis=1), spread(rows)
    found = np.where(mean == 0, 0.0, np.nan)
    np.divide(mean, deviation, out=found, where=deviation > 0)
    return (correction(rows.shape[1] - 1) * found)[None]


def correction(degrees: int) -> float:
    """Of the upward bias of a standardised mean difference."""
    half = degrees / 2
    return math.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / math.sqrt(half)


def probability(first: Array, second: Array) -> Array:
    """P(X > Y) + P(X = Y) / 2 over all pairs of seeds of [row, seed] and [row, seed], as rliable
    defines the probability of improvement (Agarwal et al., 2021); NaN without seeds."""
    won = np.empty(len(first))
    step = max(1, CHUNK // max(1, first.shape[1] * second.shape[1]))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        left, right = first[part, :, None], second[part, None, :]
        won[part] = (left > right).sum(axis=(1, 2)) + (left == right).sum(axis=(1, 2)) / 2
    met = (counts(first) * counts(second)).astype(float)
    found = np.full(len(first), np.nan)
    np.divide(won, met, out=found, where=met > 0)
    return found


def probability_interval(found: Array, first: Counts, second: Counts) -> Array:
    """[low and high, ...] of a probability, of samples of the sizes first and second; NaN below
    FEWEST_OF_RANKS, where it covers 90 % rather than 95.

    A score interval with Hanley and McNeil's variance: Newcombe's (2006, doi:10.1002/sim.2324)
    method 5. Unlike the bootstrap's it has a width where all of one arm lie above the other's, as
    they often do with five seeds. Taken for independent samples, it is wide where sharing a seed
    makes arms alike.
    """
    enough = (first >= FEWEST_OF_RANKS) & (second >= FEWEST_OF_RANKS)
    m, n = np.where(enough, first, 1), np.where(enough, second, 1)
    z2 = special.ndtri((1 + LEVEL) / 2) ** 2

    def outside(chance: Array) -> BoolArray:
        return np.asarray((chance - found) ** 2 > z2 * _variance(chance, m, n))

    ends = [_boundary(outside, found, np.full_like(found, end)) for end in (0.0, 1.0)]
    return np.where(enough, np.stack(ends), np.nan)


def _variance(chance: Array, m: Counts, n: Counts) -> Array:
    like = (m + n) / 2 - 1
    tied = 1 + like * ((1 - chance) / (2 - chance) + chance / (1 + chance))
    return np.asarray(chance * (1 - chance) * tied / (m * n))


def _boundary(outside: Callable[[Array], BoolArray], inner: Array, outer: Array) -> Array:
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2
        out = outside(middle)
        inner, outer = np.where(out, inner, middle), np.where(out, middle, outer)
    return outer
