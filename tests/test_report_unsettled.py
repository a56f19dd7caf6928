"""What is open, told shortly where there is much of it."""

from src.report.analysis import analyse
from src.report.unsettled import unsettled
from tests.answered import arm, told


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
