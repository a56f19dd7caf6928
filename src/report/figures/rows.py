"""Rows of arms: which of many are shown, and what of them is near enough to be enlarged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from src.report.analysis import Analysis

Array = npt.NDArray[np.float64]

# Of more arms than fit a page: the first, the last and the baseline.
MOST, FIRST, LAST = 60, 40, 18
GAP = -1
# A second panel is drawn where it shows what is near at so many times the scale.
ZOOM = 3.0
NEAR = 0.03  # accuracies within 3 points of the best; losses within 10 % of it
NEAR_LOSS = 0.1


@dataclass(frozen=True)
class Row:
    """In the axis' units. seeds: each a faint mark. filled: in the best group, or claimed."""

    place: int
    seeds: Array
    mean: float
    low: float
    high: float
    filled: bool
    crosses: Array  # seeds that diverged


def shown(count: int, baseline: int | None) -> list[int]:
    """Places from the top, GAP where some are left out."""
    if count <= MOST:
        return list(range(count))
    kept = {*range(FIRST), *range(count - LAST, count)}
    kept |= set() if baseline is None else {baseline}
    found: list[int] = []
    for place in sorted(kept):
        if found and place != found[-1] + 1:
            found.append(GAP)
        found.append(place)
    return found


def focus(
    rows: Sequence[Row], centre: float, reach: float, *, fewest: int = 2
) -> tuple[float, float] | None:
    """The span of the centre and of the rows whose mean lies within reach of it; None of fewer
    such rows, or where a panel of its own would show little more than the one of all."""
    near = [row for row in rows if abs(row.mean - centre) <= reach]
    if len(near) < fewest:
        return None
    ends = np.concatenate([[centre], *([row.mean, row.low, row.high, *row.seeds] for row in near)])
    ends = ends[np.isfinite(ends) & (abs(ends - centre) <= 2 * reach)]
    low, high = float(ends.min()), float(ends.max())
    whole = span(rows)
    if high <= low or whole[1] - whole[0] < ZOOM * (high - low):
        return None
    pad = 0.06 * (high - low)
    return low - pad, high + pad


def span(rows: Sequence[Row]) -> tuple[float, float]:
    ends = np.concatenate([[row.mean, row.low, row.high, *row.seeds] for row in rows])
    ends = ends[np.isfinite(ends)]
    if not len(ends):
        return 0.0, 1.0
    pad = 0.04 * (np.ptp(ends) or abs(ends[0]) or 1.0)
    return float(ends.min() - pad), float(ends.max() + pad)


def cut(ends: tuple[float, float], possible: tuple[float, float] | None) -> tuple[float, float]:
    """No further beyond what is possible than half a marker needs."""
    if possible is None:
        return ends
    slack = 0.02 * (ends[1] - ends[0])
    return max(ends[0], possible[0] - slack), min(ends[1], possible[1] + slack)


def kept(analysis: Analysis, rows: Sequence[Row]) -> list[Row]:
    """Those that have a place where not all have."""
    places = shown(len(analysis.arms), analysis.baseline)
    return [row for row in rows if row.place in places]


def lines(analysis: Analysis, rows: Mapping[int, Row]) -> list[int]:
    """Those of rows, and one gap where there are several in a row."""
    found: list[int] = []
    for place in shown(len(analysis.arms), analysis.baseline):
        if place in rows or (place == GAP and found and found[-1] != GAP):
            found.append(place)
    return found


def gaps(places: Sequence[int], rows: Mapping[int, Row]) -> dict[int, str]:
    """How many rows each gap stands for, by its line."""
    return {
        y: f"… {sum(places[y - 1] < place < places[y + 1] for place in rows)} more …"
        for y, place in enumerate(places)
        if place == GAP
    }
