"""Two sweeps compared, as lines for a terminal."""

import math
from collections.abc import Iterator, Sequence

from src.report.changes import Change
from src.report.compared import ArmChange, Comparison
from src.report.metrics import higher_is_better
from src.report.statistics.level import FEWEST
from src.report.wording import decimals, listed, number, plural, words

INDENT = "  "
# Arms of one sweep alone that are named.
NAMED = 6


def lines(comparison: Comparison, first: str, second: str) -> list[str]:
    """first, second: what the sweeps are called, as their folders."""
    return [
        f"first:  {first}",
        f"second: {second}",
        "",
        *_changed(comparison),
        *_only(comparison.only_first, "first"),
        *_only(comparison.only_second, "second"),
        "",
        *_results(comparison),
        "",
        sentence(comparison),
    ]


def sentence(comparison: Comparison) -> str:
    """What may be claimed of all common arms as one family."""
    arms = comparison.arms
    if all(arm.n and arm.equal == arm.n for arm in arms):
        if comparison.all_equal:
            return "All members that both sweeps have are equal to the bit."
        return "All compared members are equal to the bit; of the others that both have, not all."
    if all(math.isnan(arm.p) for arm in arms):
        return f"No claim can be made: at least {FEWEST} seeds in common are needed."
    sign = 1 if higher_is_better(comparison.metric) else -1
    better = [arm.name for arm in arms if arm.claimed and sign * arm.difference > 0]
    worse = [arm.name for arm in arms if arm.claimed and sign * arm.difference < 0]
    if not better and not worse:
        return f"No change is told from chance, in {plural(len(arms), 'arm')} as one family."
    parts = [
        f"{listed(names, NAMED)} {'is' if len(names) == 1 else 'are'} {word}"
        for names, word in ((better, "better"), (worse, "worse"))
        if names
    ]
    left = len(arms) - len(better) - len(worse)
    rest = f"; of {plural(left, 'arm')} no change is told from chance" if left else ""
    return f"In the second sweep {' and '.join(parts)}{rest}."


def _changed(comparison: Comparison) -> Iterator[str]:
    if not comparison.changes:
        yield "Settings, versions and device are the same."
        return
    yield "Changed:"
    yield from (f"{INDENT}{_told(change)}" for change in comparison.changes)


def _told(change: Change) -> str:
    return f"{change.what}: {change.first} -> {change.second}"


def _only(names: Sequence[str], where: str) -> Iterator[str]:
    if names:
        yield f"Only in the {where}: {listed(names, NAMED)}."


def _results(comparison: Comparison) -> Iterator[str]:
    unit = "points" if higher_is_better(comparison.metric) else "lower is better"
    yield f"{words(comparison.metric)}, second minus first ({unit}), paired by seed:"
    width = max(len(arm.name) for arm in comparison.arms)
    scale = 100 if higher_is_better(comparison.metric) else 1
    yield from (f"{INDENT}{arm.name:<{width}}  {_arm(arm, scale)}" for arm in comparison.arms)


def _arm(arm: ArmChange, scale: int) -> str:
    tuned = "".join(f"; {_told(change)}" for change in arm.chosen)
    if not arm.n:
        return f"no seed in common{tuned}"
    seeds = f"n = {arm.n}"
    if arm.equal == arm.n:
        return f"equal to the bit in {plural(arm.n, 'seed')}{tuned}"
    if arm.equal:
        seeds += f", of which {arm.equal} equal to the bit"
    if arm.difference == arm.low == arm.high == 0:
        return f"equal in all seeds ({seeds}), curves differ{tuned}"
    places = decimals(scale * (arm.high - arm.low), scale * arm.difference)
    change, low, high = (
        number(scale * value, places) for value in (arm.difference, arm.low, arm.high)
    )
    if math.isnan(arm.p):
        return f"{change} ({seeds}: no test below {FEWEST}){tuned}"
    claim = "changed" if arm.claimed else "not told from chance"
    p = f"p = {arm.adjusted:.2g}" if arm.adjusted >= 0.001 else "p < 0.001"
    return f"{change} (95 % interval {low} to {high}, {seeds}, {p}): {claim}{tuned}"
