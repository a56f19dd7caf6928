"""The table of pairs of arms."""

from collections.abc import Iterator

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better
from src.report.page.numerals import MISSING, fixed, interval, probability, score
from src.report.page.tables import FOLDED, Column, Row, Table
from src.report.statistics.pairs import Pair
from src.report.statistics.power import MOST, Plan

# Of more pairs than this, those of the first arm and of the baseline are shown.
MOST_PAIRS = 2000


def pairs(analysis: Analysis) -> Table | None:
    if not analysis.pairs:
        return None
    shown = list(_pairs_shown(analysis))
    points = ", in percentage points" if higher_is_better(analysis.metric) else ""
    columns = [
        Column("first", "text"),
        Column("second", "text"),
        Column("n", explained="seeds that both have"),
        Column("diff.", explained=f"first minus second{points}"),
        Column("95 % interval", explained="of the difference"),
        Column("p"),
        Column("p Holm", explained="corrected for all pairs of the sweep"),
        Column("apart", "text", "whether they are told apart"),
        Column("effect", explained="mean difference over its sd, corrected for few seeds (d_z)"),
        Column("P(1st)", explained="that a seed of the first is better, ties count half"),
        Column("p ranks", explained="Wilcoxon's, not corrected; no claim rests on it"),
        Column("to go", explained="more seeds that would likely settle it"),
    ]
    total = len(analysis.pairs)
    caption = f"All {total:,} pairs of arms, seed by seed."
    if total == 1:
        caption = "The only pair of arms, seed by seed."
    if len(shown) < total:
        caption = (
            f"{len(shown):,} of {total:,} pairs: {_which(analysis)}; all are in tables/pairs.csv."
        )
    rows = [Row(_pair(pair, plan, analysis)) for pair, plan in shown]
    return Table("pairs", caption, columns, rows, folded=len(rows) > FOLDED)


def _which(analysis: Analysis) -> str:
    return "those of the first arm" + (
        "" if analysis.baseline in (None, 0) else " and of the baseline"
    )


def _pairs_shown(analysis: Analysis) -> Iterator[tuple[Pair, Plan | None]]:
    few = len(analysis.pairs) <= MOST_PAIRS
    kept = {0, analysis.baseline}
    for pair, plan in zip(analysis.pairs, analysis.plans, strict=True):
        if few or {pair.first, pair.second} & kept:
            yield pair, plan


def _more(plan: Plan | None) -> str:
    if plan is None:
        return MISSING
    return f"> {MOST:,}" if plan.more is None else f"{plan.more:,}"


def _pair(pair: Pair, plan: Plan | None, analysis: Analysis) -> list[str]:
    name = analysis.metric
    return [
        analysis.arms[pair.first].name,
        analysis.arms[pair.second].name,
        str(pair.n),
        score(pair.difference, name, signed=True),
        interval(pair.low, pair.high, name, signed=True),
        probability(pair.p),
        probability(pair.adjusted),
        "yes" if pair.claimed else "no",
        fixed(pair.effect, 2, signed=True),
        fixed(pair.probability, 2),
        probability(pair.wilcoxon),
        _more(plan),
    ]
