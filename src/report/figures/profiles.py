"""Performance profiles: the share of an arm's seeds that do better than each score."""

import numpy as np
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.curves import BOTTOM, HEIGHT, TOP, others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import panel, tidy, upright
from src.report.figures.lines import KEY, LEAD, draw, hover, key, room
from src.report.figures.palette import looks
from src.report.figures.rows import NEAR, NEAR_LOSS, ZOOM
from src.report.metrics import higher_is_better
from src.report.series import Curve
from src.report.statistics import profiles as statistics
from src.report.statistics.summary import FEWEST

LEFT, WIDTH = 0.58, 3.5
POINTS = 201


def profiles(analysis: Analysis) -> Drawing | None:
    """None below FEWEST seeds, of which a share says nothing, or where all scores are one."""
    low, high, cut = _span(analysis)
    if max(summary.n for summary in analysis.summaries) < FEWEST or high <= low:
        return None
    higher, scale = higher_is_better(analysis.metric), words.scale(analysis.metric)
    at = np.linspace(low, high, POINTS)
    found = statistics.profiles(analysis.table, at, higher_is_better=higher)
    curves = {
        place: Curve(scale * at, share, share, share, analysis.summaries[place].n)
        for place, share in enumerate(found.share)
        if not np.isnan(share).any()
    }
    styles = looks(analysis)
    named = [place for place in curves if styles[place].coloured]
    beside = room(analysis, named) + KEY - LEAD
    figure = Figure(figsize=(LEFT + WIDTH + beside, BOTTOM + HEIGHT + TOP))
    axes = panel(figure, LEFT, BOTTOM, WIDTH, HEIGHT)
    draw(axes, curves, styles, "profiles", scale=100, marks=0, steps=True)
    axes.set_xlim(scale * low, scale * high)
    axes.set_ylim(-2, 102)
    axes.set_xlabel(words.label(analysis.metric))
    upright(axes, f"seeds {'above' if higher else 'below'} / %")
    tidy(axes, ticks=5)
    key(axes, analysis, named, styles, "profiles")
    boxes = [hover(axes, analysis, curves, x="score", unit=" %", scale=100)]
    caption = _caption(analysis, cut) + others(styles)
    return Drawing("profiles", "Performance profiles", caption, figure, boxes)


def _span(analysis: Analysis) -> tuple[float, float, bool]:
    """The scores from the lowest to the highest, or those near the best where the rest would take
    most of the axis; and whether it is the latter."""
    known = analysis.table[~np.isnan(analysis.table)]
    if not len(known):
        return 0.0, 0.0, False
    centre = analysis.summaries[0].mean
    reach = NEAR if higher_is_better(analysis.metric) else NEAR_LOSS * abs(centre)
    near = known[abs(known - centre) <= reach]
    whole, close = float(np.ptp(known)), float(np.ptp(near)) if len(near) else 0.0
    cut = len(near) > 1 and close > 0 and whole > ZOOM * close
    kept = near if cut else known
    pad = 0.03 * float(np.ptp(kept))
    return float(kept.min()) - pad, float(kept.max()) + pad, cut


def _caption(analysis: Analysis, cut: bool) -> str:
    higher = higher_is_better(analysis.metric)
    side = "above" if higher else "below"
    medians = {place: summary.median for place, summary in enumerate(analysis.summaries)}
    names, median = words.extreme(
        *(analysis, medians, lambda value: words.number(value, analysis.metric)), highest=higher
    )
    return (
        f"Share of each arm's seeds {side} each {analysis.metric.replace('_', ' ')},"
        f" {words.seeds(analysis)}: the further a curve reaches, the better."
        f" {'Highest' if higher else 'Lowest'} median: {names}, {median}."
        + (" Scores far from the best lie beyond the axis." if cut else "")
    )
