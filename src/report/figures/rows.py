"""Arms as rows: names at the left, intervals in a panel of all and one of what lies near."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures.layout import DOUBLE, heading, panel, shortened, text_width, tidy
from src.report.figures.palette import INK, MUTED, PAPER, SHADE, Look

Array = npt.NDArray[np.float64]

# Of more arms than fit a page: the first, the last and the baseline.
MOST, FIRST, LAST = 60, 40, 18
GAP = -1
# A second panel is drawn where it shows what is near at so many times the scale.
ZOOM = 3.0
NEAR = 0.03  # accuracies within 3 points of the best; losses within 10 % of it
NEAR_LOSS = 0.1


@dataclass(frozen=True)
class Row:
    """In the axis' units. seeds: each a faint mark. filled: in the best group, or claimed."""

    place: int
    seeds: Array
    mean: float
    low: float
    high: float
    filled: bool
    crosses: Array  # seeds that diverged


@dataclass(frozen=True)
class Sheet:
    """The figure, its panels (all, near) and where each row stands."""

    figure: Figure
    panels: list[Axes]
    rows: Sequence[Row]
    heights: dict[int, float]  # of a place


def shown(count: int, baseline: int | None) -> list[int]:
    """Places from the top, GAP where some are left out."""
    if count <= MOST:
        return list(range(count))
    kept = {*range(FIRST), *range(count - LAST, count)}
    kept |= set() if baseline is None else {baseline}
    found: list[int] = []
    for place in sorted(kept):
        if found and place != found[-1] + 1:
            found.append(GAP)
        found.append(place)
    return found


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
    places = _places(analysis, by_place)
    names = {place: shortened(analysis.arms[place].name) for place in places if place != GAP}
    step = 0.19 if len(places) <= 30 else 0.135
    gaps = _gaps(places, by_place)
    bottom, top = 0.45, 0.3
    left = max(map(text_width, [*names.values(), *gaps.values()])) + 0.18
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
    drawn = [by_place[place] for place in names]
    spans = [_span(drawn), *([] if near is None else [near])]
    for where, (axes, span) in enumerate(zip(panels, spans, strict=True)):
        _rows(axes, drawn, heights, looks, f"{name}{'-near' if where else ''}", _cut(span, within))
        axes.set_ylim(len(places) - 0.5, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        tidy(axes)
        if near is not None:
            heading(axes, titles[where])
    figure.text(
        *((left + room / 2) / DOUBLE, 0.08 / figure.get_figheight(), label),
        ha="center",
        va="bottom",
    )
    for place, text in names.items():
        panels[0].text(
            *(-0.1 / widths[0], heights[place], text),
            transform=panels[0].get_yaxis_transform(),
            ha="right",
            va="center_baseline",
            weight="bold" if place == analysis.baseline else "normal",
            gid=f"arm-{place}-{name}-name",
        )
    for y, text in gaps.items():
        panels[0].text(
            *(-0.1 / widths[0], y, text),
            transform=panels[0].get_yaxis_transform(),
            ha="right",
            va="center_baseline",
            color=MUTED,
        )
    return Sheet(figure, panels, drawn, heights)


def focus(
    rows: Sequence[Row], centre: float, reach: float, *, fewest: int = 2
) -> tuple[float, float] | None:
    """The span of the centre and of the rows whose mean lies within reach of it; None of fewer
    such rows, or where a panel of its own would show little more than the one of all."""
    near = [row for row in rows if abs(row.mean - centre) <= reach]
    if len(near) < fewest:
        return None
    ends = np.concatenate([[centre], *([row.mean, row.low, row.high, *row.seeds] for row in near)])
    ends = ends[np.isfinite(ends) & (abs(ends - centre) <= 2 * reach)]
    low, high = float(ends.min()), float(ends.max())
    whole = _span(rows)
    if high <= low or whole[1] - whole[0] < ZOOM * (high - low):
        return None
    pad = 0.06 * (high - low)
    return low - pad, high + pad


def _span(rows: Sequence[Row]) -> tuple[float, float]:
    ends = np.concatenate([[row.mean, row.low, row.high, *row.seeds] for row in rows])
    ends = ends[np.isfinite(ends)]
    if not len(ends):
        return 0.0, 1.0
    pad = 0.04 * (np.ptp(ends) or abs(ends[0]) or 1.0)
    return float(ends.min() - pad), float(ends.max() + pad)


def _cut(span: tuple[float, float], within: tuple[float, float] | None) -> tuple[float, float]:
    """No further beyond what there can be than half a marker needs."""
    if within is None:
        return span
    slack = 0.02 * (span[1] - span[0])
    return max(span[0], within[0] - slack), min(span[1], within[1] + slack)


def _rows(
    axes: Axes,
    rows: Sequence[Row],
    heights: dict[int, float],
    looks: Sequence[Look],
    name: str,
    span: tuple[float, float],
) -> None:
    low, high = span
    axes.set_xlim(low, high)
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


def kept(analysis: Analysis, rows: Sequence[Row]) -> list[Row]:
    """Those that have a place where not all have."""
    places = shown(len(analysis.arms), analysis.baseline)
    return [row for row in rows if row.place in places]


def _places(analysis: Analysis, rows: Mapping[int, Row]) -> list[int]:
    """Those of rows, and one gap where there are several in a row."""
    found: list[int] = []
    for place in shown(len(analysis.arms), analysis.baseline):
        if place in rows or (place == GAP and found and found[-1] != GAP):
            found.append(place)
    return found


def _gaps(places: Sequence[int], rows: Mapping[int, Row]) -> dict[int, str]:
    """How many rows each gap stands for, by its line."""
    return {
        y: f"… {sum(places[y - 1] < place < places[y + 1] for place in rows)} more …"
        for y, place in enumerate(places)
        if place == GAP
    }


def shade(sheet: Sheet, places: Sequence[int]) -> None:
    """A light band behind rows that belong together."""
    for axes in sheet.panels:
        for place in places:
            if place in sheet.heights:
                y = sheet.heights[place]
                axes.axhspan(y - 0.5, y + 0.5, color=SHADE, lw=0, zorder=0)
