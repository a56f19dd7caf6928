"""Effect sizes and profiles against SciPy, statsmodels and rliable's definitions."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.proportion import proportion_confint

from src.report.statistics.effects import (
    correction,
    probability,
    probability_interval,
    standardised,
)
from src.report.statistics.profiles import profiles, wilson
from src.report.statistics.rows import Array


def tied(key: int, shape: tuple[int, int]) -> Array:
    return np.round(np.random.default_rng(key).normal(size=shape), 1)


@pytest.mark.parametrize(("m", "n"), [(5, 5), (3, 8), (20, 20)])
def test_probability_against_rliable_definition(m: int, n: int) -> None:
    """scipy.stats.mannwhitneyu's U over m n (Agarwal et al., 2021)."""
    for x, y in zip(tied(m, (6, m)), tied(n + 1, (6, n)), strict=True):
        u = stats.mannwhitneyu(x, y, alternative="greater").statistic
        assert probability(x[None], y[None])[0] == pytest.approx(u / (m * n), abs=1e-14)


def test_probability_counts_what_each_arm_has() -> None:
    x, y = tied(1, (1, 6)), tied(2, (1, 6))
    x[0, :2] = y[0, 5] = np.nan
    whole = probability(x[:, 2:], y[:, :5])
    assert probability(x, y).tolist() == whole.tolist()
    assert np.isnan(probability(np.full((1, 3), np.nan), y)).all()


@pytest.mark.parametrize(("found", "m", "n"), [(0.5, 5, 5), (0.83, 10, 10), (0.02, 20, 8)])
def test_probability_interval_solves_its_equation(found: float, m: int, n: int) -> None:
    """Newcombe's method 5: at either end, the square of the distance is z^2 times the variance."""
    ends = probability_interval(np.array([found]), np.array([m]), np.array([n]))[:, 0]
    assert ends[0] < found < ends[1]
    half = (m + n) / 2 - 1
    for end in ends:
        shares = half * (1 - end) / (2 - end) + half * end / (1 + end)
        variance = end * (1 - end) * (1 + shares) / (m * n)
        assert (found - end) ** 2 == pytest.approx(1.959963984540054**2 * variance, rel=1e-9)


def test_probability_interval_at_the_edges() -> None:
    five = np.array([5, 5])
    low, high = probability_interval(np.array([0.0, 1.0]), five, five)
    assert low[0] == 0
    assert high[1] == 1
    assert 0.2 < high[0] < 0.5  # all of one arm above all of the other's is no certainty
    assert low[1] == pytest.approx(1 - high[0], abs=1e-12)
    assert np.isnan(probability_interval(np.array([0.5]), np.array([4]), np.array([9]))).all()


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_probability_interval_covers(n: int, shift: float) -> None:
    """P(X > Y) of two normals is Phi(shift / sqrt 2). Of 4,000 pairs; 0.34 points as standard
    deviation, three of them; ties of so few seeds make it cover rather more than 95 %."""
    generator = np.random.default_rng([n, int(shift)])
    x, y = generator.normal(shift, 1, (4000, n)), generator.normal(size=(4000, n))
    true = stats.norm.cdf(shift / math.sqrt(2))
    low, high = probability_interval(probability(x, y), np.full(4000, n), np.full(4000, n))
    share = float(np.mean((low <= true) & (true <= high)))
    assert 0.93 - 3 * 0.0034 <= share <= 0.97 + 3 * 0.0034


@pytest.mark.parametrize("degrees", [2, 4, 9, 30])
def test_hedges_correction_undoes_the_bias(degrees: int) -> None:
    """E[1 / sd] of a normal sample is 1 / correction: by quadrature over chi."""
    inverse, _ = integrate.quad(
        lambda s: math.sqrt(degrees) / s * stats.chi.pdf(s, degrees), 0, math.inf
    )
    assert correction(degrees) == pytest.approx(1 / inverse, rel=1e-7)


def test_standardised_by_hand() -> None:
    row = np.array([0.1, 0.2, math.nan, 0.4, 0.3])
    known = row[~np.isnan(row)]
    expected = correction(3) * known.mean() / known.std(ddof=1)
    rows = np.stack([row, np.zeros(5), np.full(5, 0.2), [0.1, 0.2, math.nan, math.nan, math.nan]])
    found = standardised(rows)
    assert found[0] == pytest.approx(expected, rel=1e-13)
    assert found[1] == 0
    assert np.isnan(found[2:]).all()


def test_profiles_against_rliable_definition() -> None:
    """run_score_deviation(scores, tau) is np.mean(scores > tau)."""
    table = tied(3, (4, 10))
    table[1, 3:] = table[2, 0] = table[3] = np.nan
    at = np.array([-1.0, 0.0, 0.1, 0.7])
    found = profiles(table, at)
    for arm in range(3):
        known = table[arm][~np.isnan(table[arm])]
        assert found.share[arm].tolist() == [np.mean(known > tau) for tau in at]
    assert np.isnan(found.share[3]).all()
    below = profiles(table, at, higher_is_better=False)
    assert below.share[0].tolist() == [np.mean(table[0] < tau) for tau in at]


@pytest.mark.parametrize("n", [3, 5, 20])
def test_band_against_statsmodels(n: int) -> None:
    hits = np.arange(n + 1)
    low, high = wilson(hits / n, np.full(n + 1, n))
    expected = proportion_confint(hits, n, 0.05, method="wilson")
    assert np.allclose(low, expected[0], atol=1e-12)
    assert np.allclose(high, expected[1], atol=1e-12)


def test_profiles_run_from_least_to_largest() -> None:
    table = np.array([[0.1, 0.88, 0.89], [0.1, 0.1, math.nan]])
    found = profiles(table)
    assert (found.thresholds[0], found.thresholds[-1]) == (0.1, 0.89)
    assert found.share[:, 0].tolist() == [pytest.approx(2 / 3), 0]
    assert found.share[:, -1].tolist() == [0, 0]
    assert np.all(np.diff(found.share, axis=1) <= 0)
    assert np.isnan(found.low[1]).all()  # two seeds
    assert profiles(np.full((2, 3), np.nan)).share.shape == (2, 0)
