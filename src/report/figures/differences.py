"""Each arm against the baseline, or against the best arm, seed by seed."""

import math

import numpy as np

from src.report import wording
from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import shortened
from src.report.figures.palette import INK, looks
from src.report.figures.rows import MOST, NEAR, NEAR_LOSS, Row, focus, kept
from src.report.figures.sheet import hover, sheet
from src.report.metrics import higher_is_better
from src.report.statistics.pairs import Pair


def differences(analysis: Analysis) -> Drawing | None:
    """None of one arm, or where no arm has an interval."""
    reference = analysis.baseline or 0
    rows = [
        _row(analysis, pair, reference)
        for pair in analysis.pairs
        if reference in (pair.first, pair.second) and not math.isnan(pair.low)
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: row.place)
    name = shortened(words.arms(analysis, [reference]))
    wide = words.scale(analysis.metric)
    higher = higher_is_better(analysis.metric)
    reach = wide * NEAR if higher else NEAR_LOSS * abs(analysis.summaries[reference].mean)
    # The reference, which has no row, is at zero: one row beside it is worth a look.
    near = focus(kept(analysis, rows), 0.0, reach, fewest=1)
    drawn = sheet(
        analysis,
        rows,
        looks(analysis),
        name="differences",
        label=f"difference from {name} in {_unit(analysis.metric)}",
        titles=("all arms", "near zero, enlarged"),
        near=near,
    )
    for axes in drawn.panels:
        axes.axvline(0, color=INK, lw=0.6, zorder=1)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, -0.02 * high), max(high, -0.02 * low))
    caption = _caption(analysis, rows, reference)
    if near is not None:
        caption += " The right panel enlarges what lies near zero; triangles lie beyond it."
    boxes = hover(drawn, analysis, " points" if higher else "")
    return Drawing("differences", "Differences", caption, drawn.figure, boxes)


def _unit(metric: str) -> str:
    return wording.words(metric) + (" / points" if higher_is_better(metric) else "")


def _row(analysis: Analysis, pair: Pair, reference: int) -> Row:
    """The arm less the reference."""
    scale = words.scale(analysis.metric)
    place, sign = (pair.second, -1.0) if pair.first == reference else (pair.first, 1.0)
    ends = sorted((sign * pair.low, sign * pair.high))
    seeds = scale * (analysis.table[place] - analysis.table[reference])
    return Row(
        place,
        seeds[~np.isnan(seeds)],
        scale * sign * pair.difference,
        scale * ends[0],
        scale * ends[1],
        pair.claimed,
        np.empty(0),
    )


def _caption(analysis: Analysis, rows: list[Row], reference: int) -> str:
    against, count = words.arms(analysis, [reference]), len(analysis.arms)
    claimed = [row for row in rows if row.filled]
    better = [row for row in claimed if (row.mean > 0) == higher_is_better(analysis.metric)]
    kind = "the baseline" if analysis.baseline is not None else "the best arm"
    return (
        f"Differences in {analysis.metric.replace('_', ' ')} from {against} ({kind}),"
        f" paired by seed, {words.seeds(analysis)}: mean with 95 % interval, ticks single seeds."
        f" Filled points are claimed (Holm-corrected over all pairs): {len(better)} better,"
        f" {len(claimed) - len(better)} worse, of {len(rows)}; hollow ones are not told apart"
        f" from {against}."
        + (f" Of more than {MOST} arms the first and last are shown." if count > MOST else "")
    )
