"""What is open, told shortly where there is much of it, and without bounds that say nothing."""

import pytest

from src.report.analysis import analyse
from src.report.unsettled import unsettled
from tests.answered import arm, member, told


def test_a_tiny_difference_with_a_wide_interval_says_more_than_a_thousand() -> None:
    two = [
        member(0.5 + sign * 0.1 * (-1) ** seed, init__name=name, seed=seed)
        for name, sign in (("a", 1), ("b", -1))
        for seed in range(6)
    ]
    two[0]["metrics"]["test"]["accuracy"] += 0.0006
    found = told(two)
    assert "are not told apart (" in found.sentence
    assert "more than 1,000 more seeds would be needed" in found.unsettled[0]
    assert "if there is a difference it is likely below 2" in found.unsettled[0]


@pytest.mark.parametrize("seeds", [3, 10])
def test_no_difference_is_bounded_beyond_the_scale(seeds: int) -> None:
    """Of 3 seeds whose differences are about 0.7, -0.7 and 0, the interval reaches 170 points."""
    steps = (0.35, -0.35, 0.0003, *(0.0003 * (-1) ** k for k in range(7)))
    two = [
        member(0.5 + sign * steps[seed], init__name=name, seed=seed)
        for name, sign in (("a", 1), ("b", -1))
        for seed in range(seeds)
    ]
    found = told(two).unsettled[0]
    assert "more than 1,000 more seeds would be needed" in found
    assert found.endswith("needed.") == (seeds == 3)
    assert ("likely below" in found) == (seeds == 10)


def test_arms_that_tie_are_told_together() -> None:
    """Four that tie are six pairs, and the one of them that lacks a seed is told on its own."""
    tied = [record for k in range(4) for record in arm(f"tied{k}", 0.1)]
    found = told(arm("he", 0.9) + tied).unsettled
    assert found == [
        "tied0, tied1, tied2 and tied3: equal in all 10 seeds; more would not tell them apart."
    ]
    found = told(arm("he", 0.9) + tied[:-1]).unsettled
    assert len(found) == 4
    assert found[0].startswith("tied0, tied1 and tied2: equal in all 10 seeds")
    assert sum("equal in all 9 seeds" in line for line in found) == 3


def test_many_ties_are_counted_by_pairs() -> None:
    records = [record for k in range(6) for record in arm(f"tied{k}", 0.1)]
    (line,) = unsettled(analyse(records + arm("he", 0.9)))
    assert line.startswith("tied0, tied1, tied2, tied3, tied4 and 1 more: equal in all 10 seeds")
    # Of 28 pairs none is claimed: the least p of ten seeds is 2 / 2**10, and 0.05 / 28 is below.
    first, rest = unsettled(analyse([*records, *arm("a", 0.9), *arm("b", 0.8)]), most=1)
    assert first.startswith("a and b: 10.0 points")
    assert rest.startswith(
        "27 pairs more are not settled; the easiest would take about 1 more seed"
    )
    assert rest.endswith(". All pairs are in tables/pairs.csv of the report.")
