"""How often the report's statements were wrong on sweeps whose truth is known."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.figures.drawing import Drawing, styled
from src.report.figures.layout import DOUBLE

DPI = 200

Point = tuple[float, float, float, float]  # x, y and the ends of its interval; shares as shares
Curves = Mapping[str, Sequence[Point]]

# Okabe and Ito (2008); markers and lines tell them apart in grey.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "marker": "o", "linestyle": "-"},
    {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    {"color": "#0072B2", "marker": "^", "linestyle": "-."},
    {"color": "#009E73", "marker": "D", "linestyle": ":"},
    {"color": "#CC79A7", "marker": "v", "linestyle": "-"},
    {"color": "#E69F00", "marker": "P", "linestyle": "--"},
)


def calibration(
    false: Curves, means: Curves, differences: Curves, power: Curves, covered: tuple[float, float]
) -> Drawing:
    """By names of curves: false claims by the number of arms, coverage by that of seeds, power by
    the true difference."""
    with styled():
        figure = Figure(figsize=(DOUBLE, 5.2), layout="constrained")
        axes = figure.subplots(2, 2)
        _false(axes[0, 0], false)
        _power(axes[0, 1], power)
        _coverage(axes[1, 0], means, covered, "Intervals of means")
        _coverage(axes[1, 1], differences, covered, "Intervals of paired differences")
    caption = (
        "Sweeps with a false claim; power against the true difference; the share of 95 % intervals "
        "that hold the truth. Bars are 95 % intervals of the simulation; grey is what is asked for."
    )
    return Drawing("calibration", "Calibration", caption, figure)


def png(drawing: Drawing) -> bytes:
    out = io.BytesIO()
    with styled():
        drawing.figure.savefig(out, format="png", dpi=DPI)
    return out.getvalue()


def _false(axes: Axes, curves: Curves) -> None:
    axes.axhspan(0, 5, color="0.9", lw=0)
    _draw(axes, curves, spread=0.12)
    axes.set(title="False claims, all arms alike", xlabel="arms", ylabel="sweeps / %", ylim=(0, 9))
    _ticks(axes, curves)
    axes.legend(title="5, 10 and 20 seeds", fontsize=6, title_fontsize=6, ncols=2, frameon=False)


def _power(axes: Axes, curves: Curves) -> None:
    _draw(axes, curves, spread=0)
    axes.set(
        title="Differences found",
        xlabel="true difference / sd of the paired difference",
        ylabel="pairs / %",
        ylim=(0, 102),
    )
    axes.legend(fontsize=6, frameon=False)


def _coverage(axes: Axes, curves: Curves, covered: tuple[float, float], title: str) -> None:
    axes.axhspan(100 * covered[0], 100 * covered[1], color="0.9", lw=0)
    axes.axhline(95, color="0.6", lw=0.6)
    _draw(axes, curves, spread=0.05)
    axes.set(title=title, xlabel="seeds", ylabel="hold the truth / %", ylim=(88, 100))
    axes.set_xscale("log")
    _ticks(axes, curves)
    axes.minorticks_off()


def _draw(axes: Axes, curves: Curves, spread: float) -> None:
    """spread: as a share of x, by which curves stand side by side."""
    for k, (name, points) in enumerate(curves.items()):
        style = STYLES[k % len(STYLES)]
        shift = 1 + spread * (k / max(1, len(curves) - 1) - 0.5)
        x, y, low, high = (list(part) for part in zip(*points, strict=True))
        reach = [
            [100 * (b - a) for a, b in zip(low, y, strict=True)],
            [100 * (b - a) for a, b in zip(y, high, strict=True)],
        ]
        where = [shift * each for each in x]
        axes.errorbar(
            where, [100 * each for each in y], yerr=reach, label=name, ms=3, lw=0.8, **style
        )


def _ticks(axes: Axes, curves: Curves) -> None:
    places = sorted({point[0] for points in curves.values() for point in points})
    axes.set_xticks(places, [f"{place:g}" for place in places])
