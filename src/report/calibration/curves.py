"""The study as curves for the figure."""

from collections.abc import Sequence

from src.report.calibration import bars
from src.report.calibration.study import Alike, Share, Study
from src.report.figures.calibration import Curves, Point, calibration
from src.report.figures.drawing import Drawing

REACH = 1.96  # standard errors


def drawn(study: Study) -> Drawing:
    means, differences = coverage(study, "means"), coverage(study, "differences")
    return calibration(false(study), means, differences, power(study), bars.COVERED)


def false(study: Study) -> Curves:
    """Of the laws of which the bars are asked, over all seeds of which they are."""
    rows = bars.held(study)
    return {
        law: [
            _counted(arms, [row for row in rows if (row.law, row.arms) == (law, arms)])
            for arms in sorted({row.arms for row in rows if row.law == law})
        ]
        for law in dict.fromkeys(row.law for row in rows)
    }


def _counted(x: float, rows: Sequence[Alike]) -> Point:
    count, of = sum(row.false for row in rows), sum(row.sweeps for row in rows)
    return x, count / of, *bars.interval(count, of)


def coverage(study: Study, of: str) -> Curves:
    names = dict.fromkeys(row.law for row in bars.held(study))
    seeds = sorted({row.seeds for row in study.alike})
    return {
        law: [
            _around(n, share)
            for n in seeds
            if (share := bars.coverage(study, law, n, of)) is not None
        ]
        for law in names
    }


def power(study: Study) -> Curves:
    """Of two arms by the measured runs; with no difference a claim is a false one."""
    law = "resampled"
    curves: dict[str, list[Point]] = {}
    for row in study.alike:
        if (row.law, row.arms) == (law, 2):
            curves[f"{row.seeds} seeds"] = [_counted(0, [row])]
    for found in study.power:
        if (found.law, found.arms) == (law, 2):
            point = _around(found.shift, found.found)
            curves[f"{found.seeds} seeds"].append(point)
    return curves


def _around(x: float, share: Share) -> Point:
    value, error = share
    return x, value, max(0.0, value - REACH * error), min(1.0, value + REACH * error)
