"""Pairs of which no claim is made, and how many seeds would change that."""

import math
from collections.abc import Sequence

from src.report.analysis import Analysis
from src.report.metrics import higher_is_better
from src.report.statistics.level import FEWEST
from src.report.statistics.pairs import Pair
from src.report.statistics.power import MOST, Plan
from src.report.wording import listed, margin, plural, spoken

# Sentences of pairs, and arms named of those that tie.
SHOWN, TIED = 8, 5


def unsettled(analysis: Analysis, most: int = SHOWN) -> list[str]:
    """A sentence for each, those of the top group first, then those of the baseline, arms that tie
    in one; of more than `most` sentences, that many and the count of the pairs left."""
    found = [
        (pair, plan)
        for pair, plan in zip(analysis.pairs, analysis.plans, strict=True)
        if not pair.claimed
    ]
    if not found:
        return []
    if all(math.isnan(pair.p) for pair in analysis.pairs):
        pairs = "the only pair of arms"
        if len(found) > 1:
            pairs = f"all {len(found):,} pairs of arms"
        return [
            f"{pairs.capitalize()}, for want of seeds; seeds=10 on the command line gives each arm "
            "ten."
        ]
    groups = _groups(found)
    groups.sort(key=lambda group: min(_importance(analysis, pair) for pair, _ in group))
    lines = [_told(analysis, group) for group in groups[:most]]
    left = [item for group in groups[most:] for item in group]
    if left:
        more = [plan.more for _, plan in left if plan is not None]
        lines.append(_rest(len(left), [count for count in more if count is not None]))
    return lines


Open = tuple[Pair, Plan | None]


def _groups(found: Sequence[Open]) -> list[list[Open]]:
    """Pairs that are told together: all those among arms of which each equals each in the same
    number of seeds. Any other pair is alone."""
    tied = {(pair.first, pair.second): pair.n for pair, plan in found if _equal(pair, plan)}
    sets: list[tuple[int, list[int]]] = []
    for (first, second), n in tied.items():
        if any(n == count and {first, second} <= set(arms) for count, arms in sets):
            continue
        arms = [first, second]
        for arm in sorted({arm for pair in tied for arm in pair}):
            if all(tied.get((min(arm, k), max(arm, k))) == n for k in arms):
                arms.append(arm)
        sets.append((n, arms))
    groups: dict[int, list[Open]] = {}
    for place, (pair, plan) in enumerate(found):
        key = -1 - place
        if _equal(pair, plan):
            both = {pair.first, pair.second}
            key = next(k for k, (n, arms) in enumerate(sets) if n == pair.n and both <= set(arms))
        groups.setdefault(key, []).append((pair, plan))
    return list(groups.values())


def _equal(pair: Pair, plan: Plan | None) -> bool:
    """In every seed."""
    return plan is None and pair.difference == 0 and not math.isnan(pair.p)


def _told(analysis: Analysis, group: Sequence[Open]) -> str:
    pair, plan = group[0]
    if not _equal(pair, plan):
        return _line(analysis, pair, plan)
    places = sorted({k for pair, _ in group for k in (pair.first, pair.second)})
    names = listed([spoken(analysis.arms[k]) for k in places], TIED)
    return f"{names}: equal in all {pair.n} seeds; more would not tell them apart."


def _rest(count: int, more: list[int]) -> str:
    text = f"{plural(count, 'pair')} more {'is' if count == 1 else 'are'} not settled"
    if more:
        text += f"; the easiest would take about {plural(min(more), 'more seed')}"
    return f"{text}. All pairs are in tables/pairs.csv of the report."


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
