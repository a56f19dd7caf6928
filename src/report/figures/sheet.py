"""Arms as rows: names at the left, intervals in a panel of all and one of what lies near."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures.layout import DOUBLE, box, heading, panel, shortened, text_width, tidy
from src.report.figures.palette import INK, MUTED, PAPER, SHADE, Look
from src.report.figures.rows import GAP, Row, cut, gaps, lines, span
from src.report.wording import MINUS


@dataclass(frozen=True)
class Sheet:
    """The figure, its panels (all, near) and where each row stands."""

    figure: Figure
    panels: list[Axes]
    rows: Sequence[Row]
    heights: dict[int, float]  # of a place


def sheet(
    analysis: Analysis,
    rows: Sequence[Row],
    looks: Sequence[Look],
    *,
    name: str,
    label: str,
    titles: tuple[str, str],
    near: tuple[float, float] | None,
    right: float = 0.3,
    within: tuple[float, float] | None = None,
) -> Sheet:
    """rows: of any arms, by rank; those that do not fit are left out and a row of dots tells how
    many. right: inches kept free beside the panels. within: what values there can be."""
    by_place = {row.place: row for row in rows}
    places = lines(analysis, by_place)
    names = {
        y: "" if place == GAP else shortened(analysis.arms[place].name)
        for y, place in enumerate(places)
    } | gaps(places, by_place)
    step = 0.19 if len(places) <= 30 else 0.135
    bottom, top = 0.45, 0.3
    left = max(map(text_width, names.values())) + 0.18
    height = step * len(places)
    figure = Figure(figsize=(DOUBLE, bottom + height + top))
    room = DOUBLE - left - right
    widths = [room] if near is None else [0.4 * room - 0.08, 0.6 * room - 0.08]
    edges = [left] if near is None else [left, left + widths[0] + 0.16]
    panels = [
        panel(figure, edge, bottom, width, height)
        for edge, width in zip(edges, widths, strict=True)
    ]
    heights = {place: float(y) for y, place in enumerate(places) if place != GAP}
    drawn = [by_place[place] for place in heights]
    spans = [span(drawn), *([] if near is None else [near])]
    for where, (axes, ends) in enumerate(zip(panels, spans, strict=True)):
        axes.set_xlim(*cut(ends, within))
        axes.set_ylim(len(places) - 0.5, -0.5)
        _rows(axes, drawn, heights, looks, f"{name}{'-near' if where else ''}")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        tidy(axes)
        if near is not None:
            heading(axes, titles[where])
    below = ((left + room / 2) / DOUBLE, 0.08 / figure.get_figheight())
    figure.text(*below, label, ha="center", va="bottom")
    _names(panels[0], analysis, places, names, name)
    return Sheet(figure, panels, drawn, heights)


def _names(
    axes: Axes, analysis: Analysis, places: Sequence[int], names: Mapping[int, str], name: str
) -> None:
    """Left of the axes, by line; grey where rows are left out."""
    width = axes.get_window_extent().width / axes.figure.dpi
    for y, place in enumerate(places):
        axes.text(
            *(-0.1 / width, y, names[y]),
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center_baseline",
            color=MUTED if place == GAP else INK,
            weight="bold" if place == analysis.baseline else "normal",
            gid=None if place == GAP else f"arm-{place}-{name}-name",
        )


def _rows(
    axes: Axes,
    rows: Sequence[Row],
    heights: dict[int, float],
    looks: Sequence[Look],
    name: str,
) -> None:
    low, high = axes.get_xlim()
    for row in rows:
        y, gid = heights[row.place], f"arm-{row.place}-{name}"
        look = looks[row.place]
        colour = look.colour if look.coloured else MUTED
        if not np.isnan(row.mean) and not low <= row.mean <= high:
            side, mark = (0.0, "<") if row.mean < low else (1.0, ">")
            axes.plot(
                *([side], [y], mark),
                transform=axes.get_yaxis_transform(),
                ms=2.5,
                color=MUTED,
                mew=0,
                clip_on=False,
                gid=f"{gid}-beyond",
            )
            continue
        axes.plot(row.seeds, np.full(len(row.seeds), y), "|", ms=5, mew=0.5, color=MUTED,
                  gid=f"{gid}-seeds", zorder=1.5)  # fmt: skip
        if len(row.crosses):
            axes.plot(row.crosses, np.full(len(row.crosses), y), "x", ms=3.5, mew=0.8, color=INK,
                      gid=f"{gid}-diverged", zorder=3)  # fmt: skip
        axes.plot(
            *([row.low, row.mean, row.high], [y, y, y]),
            marker=look.marker if look.coloured else "o",
            markevery=[1],
            ms=4.2,
            mew=0.9,
            lw=1.1,
            color=colour,
            zorder=2.5,
            markerfacecolor=colour if row.filled else PAPER,
            gid=f"{gid}-mean",
        )


def hover(sheet: Sheet, analysis: Analysis, unit: str) -> list[dict[str, Any]]:
    """What the page's pointer is told of each panel: a point at each mean; see Drawing."""
    series: list[dict[str, Any]] = [
        {
            "arm": row.place,
            "name": analysis.arms[row.place].name,
            "x": [row.mean],
            "y": [sheet.heights[row.place]],
            "text": [
                f"{row.mean:.4g}{unit} ({_interval(row)}n = {len(row.seeds)})".replace("-", MINUS)
            ],
        }
        for row in sheet.rows
        if not np.isnan(row.mean)
    ]
    return [
        {
            "box": box(axes),
            "x": [float(end) for end in axes.get_xlim()],
            "y": [float(end) for end in axes.get_ylim()],
            "log": [False, False],
            "series": [one for one in series if low <= one["x"][0] <= high],
        }
        for axes in sheet.panels
        for low, high in [axes.get_xlim()]
    ]


def _interval(row: Row) -> str:
    return "" if np.isnan(row.low) else f"95 % interval {row.low:.4g} to {row.high:.4g}, "


def shade(sheet: Sheet, places: Sequence[int]) -> None:
    """A light band behind rows that belong together."""
    for axes in sheet.panels:
        for place in places:
            if place in sheet.heights:
                y = sheet.heights[place]
                axes.axhspan(y - 0.5, y + 0.5, color=SHADE, lw=0, zorder=0)
