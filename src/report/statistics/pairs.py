"""Two arms against one another, seed by seed; all pairs of a sweep are one family."""

import math
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt

from src.report.statistics import effects, families, intervals, sign_flips
from src.report.statistics.level import FEWEST, LEVEL
from src.report.statistics.rows import ROUNDING, Array, Counts, by_count, counts, levelled

BoolArray = npt.NDArray[np.bool_]


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
    effect: float = math.nan  # d_z with Hedges' correction; NaN where there is no spread
    probability: float = math.nan  # that a seed of first is better than one of second, ties half
    probability_low: float = math.nan  # its 95 % interval
    probability_high: float = math.nan
    wilcoxon: float = math.nan  # p of the signed-rank test, unadjusted; no claim rests on it
    test: str = field(
        default=families.NONE, kw_only=True
    )  # that p is of: permutation (of signs), t (paired), the same, bounded, or none

    @property
    def claimed(self) -> bool:
        return self.adjusted <= 1 - LEVEL


@dataclass(frozen=True)
class Comparisons:
    """Arrays [..., pair] of pairs (0, 1), (0, 2), ..., (1, 2), ... as of Pair."""

    n: Counts
    difference: Array
    low: Array
    high: Array
    p: Array
    adjusted: Array
    test: npt.NDArray[np.str_]

    @property
    def claimed(self) -> BoolArray:
        return np.asarray(self.adjusted <= 1 - LEVEL)


def all_pairs(
    table: Array, diverged: BoolArray | None = None, *, higher_is_better: bool = True
) -> list[Pair]:
    """Of scores [arm, seed]; NaN for a pair with too few seeds in common. diverged: [arm, seed],
    members whose score stands for no result."""
    table = levelled(table)
    differences = paired(table)
    found = _compared(differences, _either(diverged))
    columns = (
        *(found.difference, found.low, found.high, found.p, found.adjusted),
        effects.standardised(differences),
        *_probabilities(table if higher_is_better else -table),
        by_count(differences, lambda rows: sign_flips.wilcoxon(rows)[None], FEWEST)[0],
    )
    return [
        Pair(
            first,
            second,
            int(found.n[k]),
            *(float(column[k]) for column in columns),
            test=str(test),
        )
        for (k, test), (first, second) in zip(
            enumerate(found.test), combinations(range(len(table)), 2), strict=True
        )
    ]


def compare(tables: Array, diverged: BoolArray | None = None) -> Comparisons:
    """Of scores [..., arm, seed], each table a family of its own: what claims rest on. diverged: as
    of all_pairs, [..., arm, seed]."""
    return _compared(paired(tables), _either(diverged))


def paired(tables: Array) -> Array:
    """[..., pair, seed]: first minus second, NaN where either is. What is rounding alone is no
    difference, and differences that rounding alone sets apart are equal."""
    first, second = np.triu_indices(tables.shape[-2], 1)
    differences = tables[..., first, :] - tables[..., second, :]
    known = ~np.isnan(differences)
    noise = ROUNDING * np.abs(np.where(np.isnan(tables), 0, tables)).max(axis=(-2, -1), initial=0)
    noise = noise[..., None]
    low = np.where(known, differences, np.inf).min(axis=-1, initial=np.inf)
    high = np.where(known, differences, -np.inf).max(axis=-1, initial=-np.inf)
    level = (high - low <= noise)[..., None] & known
    nought = (np.abs(low) <= noise)[..., None]
    return np.where(level, np.where(nought, 0.0, low[..., None]), differences)


def _either(diverged: BoolArray | None) -> BoolArray | None:
    """[..., pair]: whether any member of either arm did."""
    if diverged is None:
        return None
    first, second = np.triu_indices(diverged.shape[-2], 1)
    some = np.asarray(diverged.any(axis=-1))
    return np.asarray(some[..., first] | some[..., second])


def _compared(differences: Array, diverged: BoolArray | None) -> Comparisons:
    mean = by_count(differences, lambda rows: rows.mean(axis=1)[None])[0]
    low, high = intervals.of_mean(differences)
    p, test = families.p_values(differences, diverged)
    return Comparisons(counts(differences), mean, low, high, p, families.holm(p), test)


def _probabilities(table: Array) -> tuple[Array, Array, Array]:
    """Of every pair, over all seeds of either arm, with low and high."""
    first, second = np.triu_indices(len(table), 1)
    have = counts(table)
    found = effects.probability(table[first], table[second])
    low, high = effects.probability_interval(found, have[first], have[second])
    return found, low, high
