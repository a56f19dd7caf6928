"""Two or more scientific settings: the metric at each combination."""

import math
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import panel, shortened, text_width
from src.report.figures.palette import FAINT, MUTED
from src.report.metrics import higher_is_better

NUMBERED = 480  # cells; of more the numbers are left out
CELL, LINE = 0.62, 0.16  # inches
# Cells further from the best than the others' median by this factor share the last colour, so
# that one that learnt nothing does not take the whole scale.
REACH = 2.0
LEAST = {True: 0.02, False: 0.05}  # the shortest scale, of accuracies and of losses
NAME = 26
Array = npt.NDArray[np.float64]
Names = list[tuple[str, ...]]


def heatmap(analysis: Analysis) -> Drawing | None:
    """None unless two scientific settings vary, each in two values or more."""
    keys = list(analysis.roles.scientific)
    if len(keys) < 2:
        return None
    values = {key: list(dict.fromkeys(arm.settings[key] for arm in analysis.arms)) for key in keys}
    down = max(keys, key=lambda key: len(values[key]))
    across = [key for key in keys if key != down and len(values[key]) > 1]
    if len(values[down]) < 2 or not across:
        return None
    rows: Names = [(value,) for value in values[down]]
    columns: Names = list(product(*(sorted(values[key]) for key in across)))
    table = _table(analysis, down, across, rows, columns)
    kept = np.flatnonzero((~np.isnan(table)).any(axis=0))
    columns, table = [columns[k] for k in kept], table[:, kept]
    order = np.argsort(-_mean(table) if higher_is_better(analysis.metric) else _mean(table))
    rows, table = [rows[k] for k in order], table[order]
    figure, low = _draw(analysis, table, rows, columns, (down, across))
    return Drawing(
        *("heatmap", "Settings together", _caption(analysis, table, down, across, low), figure)
    )


def _table(analysis: Analysis, down: str, across: list[str], rows: Names, columns: Names) -> Array:
    """Means in the metric's unit [row, column], NaN where there is no arm."""
    table = np.full((len(rows), len(columns)), np.nan)
    row_of = {name: k for k, name in enumerate(rows)}
    column_of = {name: k for k, name in enumerate(columns)}
    for arm, summary in zip(analysis.arms, analysis.summaries, strict=True):
        place = tuple(arm.settings[key] for key in across)
        table[row_of[(arm.settings[down],)], column_of[place]] = summary.mean
    return table * words.scale(analysis.metric)


def _mean(table: Array) -> Array:
    known = ~np.isnan(table)
    means: Array = np.where(known, table, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return means


def _limits(analysis: Analysis, table: Array) -> tuple[float, float, bool]:
    """Low, high, and whether there are cells beyond the end that is worse."""
    known = table[~np.isnan(table)]
    higher = higher_is_better(analysis.metric)
    best = known.max() if higher else known.min()
    away = np.sort(abs(known - best))
    least = LEAST[higher] * words.scale(analysis.metric)
    reach = max(REACH * float(np.median(away)), least)
    beyond = bool(away[-1] > 2 * reach)
    reach = reach if beyond else max(float(away[-1]), least)
    return (best - reach, best, beyond) if higher else (best, best + reach, beyond)


def _draw(
    analysis: Analysis, table: Array, rows: Names, columns: Names, keys: tuple[str, list[str]]
) -> tuple[Figure, tuple[float, float, bool]]:
    named = [shortened(", ".join(name), NAME) for name in rows]
    heads = [shortened(", ".join(name), NAME) for name in columns]
    tilted = max(map(text_width, heads)) > CELL - 0.06
    left = max(map(text_width, named)) + 0.15
    top = 0.3 + (0.72 * max(map(text_width, heads)) if tilted else 0.12)
    width, height = CELL * len(columns), LINE * len(rows)
    spill = 0.75 * text_width(heads[-1]) if tilted else 0.0
    right = max(0.62, spill)
    figure = Figure(figsize=(max(left + width + right, 3.5), 0.12 + height + top))
    axes = panel(figure, left, 0.12, width, height)
    limits = _limits(analysis, table)
    low, high, beyond = limits
    higher = higher_is_better(analysis.metric)
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(table),
        cmap="cividis" if higher else "cividis_r",
        vmin=low,
        vmax=high,
        edgecolors="white",
        linewidth=0.5,
    )
    axes.patch.set(facecolor="none", hatch="//////", edgecolor=FAINT, linewidth=0)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.xaxis.tick_top()
    turned: dict[str, Any] = (
        {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if tilted else {}
    )
    axes.set_xticks(np.arange(len(columns)) + 0.5, heads, **turned)
    axes.set_yticks(np.arange(len(rows)) + 0.5, named)
    axes.tick_params(length=0, pad=2)
    if table.size <= NUMBERED:
        _numbers(axes, table, limits, higher)
    bar = panel(figure, left + width + 0.14, 0.12 + max(0.0, height - 1.6), 0.09, min(height, 1.6))
    _scale(bar, mesh, ("min" if higher else "max") if beyond else "neither")
    figure.text(
        *(0.03 / figure.get_figwidth(), 1 - 0.05 / figure.get_figheight()),
        f"{words.label(analysis.metric)}, {keys[0]} by {' and '.join(keys[1])}",
        color=MUTED,
        va="top",
    )
    return figure, limits


def _scale(axes: Axes, mesh: QuadMesh, extend: str) -> None:
    colours = axes.figure.colorbar(mesh, cax=axes, extend=extend)
    colours.outline.set_visible(False)
    high = axes.get_window_extent().height / axes.figure.dpi
    axes.yaxis.set_major_locator(MaxNLocator(4 if high > 1 else 2))


def _numbers(axes: Axes, table: Array, limits: tuple[float, float, bool], higher: bool) -> None:
    low, high, _ = limits
    places = 1 if higher else 3
    for (row, column), value in np.ndenumerate(table):
        if math.isnan(value):
            continue
        share = (value - low) / (high - low)
        bright = share > 0.5 if higher else share < 0.5
        axes.text(
            *(column + 0.5, row + 0.5, f"{value:.{places}f}"),
            ha="center",
            va="center_baseline",
            size=6.5,
            color="#000000" if bright else "#ffffff",
        )


def _caption(
    analysis: Analysis,
    table: Array,
    down: str,
    across: list[str],
    limits: tuple[float, float, bool],
) -> str:
    means = {place: summary.mean for place, summary in enumerate(analysis.summaries)}
    higher = higher_is_better(analysis.metric)
    (best, first), (worst, last) = (
        words.extreme(
            *(analysis, means, lambda value: words.number(value, analysis.metric)), highest=highest
        )
        for highest in (higher, not higher)
    )
    missing = int(np.isnan(table).sum())
    low, high, beyond = limits
    edge = low if higher else high
    return (
        f"Mean {analysis.metric.replace('_', ' ')} by {down} (rows, sorted by their mean over the"
        f" columns) and {' and '.join(across)} (columns), {words.seeds(analysis)}."
        f" Best: {best}, {first}; worst: {worst}, {last}."
        + (f" All beyond {edge:.3g} have one colour." if beyond else "")
        + (f" {missing} combination(s) without a member are hatched." if missing else "")
    )
