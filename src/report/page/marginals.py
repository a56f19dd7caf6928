"""Each setting over the others: a table a setting, and what is to be known of them."""

from collections.abc import Sequence

from src.report.analysis import Analysis
from src.report.marginals import Level, Marginal
from src.report.page.numerals import MISSING, counted, interval, score, unit
from src.report.page.tables import FOLDED, Column, Row, Table
from src.report.wording import listed

# Combinations that a row names; more are counted.
NAMED = 3


def words(analysis: Analysis) -> list[str]:
    """None where fewer than two settings vary."""
    if not analysis.marginals:
        return []
    told = [
        f"{each.setting}: fewer than two levels have all {counted(each.strata, 'combination')} "
        f"of {listed(each.over)}, so there is no table of them."
        for each in analysis.marginals
        if not each.levels
    ]
    if len(told) == len(analysis.marginals):
        return told
    return [
        "A level is shown over every combination of the other settings, the same ones for each "
        "level: a summary, no claim rests on it.",
        "Intervals are of seeds, for just these combinations, whose runs are taken as independent: "
        "where a seed moves all of them alike, intervals are too narrow.",
        *told,
    ]


def tables(analysis: Analysis) -> list[Table]:
    return [_table(each, analysis.metric) for each in analysis.marginals if each.levels]


def _table(found: Marginal, metric: str) -> Table:
    percent = unit(metric)
    columns = [
        Column(found.setting, "arm"),
        Column("combinations", explained=f"of {listed(found.over)}"),
        Column("runs", explained="of all combinations and seeds"),
        Column("diverged", explained="runs; see the notes"),
        Column(f"mean{percent}"),
        Column("95 % interval", explained="of the mean (Satterthwaite)"),
        Column(f"IQM{percent}", explained="mean of the middle half of all runs"),
        Column("95 % interval", explained="of the IQM: bootstrap, seeds within each combination"),
        Column("lacks", "text", "combinations or seeds that another level has"),
    ]
    some = any(level.diverged for level in found.levels)
    rows = [Row(_cells(level, metric, some)) for level in found.levels]
    caption = (
        f"{found.setting} over {counted(found.strata, 'combination')} of {listed(found.over)}, "
        f"by mean {metric.replace('_', ' ')}."
    )
    name = f"over-{found.setting.replace('.', '-')}"
    return Table(name, caption, columns, rows, folded=len(rows) > FOLDED)


def _cells(level: Level, metric: str, some_diverged: bool) -> Sequence[str]:
    return [
        level.name,
        f"{level.strata:,}",
        f"{level.n:,}",
        f"{level.diverged:,}" if some_diverged else MISSING,
        score(level.mean, metric),
        interval(level.low, level.high, metric),
        score(level.iqm, metric),
        interval(level.iqm_low, level.iqm_high, metric),
        listed(level.lacking, NAMED) if level.lacking else MISSING,
    ]
