"""The first steps: training loss of each batch."""

import numpy as np
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.curves import BOTTOM, HEIGHT, SPREAD, TOP, others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import panel, tidy, upright
from src.report.figures.lines import draw, hover, names, room
from src.report.figures.palette import looks
from src.report.series import Curve, by_step
from src.report.wording import plural

LOG = 20.0  # a log axis from this ratio of the highest to the lowest mean on
LEFT, WIDTH = 0.58, 3.5


def early(analysis: Analysis) -> Drawing | None:
    """None of results that do not tell of their first steps."""
    every = {place: by_step(arm) for place, arm in enumerate(analysis.arms)}
    found = {place: curve for place, curve in every.items() if curve is not None}
    if not found:
        return None
    styles = looks(analysis)
    named = [place for place in found if styles[place].coloured]
    beside = room(analysis, named)
    figure = Figure(figsize=(LEFT + WIDTH + beside, BOTTOM + HEIGHT + TOP))
    axes = panel(figure, LEFT, BOTTOM, WIDTH, HEIGHT)
    means = np.concatenate([curve.mean for curve in found.values()])
    if means.min() > 0 and means.max() > LOG * means.min():
        axes.set_yscale("log")
    draw(axes, found, styles, "early", marks=0)
    axes.set_xlim(0, max(float(curve.x[-1]) for curve in found.values()))
    axes.set_xlabel("step")
    upright(axes, "training loss" + (" (log axis)" if axes.get_yscale() == "log" else ""))
    tidy(axes, ticks=5, whole=True)
    names(axes, analysis, {k: float(found[k].mean[-1]) for k in named}, styles, "early")
    boxes = [hover(axes, analysis, found, x="step")]
    caption = (
        f"Training loss of each of the first {_steps(found)} batches, before its update,"
        f" {words.seeds(analysis)}. {SPREAD} {_told(analysis, found)}{others(styles)}"
        f"{_crossed(analysis, found)}"
    )
    return Drawing("early", "First steps", caption, figure, boxes)


def _steps(found: dict[int, Curve]) -> int:
    return 1 + int(max(curve.x[-1] for curve in found.values()))


def _told(analysis: Analysis, found: dict[int, Curve]) -> str:
    """How far the quickest and the slowest came."""
    ends = {place: float(curve.mean[-1]) for place, curve in found.items()}
    (quick, low), (slow, high) = (
        words.extreme(analysis, ends, "{:.3g}".format, highest=highest) for highest in (False, True)
    )
    if low == high:
        return f"At the end {quick}: {low}."
    return f"Lowest at the end: {quick}, {low}; highest: {slow}, {high}."


def _crossed(analysis: Analysis, found: dict[int, Curve]) -> str:
    counts = {place: len(curve.diverged) for place, curve in found.items() if curve.diverged}
    if not counts:
        return ""
    return (
        f" {plural(sum(counts.values()), 'member')} of {words.arms(analysis, counts)} diverged"
        " (crosses); the means go on without."
    )
