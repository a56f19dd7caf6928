"""What is said of pairs that no number of seeds within reach would settle."""

import pytest

from tests.test_report_answer import member, told


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
