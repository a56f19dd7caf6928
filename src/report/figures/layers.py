"""Signal and gradient through the layers, at the start and at the end of training."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.arms import Array
from src.report.figures import words
from src.report.figures.curves import others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import DOUBLE, heading, panel, tidy, upright
from src.report.figures.lines import draw, hover, names, room
from src.report.figures.palette import Look, looks
from src.report.figures.rows import MOST
from src.report.layers import LAST, Profile, profiles
from src.report.series import Curve

PROBES = {"preactivation_std": "std of preactivations", "gradient_std": "std of gradients"}
TIMES = {"at step 0": 0, "at the end": LAST}
LEFT, BOTTOM, TOP, HEIGHT, GAP = 0.6, 0.42, 0.25, 1.55, 0.3  # inches
PAD = 1.6  # factor beyond the lowest and highest value


def layers(analysis: Analysis) -> Drawing | None:
    """None of results without records. Of many arms, those that are coloured."""
    styles = looks(analysis)
    many = len(analysis.arms) > MOST
    places = [k for k, look in enumerate(styles) if look.coloured or not many]
    found = profiles([analysis.arms[k] for k in places], list(PROBES), list(TIMES.values()))
    found = {name: profile for name, profile in found.items() if (profile.mean > 0).any()}
    if not found:
        return None
    beside = room(analysis, [k for k in places if styles[k].coloured])
    width = (DOUBLE - LEFT - GAP - beside) / 2
    high = len(found) * HEIGHT + (len(found) - 1) * GAP + BOTTOM + TOP
    figure = Figure(figsize=(DOUBLE, high))
    boxes = []
    for row, (probe, profile) in enumerate(found.items()):
        bottom = BOTTOM + (len(found) - 1 - row) * (HEIGHT + GAP)
        floor, ceiling = _limits(profile.mean)
        for column, when in enumerate(TIMES):
            axes = panel(figure, LEFT + column * (width + GAP), bottom, width, HEIGHT)
            name = f"layers-{probe.partition('_')[0]}-{column}"
            axes.set_yscale("log")
            axes.set_ylim(floor, ceiling)
            curves = _curves(profile, places, column)
            draw(axes, {k: _above(curve, floor) for k, curve in curves.items()}, styles, name)
            _zeros(axes, curves, styles, name)
            _layers(axes, profile.mean.shape[2], last=row == len(found) - 1)
            tidy(axes)
            if column:
                axes.set_yticklabels([])
                ends = {k: _last(curve, floor) for k, curve in curves.items()}
                names(axes, analysis, ends, styles, name)
            else:
                upright(axes, PROBES[probe])
            if not row:
                heading(axes, when)
            boxes.append(hover(axes, analysis, curves, x="layer"))
    caption = _caption(analysis, found, places) + others(styles)
    return Drawing("layers", "Signal and gradient by layer", caption, figure, boxes)


def _curves(profile: Profile, places: Sequence[int], column: int) -> dict[int, Curve]:
    """Means over seeds by layer; the band is one standard deviation."""
    found = {}
    for row, place in enumerate(places):
        mean = profile.mean[row, column]
        known = np.flatnonzero(~np.isnan(mean))
        if len(known):
            sd: Array = np.nan_to_num(profile.sd[row, column, known])
            n = int(profile.n[row, column, known].max())
            found[place] = Curve(
                known + np.float64(1), mean[known], mean[known] - sd, mean[known] + sd, n
            )
    return found


def _limits(means: npt.NDArray[np.float64]) -> tuple[float, float]:
    known = means[np.isfinite(means) & (means > 0)]
    return float(known.min() / PAD**2), float(known.max() * PAD)


def _above(curve: Curve, floor: float) -> Curve:
    """A zero has no place on a log axis: it is drawn at the foot, as a triangle."""
    low, mean, high = (np.maximum(of, floor) for of in (curve.low, curve.mean, curve.high))
    return Curve(curve.x, mean, low, high, curve.n)


def _zeros(axes: Axes, curves: dict[int, Curve], styles: Sequence[Look], name: str) -> None:
    floor = axes.get_ylim()[0]
    for place, curve in curves.items():
        at = curve.x[curve.mean <= 0]
        if len(at):
            axes.plot(
                *(at, np.full(len(at), floor), "v"),
                ms=5,
                mew=0,
                color=styles[place].colour,
                clip_on=False,
                zorder=4,
                gid=f"arm-{place}-{name}-zero",
            )


def _last(curve: Curve, floor: float) -> float:
    return max(float(curve.mean[-1]), floor)


def _layers(axes: Axes, count: int, *, last: bool) -> None:
    axes.set_xlim(1 - 0.02 * count, count)
    shown = np.unique(np.linspace(1, count, min(count, 8)).round().astype(int))
    axes.set_xticks(shown, [str(layer) for layer in shown] if last else [""] * len(shown))
    if last:
        axes.set_xlabel("layer")


def _caption(analysis: Analysis, found: dict[str, Profile], places: Sequence[int]) -> str:
    parts = [
        f"By layer, from the input on, {words.seeds(analysis)}: mean over seeds, on log axes,"
        " with a band of one standard deviation."
    ]
    for probe, profile in found.items():
        start = profile.mean[:, 0]
        zero = [k for k, row in zip(places, start, strict=True) if (row == 0).any()]
        ratios = {
            k: row[known[-1]] / row[known[0]]
            for k, row in zip(places, start, strict=True)
            for known in [np.flatnonzero(row > 0)]
            if len(known) > 1
        }
        if ratios:
            (least, low), (most, high) = (
                words.extreme(analysis, ratios, "{:.3g}".format, highest=highest)
                for highest in (False, True)
            )
            factor = f"{low} in {least}" if low == high else f"{low} in {least} to {high} in {most}"
            parts.append(
                f"At step 0 the {PROBES[probe]} changes from the first layer to the last by a"
                f" factor of {factor}."
            )
        if zero:
            parts.append(f"It is 0 (triangles at the foot) in {words.arms(analysis, zero)}.")
    return " ".join(parts)
