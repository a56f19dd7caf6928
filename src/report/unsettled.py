"""Pairs of which no claim is made, and how many seeds would change that."""

import math

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better
from src.report.statistics.level import FEWEST
from src.report.statistics.pairs import Pair
from src.report.statistics.power import MOST, Plan
from src.report.wording import listed, margin, plural, spoken

# Pairs that are told one by one.
SHOWN = 8


def unsettled(analysis: Analysis) -> list[str]:
    """A sentence for each, those of the top group first, then those of the baseline; of many, the
    first SHOWN and the count of the rest."""
    found = [
        (pair, plan)
        for pair, plan in zip(analysis.pairs, analysis.plans, strict=True)
        if not pair.claimed
    ]
    if not found:
        return []
    if all(math.isnan(pair.p) for pair in analysis.pairs):
        pairs = "the pair" if len(found) == 1 else f"all {plural(len(found), 'pair')} of arms"
        return [f"Not settled: {pairs}; seeds=10 on the command line gives each arm ten seeds."]
    found.sort(key=lambda item: _importance(analysis, item[0]))
    lines = [_line(analysis, pair, plan) for pair, plan in found[:SHOWN]]
    if len(found) > SHOWN:
        more = [plan.more for _, plan in found[SHOWN:] if plan is not None]
        lines.append(_rest(len(found) - SHOWN, [count for count in more if count is not None]))
    return lines


def _rest(count: int, more: list[int]) -> str:
    text = f"{plural(count, 'pair')} more {'is' if count == 1 else 'are'} not settled"
    if not more:
        return f"{text}."
    return f"{text}; the easiest would take about {plural(min(more), 'more seed')}."


def _importance(analysis: Analysis, pair: Pair) -> tuple[int, int, int]:
    """The first arm against the baseline; the first against its group; other pairs of the baseline;
    those within the group; the rest."""
    top = set(analysis.letters[0])
    grouped = [bool(set(analysis.letters[k]) & top) for k in (pair.first, pair.second)]
    with_baseline = analysis.baseline in (pair.first, pair.second)
    kinds = [
        pair.first == 0 and with_baseline,
        pair.first == 0 and grouped[1],
        with_baseline,
        all(grouped),
        True,
    ]
    return kinds.index(True), pair.first, pair.second


def _line(analysis: Analysis, pair: Pair, plan: Plan | None) -> str:
    found = margin(pair, analysis.metric)
    names = listed([spoken(analysis.arms[k]) for k in (found.winner, found.loser)])
    if math.isnan(pair.p):
        return f"{names}: {plural(pair.n, 'seed')} in common; at least {FEWEST} are needed."
    if plan is None and pair.difference == 0:
        return f"{names}: equal in all {pair.n} seeds; more would not tell them apart."
    text = f"{names}: {found.size} (95 % interval {found.interval}, n = {pair.n})"
    if plan is None:
        return f"{text}."
    if plan.more is None:
        text = f"{text}; more than {MOST:,} more seeds would be needed"
        # No difference of accuracies is larger than 1: a bound beyond it would say nothing.
        if higher_is_better(analysis.metric) and max(abs(pair.low), abs(pair.high)) >= 1:
            return f"{text}."
        return f"{text}: if there is a difference it is likely below {found.farthest}."
    return f"{text}; about {plural(plan.more, 'more seed')} would settle it."
