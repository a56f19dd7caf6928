"""Arms in order of rank, each with its seeds, mean and interval."""

import math
from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import text_width
from src.report.figures.palette import looks
from src.report.figures.rows import MOST, NEAR, NEAR_LOSS, Row, focus, kept
from src.report.figures.sheet import hover, shade, sheet
from src.report.metrics import higher_is_better


def ranking(analysis: Analysis) -> Drawing:
    best = words.best_group(analysis)
    rows = _rows(analysis, best)
    centre = rows[0].mean
    reach = 100 * NEAR if higher_is_better(analysis.metric) else NEAR_LOSS * abs(centre)
    near = None if math.isnan(centre) else focus(kept(analysis, rows), centre, reach)
    held = [_short(text) for text in analysis.letters]
    drawn = sheet(
        analysis,
        rows,
        looks(analysis),
        name="ranking",
        label=words.label(analysis.metric),
        titles=("all arms", "near the best, enlarged"),
        near=near,
        right=max(map(text_width, held)) + 0.2,
        within=(0.0, 100.0) if higher_is_better(analysis.metric) else None,
    )
    told = any(not math.isnan(pair.adjusted) for pair in analysis.pairs)
    if told:
        shade(drawn, best)
        _letters(drawn.panels[-1], drawn.heights, held, best)
    caption = _caption(analysis, best, told, near is not None, drawn.heights)
    boxes = hover(drawn, analysis, " %" if higher_is_better(analysis.metric) else "")
    return Drawing("ranking", "Ranking", caption, drawn.figure, boxes)


def _rows(analysis: Analysis, best: Sequence[int]) -> list[Row]:
    scale = words.scale(analysis.metric)
    rows = []
    for place, (arm, summary) in enumerate(zip(analysis.arms, analysis.summaries, strict=True)):
        values = scale * analysis.table[place]
        failed = [
            seed in arm.members and arm.members[seed]["status"] == "diverged"
            for seed in analysis.seeds
        ]
        rows.append(
            Row(
                place,
                values[~np.isnan(values)],
                scale * summary.mean,
                scale * summary.low,
                scale * summary.high,
                place in best,
                values[np.array(failed, bool)],
            )
        )
    return rows


def _letters(
    axes: Axes, heights: dict[int, float], held: Sequence[str], best: Sequence[int]
) -> None:
    for place, y in heights.items():
        axes.annotate(
            *(held[place], (1, y)),
            xycoords=axes.get_yaxis_transform(),
            xytext=(7, 0),
            textcoords="offset points",
            va="center_baseline",
            annotation_clip=False,
            weight="bold" if place in best else "normal",
            gid=f"arm-{place}-ranking-letters",
        )


def _short(letters: str) -> str:
    return letters if len(letters) <= 8 else f"{letters[0]}…{letters.rpartition('(')[2][-3:]}"


def _caption(
    analysis: Analysis, best: Sequence[int], told: bool, enlarged: bool, drawn: Collection[int]
) -> str:
    intervals = not all(math.isnan(summary.low) for summary in analysis.summaries)
    parts = [
        _order(analysis),
        "Points are means, lines 95 % intervals, ticks single seeds."
        if intervals
        else "Points are means, ticks single seeds; there are too few for intervals.",
    ]
    if told:
        parts.append(
            "Arms that share a letter are not told apart. Shaded and filled is the best group:"
            f" {words.arms(analysis, best)}."
        )
    if enlarged:
        parts.append("The right panel enlarges what lies near the best; triangles lie beyond it.")
    if len(analysis.arms) > MOST:
        parts.append("Of so many, the best, the worst and the baseline are shown.")
    return " ".join(parts) + words.told_diverged(analysis, drawn)


def _order(analysis: Analysis) -> str:
    """Who is first and who is last."""
    metric, first = analysis.metric, analysis.summaries[0]
    what, seeds = f"mean {metric.replace('_', ' ')}", words.seeds(analysis)
    spread = (
        ""
        if math.isnan(first.low)
        else f" (95 % interval {words.number(first.low, metric)}"
        f" to {words.number(first.high, metric)})"
    )
    value = f"{words.number(first.mean, metric)}{spread}"
    if len(analysis.arms) == 1:
        return f"The {what} of {words.arms(analysis, [0])} is {value}, {seeds}."
    means = {place: summary.mean for place, summary in enumerate(analysis.summaries)}
    last, end = words.extreme(
        *(analysis, means, lambda value: words.number(value, metric)),
        highest=not higher_is_better(metric),
    )
    return (
        f"{len(means)} arms by {what}, {seeds}. First is {words.arms(analysis, [0])} with {value},"
        f" last {last} with {end}."
    )
