"""Arms in order of rank, each with its seeds, mean and interval."""

import numpy as np
from matplotlib.figure import Figure

from src.report.analysis import Analysis
from src.report.figures.drawing import WIDTH, Drawing
from src.report.metrics import higher_is_better


def ranking(analysis: Analysis) -> Drawing:
    arms = analysis.arms
    figure = Figure(figsize=(WIDTH, 0.7 + 0.25 * len(arms)), layout="constrained")
    axes = figure.subplots()
    scale = 100 if higher_is_better(analysis.metric) else 1
    for k, (summary, row) in enumerate(zip(analysis.summaries, analysis.table, strict=True)):
        axes.plot(scale * row, np.full(len(row), k), "|", color="0.6", gid=f"arm-{k}-seeds")
        error = [[scale * (summary.mean - summary.low)], [scale * (summary.high - summary.mean)]]
        axes.errorbar(
            [scale * summary.mean],
            [k],
            xerr=error,
            fmt="o",
            ms=3,
            capsize=2,
            color="C0",
            gid=f"arm-{k}-mean",
        )
    axes.set_yticks(range(len(arms)), [arm.name for arm in arms])
    axes.invert_yaxis()
    axes.set_xlabel(analysis.metric.replace("_", " ") + (" / %" if scale == 100 else ""))
    caption = "Mean of each arm with its 95 % interval; ticks are seeds."
    return Drawing("ranking", "Ranking", caption, figure)
