"""What is said of one arm."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]

LEVEL = 0.95
FEWEST = 3  # seeds; with fewer no interval is given and no claim made


@dataclass(frozen=True)
class Summary:
    """Of n seeds; low and high are the 95 % interval of the mean, NaN below FEWEST seeds."""

    n: int
    mean: float
    median: float
    iqm: float  # mean of the middle half (interquartile mean)
    sd: float  # NaN of one seed
    low: float
    high: float
    best: float


def summarise(values: Array, *, higher_is_better: bool = True) -> Summary:
    """values: of an arm's seeds; NaN ones are left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Summary(0, *[math.nan] * 7)
    low, high = interval_of_mean(known)
    sd = float(known.std(ddof=1)) if len(known) > 1 else math.nan
    middle = float(stats.trim_mean(known, 0.25))
    best = float(known.max() if higher_is_better else known.min())
    return Summary(
        len(known), float(known.mean()), float(np.median(known)), middle, sd, low, high, best
    )


def interval_of_mean(values: Array) -> tuple[float, float]:
    """95 %; NaN below FEWEST values."""
    if len(values) < FEWEST:
        return math.nan, math.nan
    half = (
        stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    )
    return float(values.mean() - half), float(values.mean() + half)
