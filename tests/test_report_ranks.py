"""Ranks over seeds against Demšar's worked example, R's and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from src.report.statistics.ranks import critical_difference, ranking

# Demšar (2006), table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],  # ranked 2 and 3 there: equal only as printed
        [0.957, 0.978, 0.946, 0.970],
    ]
).T
# Hollander and Wolfe (1973), p. 140: times of 22 players to round first base in three ways; the
# example of R's friedman.test.
ROUNDING_TIMES = np.array(
    [
        *([5.40, 5.50, 5.55], [5.85, 5.70, 5.75], [5.20, 5.60, 5.50], [5.55, 5.50, 5.40]),
        *([5.90, 5.85, 5.70], [5.45, 5.55, 5.60], [5.40, 5.40, 5.35], [5.45, 5.50, 5.35]),
        *([5.25, 5.15, 5.00], [5.85, 5.80, 5.70], [5.25, 5.20, 5.10], [5.65, 5.55, 5.45]),
        *([5.60, 5.35, 5.45], [5.05, 5.00, 4.95], [5.50, 5.50, 5.40], [5.45, 5.55, 5.50]),
        *([5.55, 5.55, 5.35], [5.45, 5.50, 5.55], [5.50, 5.45, 5.25], [5.65, 5.60, 5.40]),
        *([5.70, 5.65, 5.55], [6.30, 6.30, 6.25]),
    ]
).T


def test_ranks_against_demsar() -> None:
    found = ranking(DEMSAR)
    assert found is not None
    assert found.blocks == 14
    np.testing.assert_allclose(found.means, [3.143, 2.000, 2.893, 1.964], atol=5e-4)  # as printed
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    # "The difference between the best and the worst is already smaller": one group of all four.
    assert found.groups == [[3, 1, 2, 0]]


@pytest.mark.parametrize(
    ("arms", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (10, 3.164)]
)
def test_critical_difference_against_demsars_table(arms: int, q: float) -> None:
    """His table 5(a), of q at 5 %, printed to three places."""
    assert critical_difference(arms, 1) == pytest.approx(
        q * math.sqrt(arms * (arms + 1) / 6), rel=3e-4
    )


def test_friedman_against_r() -> None:
    found = ranking(ROUNDING_TIMES, higher_is_better=False)
    assert found is not None
    assert found.statistic == pytest.approx(11.143, abs=5e-4)
    assert found.p == pytest.approx(0.003805, abs=5e-7)


def test_friedman_against_scipy() -> None:
    scores = np.random.default_rng(0).normal(size=(6, 12)).round(1)  # with ties
    found = ranking(scores)
    assert found is not None
    reference = stats.friedmanchisquare(*scores)
    assert (found.statistic, found.p) == (reference.statistic, reference.pvalue)


def test_blocks_that_miss_an_arm_are_left_out_and_counted() -> None:
    scores = np.random.default_rng(1).normal(size=(3, 6))
    holed = scores.copy()
    holed[0, 1] = holed[2, 4] = np.nan
    found, whole = ranking(holed), ranking(scores[:, [0, 2, 3, 5]])
    assert found is not None
    assert whole is not None
    assert (found.blocks, found.left_out, whole.left_out) == (4, 2, 0)
    assert found.means == whole.means
    assert found.p == whole.p


def test_direction() -> None:
    scores = np.tile([[1.0], [2.0], [3.0]], 5)
    up, down = ranking(scores), ranking(scores, higher_is_better=False)
    assert up is not None
    assert down is not None
    assert (up.means, down.means) == ([3, 2, 1], [1, 2, 3])


def test_groups_are_runs_within_the_critical_difference() -> None:
    """20 blocks, 5 arms in one order but the first two swapped in half: mean ranks 1.5, 1.5, 3, 4,
    5 and a critical difference of 2.728 sqrt(30 / 120) = 1.364."""
    scores = -np.tile([[1.0], [2.0], [3.0], [4.0], [5.0]], 20)
    scores[[0, 1], 10:] = scores[[1, 0], 10:]
    found = ranking(scores)
    assert found is not None
    assert found.critical_difference == pytest.approx(1.364, abs=1e-3)
    assert found.groups == [[0, 1], [2, 3], [3, 4]]


def test_what_cannot_be_ranked() -> None:
    scores = np.arange(12.0).reshape(3, 4)
    assert ranking(scores[:1]) is None
    assert ranking(scores[:, :2]) is None
    two = ranking(scores[:2])
    assert two is not None
    assert math.isnan(two.p)
    tied = ranking(np.ones((3, 4)))
    assert tied is not None
    assert (tied.statistic, tied.p, tied.groups) == (0, 1, [[0, 1, 2]])
