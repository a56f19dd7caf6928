"""Critical difference diagram: mean ranks on a line, bars over arms that are not told apart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import DOUBLE, panel, shortened, text_width
from src.report.figures.palette import INK, MUTED, looks
from src.report.statistics.ranks import Ranking

MOST = 24  # arms; of more, those of the best and of the worst mean rank
LINE, BAR = 0.155, 0.085  # inches between names, between bars
NAME = 26


def ranks(analysis: Analysis) -> Drawing | None:
    """None where the seeds do not suffice for ranks, or of two arms, which pairs settle."""
    found = analysis.ranking
    if found is None or len(found.means) < 3:
        return None
    order = [int(k) for k in np.argsort(found.means, kind="stable")]
    shown = order if len(order) <= MOST else order[: MOST // 2] + order[-MOST // 2 :]
    groups = [[k for k in group if k in shown] for group in found.groups]
    groups = [group for group in groups if len(group) > 1]
    half = -(-len(shown) // 2)
    sides = (shown[:half], shown[half:][::-1])
    margins = [
        max(
            text_width(f"{shortened(analysis.arms[k].name, NAME)}  {found.means[k]:.1f}")
            for k in side
        )
        + 0.25
        for side in sides
    ]
    under = BAR * (len(groups) + 1) + LINE * half + 0.08
    figure = Figure(figsize=(DOUBLE, under + 0.62))
    width = DOUBLE - sum(margins) - 0.1
    axes = panel(figure, margins[0], under, width, 0.62)
    axes.set_xlim(1, len(order))
    axes.set_ylim(0, 0.62)  # inches from here on
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    _ruler(axes, len(order), found.critical_difference)
    for y, group in enumerate(groups):
        ends = [found.means[group[0]], found.means[group[-1]]]
        height = -BAR * (y + 1)
        axes.plot(ends, [height] * 2, lw=2.2, color=INK, clip_on=False, solid_capstyle="round")
    first = -BAR * (len(groups) + 1) - 0.06
    for right, side in enumerate(sides):
        _names(axes, analysis, side, first, width, right=bool(right))
    return Drawing("ranks", "Critical differences", _caption(analysis, found, shown), figure)


def _ruler(axes: Axes, arms: int, critical: float) -> None:
    """Ranks above the line, and over them the length of the critical difference."""
    ticks = np.arange(1, arms + 1, -(-arms // 13))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.tick_params(axis="x", direction="in", pad=-13)
    if critical < arms - 1:
        axes.plot([1, 1 + critical], [0.42] * 2, lw=1, color=MUTED, marker="|", ms=4)
        axes.text(1 + critical / 2, 0.46, f"critical difference {critical:.2f}", color=MUTED,
                  ha="center" if critical > 0.3 * arms else "left")  # fmt: skip
    else:
        axes.text(1, 0.42, f"critical difference {critical:.2f}: longer than the axis", color=MUTED)


def _names(
    axes: Axes,
    analysis: Analysis,
    side: Sequence[int],
    first: float,
    width: float,
    *,
    right: bool,
) -> None:
    ranking = analysis.ranking
    assert ranking is not None
    styles = looks(analysis)
    inch = (len(ranking.means) - 1) / width
    edge = len(ranking.means) + 0.12 * inch if right else 1 - 0.12 * inch
    for line, place in enumerate(side):
        mean, y = ranking.means[place], first - LINE * line
        look = styles[place]
        colour = look.colour if look.coloured else MUTED
        axes.plot([mean, mean, edge], [0, y, y], lw=0.7, color=colour, clip_on=False,
                  gid=f"arm-{place}-ranks-line", zorder=1)  # fmt: skip
        axes.plot([mean], [0], look.marker if look.coloured else "o", ms=3.4, mew=0, color=colour,
                  clip_on=False, gid=f"arm-{place}-ranks-mean", zorder=3)  # fmt: skip
        name = shortened(analysis.arms[place].name, NAME)
        axes.text(
            *(edge + (0.05 if right else -0.05) * inch, y),
            f"{mean:.1f}  {name}" if right else f"{name}  {mean:.1f}",
            ha="left" if right else "right",
            va="center_baseline",
            color=colour,
            weight="bold" if place == analysis.baseline else "normal",
            gid=f"arm-{place}-ranks-name",
        )


def _caption(analysis: Analysis, found: Ranking, shown: Sequence[int]) -> str:
    names, mean = words.extreme(
        analysis, dict(enumerate(found.means)), "{:.2f}".format, highest=False
    )
    parts = [
        f"Mean ranks within each of {found.blocks} seeds, 1 is best; first is"
        f" {names} with {mean}. Bars join arms whose ranks"
        f" differ by less than the critical difference of {found.critical_difference:.2f}"
        " (Nemenyi, 5 %). This is a second look, by ranks (Friedman and Nemenyi): no claim rests on"
        " it, and it need not agree with the letters of the ranking."
    ]
    if len(shown) < len(found.means):
        parts.append(f"Of {len(found.means)} arms the first and last {MOST // 2} are shown.")
    if found.left_out:
        parts.append(f"{found.left_out} seed(s) that some arm lacks are left out.")
    return " ".join(parts)
