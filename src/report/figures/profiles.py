"""Performance profiles: the share of an arm's seeds that do better than each score."""

import numpy as np
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.curves import BOTTOM, HEIGHT, TOP, others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import panel, tidy
from src.report.figures.lines import draw, hover, names, room
from src.report.figures.palette import looks
from src.report.metrics import higher_is_better
from src.report.series import Curve
from src.report.statistics import profiles as statistics
from src.report.statistics.summary import FEWEST

LEFT, WIDTH = 0.5, 3.6
HALF = 0.5


def profiles(analysis: Analysis) -> Drawing | None:
    """None below FEWEST seeds, of which a share says nothing."""
    if max(summary.n for summary in analysis.summaries) < FEWEST:
        return None
    higher, scale = higher_is_better(analysis.metric), words.scale(analysis.metric)
    at = _thresholds(analysis)
    if at[0] == at[-1]:
        return None
    found = statistics.profiles(analysis.table, at, higher_is_better=higher)
    curves = {
        place: Curve(scale * found.thresholds, share, share, share, analysis.summaries[place].n)
        for place, share in enumerate(found.share)
        if not np.isnan(share).any()
    }
    styles = looks(analysis)
    named = [place for place in curves if styles[place].coloured]
    figure = Figure(figsize=(LEFT + WIDTH + room(analysis, named), BOTTOM + HEIGHT + TOP))
    axes = panel(figure, LEFT, BOTTOM, WIDTH, HEIGHT)
    draw(axes, curves, styles, "profiles", scale=100, marks=0)
    axes.set_xlim(scale * at[0], scale * at[-1])
    axes.set_ylim(-2, 102)
    axes.set_xlabel(words.label(analysis.metric))
    axes.set_ylabel(f"seeds {'above' if higher else 'below'} / %")
    tidy(axes, ticks=5)
    names(axes, analysis, {k: _exit(curves[k], higher) for k in named}, styles, "profiles")
    boxes = [hover(axes, analysis, curves, x="score", unit=" %", scale=100)]
    return Drawing("profiles", "Performance profiles", _caption(analysis, at), figure, boxes)
