"""Rows of numbers with holes, worked on in groups that have equally many."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# Relative to the largest score: what rounding leaves of no difference.
ROUNDING = 1e-13


def counts(values: Array) -> Counts:
    """[...] of [..., seed]: how many are not NaN."""
    return np.asarray((~np.isnan(values)).sum(axis=-1), dtype=np.int64)


def spread(rows: Array) -> Array:
    """Standard deviation of [row, n], n at least 2; of equal values exactly 0, which their mean's
    rounding would spoil."""
    return np.asarray((rows - rows[:, :1]).std(axis=1, ddof=1))


def levelled(table: Array) -> Array:
    """The same scores, those that rounding alone sets apart made equal: 0.1 + 0.2 and 0.3."""
    known = np.unique(table[np.isfinite(table)])
    noise = ROUNDING * np.abs(known).max(initial=0)
    starts = np.diff(known, prepend=-np.inf) > noise
    levels = known[starts][np.cumsum(starts) - 1]
    out = table.copy()
    out[np.isfinite(table)] = levels[np.searchsorted(known, table[np.isfinite(table)])]
    return out


def by_count(values: Array, function: Callable[[Array], Array], fewest: int = 1) -> Array:
    """function takes rows [row, n] without NaN, sorted, and gives [part, row].

    values: [..., seed], NaN where there is none. Returns [part, ...]; NaN where a row has fewer
    than `fewest`. What a row gives does not depend on the order of its seeds.
    """
    shape = values.shape[:-1]
    rows = np.sort(values.reshape(math.prod(shape), values.shape[-1]), axis=1)  # NaN last
    have = counts(rows)
    parts = len(function(np.zeros((0, max(fewest, 1)))))
    out = np.full((parts, len(rows)), np.nan)
    for n in np.unique(have[have >= fewest]):
        out[:, have == n] = function(rows[have == n, :n])
    return out.reshape(parts, *shape)
