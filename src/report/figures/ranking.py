"""Arms in order of rank, each with its seeds, mean and interval."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from src.report.analysis import Analysis
from src.report.figures import words
from src.report.figures.drawing import Drawing
from src.report.figures.layout import text_width
from src.report.figures.palette import looks
from src.report.figures.rows import MOST, NEAR, NEAR_LOSS, Row, focus, kept, shade, sheet
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
    )
    told = any(not math.isnan(pair.adjusted) for pair in analysis.pairs)
    if told:
        shade(drawn, best)
        _letters(drawn.panels[-1], drawn.heights, held, best)
    return Drawing("ranking", "Ranking", _caption(analysis, best, told, near), drawn.figure)


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
    analysis: Analysis, best: Sequence[int], told: bool, near: tuple[float, float] | None
) -> str:
    names = [arm.name for arm in analysis.arms]
    first, metric = analysis.summaries[0], analysis.metric
    spread = (
        ""
        if math.isnan(first.low)
        else f" (95 % interval {words.number(first.low, metric)}"
        f" to {words.number(first.high, metric)})"
    )
    parts = [
        f"{len(names)} arm{'s' if len(names) > 1 else ''} by mean {metric.replace('_', ' ')},"
        f" {words.seeds(analysis)}."
        f" First is {names[0]} with {words.number(first.mean, metric)}{spread}"
        + (
            f", last {names[-1]} with {words.number(analysis.summaries[-1].mean, metric)}."
            if len(names) > 1
            else "."
        ),
        "Points are means, lines 95 % intervals, ticks single seeds."
        if told
        else "Points are means, ticks single seeds; there are too few for intervals.",
    ]
    if told:
        parts.append(
            f"Arms that share a letter are not told apart; shaded and filled: the best group"
            f" ({words.listing([names[place] for place in best])})."
        )
    if near is not None:
        parts.append("The right panel enlarges what lies near the best; triangles lie beyond it.")
    if len(names) > MOST:
        parts.append("Of so many, the best, the worst and the baseline are shown.")
    return " ".join(parts) + words.told_diverged(analysis)
