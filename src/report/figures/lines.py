"""Curves of arms on axes: coloured ones with bands and names at their ends, the rest in grey."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from src.report.analysis import Analysis
from src.report.figures.layout import SMALL, box, shortened, spread, text_width
from src.report.figures.palette import Look
from src.report.series import Curve

LABEL = 22  # characters of a name beside a curve
LEAD = 0.16  # inches from a curve's end to its name
LINE = 0.125  # inches between names
KEY = 0.34  # inches of a piece of line in a key, with what is before it
HOVERED = 200  # points of a curve that answer the pointer


def draw(
    axes: Axes,
    curves: Mapping[int, Curve],
    looks: Sequence[Look],
    name: str,
    *,
    scale: float = 1.0,
    marks: int = 6,
    steps: bool = False,
) -> None:
    """curves: by the arms' places. marks: markers along a curve."""
    for place, curve in sorted(curves.items(), key=lambda item: -item[0]):
        look, gid = looks[place], f"arm-{place}-{name}"
        style: dict[str, Any] = {"color": look.colour, "lw": look.width, "gid": f"{gid}-line"}
        if look.coloured:
            if curve.n > 1 and (curve.high > curve.low).any():
                axes.fill_between(
                    *(curve.x, scale * curve.low, scale * curve.high),
                    step="post" if steps else None,
                    color=look.colour,
                    alpha=0.14,
                    lw=0,
                    zorder=2,
                    gid=f"{gid}-band",
                )
            every = max(1, round(len(curve.x) / marks)) if marks else 1
            offset = place % every if len(curve.x) > marks else 0
            marker = look.marker if marks else None
            style |= {"ls": look.dashes, "marker": marker, "ms": 2.6, "mew": 0}
            style |= {"markevery": (offset, every)}
        drawn = axes.plot(
            *(curve.x, scale * curve.mean),
            drawstyle="steps-post" if steps else "default",
            zorder=3 if look.coloured else 1,
            **style,
        )
        drawn[0].set_dash_capstyle("butt")
        if curve.diverged:
            _crosses(axes, curve.diverged, look, scale, gid)


def _crosses(
    axes: Axes, diverged: Sequence[tuple[float, float]], look: Look, scale: float, gid: str
) -> None:
    """They may stand on the frame."""
    x, y = zip(*diverged, strict=True)
    axes.plot(
        *(x, scale * np.array(y), "x"),
        ms=4,
        mew=0.9,
        color=look.colour,
        zorder=4,
        clip_on=False,
        gid=f"{gid}-diverged",
    )


def names(
    axes: Axes,
    analysis: Analysis,
    ends: Mapping[int, float],
    looks: Sequence[Look],
    name: str,
) -> None:
    """Beside the right end of the axes, each joined to its curve's end. ends: y by place."""
    places = [place for place in ends if looks[place].coloured]
    if not places:
        return
    high = axes.get_window_extent().height / axes.figure.dpi
    wide = axes.get_window_extent().width / axes.figure.dpi
    at = axes.transLimits.transform(
        np.array([[0, float(axes.transScale.transform((1, ends[place]))[1])] for place in places])
    )[:, 1]
    at = np.clip(at, 0, 1)
    places_y = spread(list(at), LINE / high, 0.0, 1.0)
    for place, y, text_y in zip(places, at, places_y, strict=True):
        look = looks[place]
        axes.plot(
            *([1, 1 + 0.35 * LEAD / wide, 1 + 0.85 * LEAD / wide], [y, text_y, text_y]),
            transform=axes.transAxes,
            color=look.colour,
            lw=0.7,
            clip_on=False,
            gid=f"arm-{place}-{name}-lead",
        )
        _name(axes, analysis, place, look, (1 + LEAD / wide, text_y), name)


def room(analysis: Analysis, places: Sequence[int]) -> float:
    """Inches that the names of these arms need beside the axes."""
    widths = [text_width(shortened(analysis.arms[place].name, LABEL)) for place in places]
    return LEAD + 0.08 + max(widths) * 1.05 if widths else 0.1


def hover(
    axes: Axes,
    analysis: Analysis,
    curves: Mapping[int, Curve],
    *,
    x: str,
    unit: str = "",
    scale: float = 1.0,
) -> dict[str, Any]:
    """What the page's pointer is told; see Drawing. x: what is counted, as epoch."""
    series = []
    for place, curve in curves.items():
        keep = np.unique(np.linspace(0, len(curve.x) - 1, HOVERED).round().astype(int))
        values = [[float(f"{scale * v:.5g}") for v in of[keep]]
                  for of in (curve.mean, curve.low, curve.high)]  # fmt: skip
        at = [float(f"{v:.6g}") for v in curve.x[keep]]
        spread_of = curve.n > 1
        text = [
            f"{x} {where:g}: {mean:.4g}{unit}"
            + (f" ({low:.4g} to {high:.4g}, n = {curve.n})" if spread_of else "")
            for where, mean, low, high in zip(at, *values, strict=True)
        ]
        series.append(
            {"arm": place, "name": analysis.arms[place].name, "x": at, "y": values[0], "text": text}
        )
    return {
        "box": box(axes),
        "x": [float(v) for v in axes.get_xlim()],
        "y": [float(v) for v in axes.get_ylim()],
        "log": [axes.get_xscale() == "log", axes.get_yscale() == "log"],
        "series": series,
    }


def key(
    axes: Axes, analysis: Analysis, places: Sequence[int], looks: Sequence[Look], name: str
) -> None:
    """Beside the axes, where curves all end at one place: a piece of each line and its name."""
    high = axes.get_window_extent().height / axes.figure.dpi
    wide = axes.get_window_extent().width / axes.figure.dpi
    for line, place in enumerate(places):
        look, y = looks[place], 1 - (line + 0.5) * LINE * 1.15 / high
        axes.plot(
            *([1 + 0.06 / wide, 1 + KEY / wide], [y, y]),
            transform=axes.transAxes,
            color=look.colour,
            lw=look.width,
            ls=look.dashes,
            clip_on=False,
            gid=f"arm-{place}-{name}-key",
        )
        _name(axes, analysis, place, look, (1 + (KEY + 0.06) / wide, y), name)


def _name(
    axes: Axes, analysis: Analysis, place: int, look: Look, at: tuple[float, float], name: str
) -> None:
    """at: in shares of the axes."""
    axes.text(
        *(*at, shortened(analysis.arms[place].name, LABEL)),
        transform=axes.transAxes,
        color=look.colour,
        va="center_baseline",
        size=SMALL,
        weight="bold" if place == analysis.baseline else "normal",
        gid=f"arm-{place}-{name}-name",
    )
