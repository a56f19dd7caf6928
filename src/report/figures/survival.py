"""How soon members get to 80 %: the share that has arrived, by step (Kaplan-Meier)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.curves import BOTTOM, HEIGHT, TOP, others
from src.report.figures.drawing import Drawing
from src.report.figures.layout import panel, tidy, upright
from src.report.figures.lines import draw, hover, names, room
from src.report.figures.palette import looks
from src.report.series import Curve
from src.report.statistics.survival import Arrival

LEFT, WIDTH = 0.58, 3.5
MARGIN = 1.25


def survival(analysis: Analysis) -> Drawing | None:
    """None where steps were not counted."""
    known = {place: found for place, found in enumerate(analysis.arrivals) if found is not None}
    if not known:
        return None
    end = _end(list(known.values()))
    curves = {place: _curve(found, end) for place, found in known.items()}
    styles = looks(analysis)
    named = [place for place in curves if styles[place].coloured]
    figure = Figure(figsize=(LEFT + WIDTH + room(analysis, named), BOTTOM + HEIGHT + TOP))
    axes = panel(figure, LEFT, BOTTOM, WIDTH, HEIGHT)
    draw(axes, curves, styles, "survival", scale=100, marks=0, steps=True)
    axes.set_xlim(0, end)
    axes.set_ylim(-2, 102)
    axes.set_xlabel("step")
    upright(axes, "seeds at 80 % or more / %")
    tidy(axes, ticks=5, whole=True)
    ends = {place: 100 * float(curves[place].mean[-1]) for place in named}
    names(axes, analysis, ends, styles, "survival")
    boxes = [hover(axes, analysis, curves, x="step", unit=" %", scale=100)]
    caption = (
        "Share of each arm's seeds whose training accuracy over the last 1,000 examples has"
        f" reached 80 %, by step (Kaplan-Meier), {words.seeds(analysis)}."
        f" {_told(analysis, known)}{others(styles)}"
    )
    return Drawing("survival", "Steps to 80 %", caption, figure, boxes)


def _end(arrivals: Sequence[Arrival]) -> float:
    """Of the axis: a quarter beyond the last to arrive, for nothing changes after; at most the
    last step that is known of."""
    known = max(max(found.steps) for found in arrivals)
    reached = [found.curve[-1][0] for found in arrivals if found.curve]
    return min(known, MARGIN * max(reached)) if reached else known


def _curve(found: Arrival, end: float) -> Curve:
    """From no one at step 0 to the last share at the end."""
    steps, shares = zip(*found.curve, strict=True) if found.curve else ((), ())
    last = shares[-1] if shares else 0.0
    x, share = np.array([0.0, *steps, end]), np.array([0.0, *shares, last])
    return Curve(x, share, share, share, found.n)


def _told(analysis: Analysis, known: dict[int, Arrival]) -> str:
    never = [k for k, found in known.items() if not all(found.arrived)]
    medians = {k: found.median for k, found in known.items() if found.median is not None}
    parts = []
    if medians:
        names, step = words.extreme(analysis, medians, "{:,.0f}".format, highest=False)
        parts.append(f"Soonest: {names}, half by step {step}.")
    else:
        parts.append("Of no arm do half arrive.")
    if never:
        parts.append(f"Not all seeds of {words.arms(analysis, never)} arrive; they are censored.")
    if analysis.log_rank is not None:
        p = analysis.log_rank.p
        parts.append(
            f"Log-rank test of all arms at once: {'p < 0.001' if p < 0.001 else f'p = {p:.3f}'};"
            " no claim rests on it."
        )
    return " ".join(parts)
