"""Bootstrap intervals against SciPy's and against rliable's definitions, written out slowly."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from src.report.statistics import bootstrap, intervals
from src.report.statistics.rows import Array

LAWS: dict[bootstrap.Weights, Callable[[Array, int], Array]] = {
    bootstrap.mean: lambda values, axis: np.mean(values, axis=axis),
    bootstrap.iqm: lambda values, axis: stats.trim_mean(values, 0.25, axis=axis),
}
# What SciPy draws to compare with, and the spread that is left between two intervals of the same
# data: that of a quantile of k draws at level q, sqrt(q (1 - q) / k) / density. At 2.5 % of a
# normal law it is 2.7 sd / sqrt(k), of 4,000 draws 0.042 sd; skewed levels reach further out, to
# 0.5 %, where it is 4.9 sd / sqrt(k) = 0.077 sd. Bounds below are four of it.
DRAWN = 20_000
SLACK = 4 * 0.077


def together(*strata: Array, law: bootstrap.Weights, axis: int = -1) -> Array:
    return np.asarray(LAWS[law](np.concatenate(strata, axis=axis), axis))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [7, 10, 20, 50])
def test_bca_against_scipy(law: bootstrap.Weights, n: int) -> None:
    for row in np.random.default_rng(n).lognormal(0, 0.6, (4, n)):
        low, high = bootstrap.interval(np.sort(row)[None], law, widened=False)[:, 0]
        reference = stats.bootstrap(
            (row,),
            lambda values, axis: LAWS[law](values, axis),
            n_resamples=DRAWN,
            method="BCa",
            rng=np.random.default_rng(0),
        )
        bound = SLACK * reference.standard_error
        assert low == pytest.approx(reference.confidence_interval.low, abs=bound)
        assert high == pytest.approx(reference.confidence_interval.high, abs=bound)


def strata_of(sizes: Sequence[int]) -> list[Array]:
    generator = np.random.default_rng(list(sizes))
    return [k + generator.lognormal(0, 0.5 + k / 2, n) for k, n in enumerate(sizes)]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("sizes", [(12,), (10, 10, 10), (8, 20)])
def test_stratified_bca_against_scipy(law: bootstrap.Weights, sizes: tuple[int, ...]) -> None:
    """SciPy's bootstrap of several samples draws within each."""
    strata = strata_of(sizes)
    found, low, high = bootstrap.stratified_interval(
        [stratum[None] for stratum in strata], law, widened=False
    )[:, 0]
    reference = stats.bootstrap(
        strata,
        lambda *samples, axis: together(*samples, law=law, axis=axis),
        n_resamples=DRAWN,
        method="BCa",
        rng=np.random.default_rng(0),
    )
    bound = SLACK * reference.standard_error
    assert found == pytest.approx(float(together(*strata, law=law)), rel=1e-13)
    assert low == pytest.approx(reference.confidence_interval.low, abs=bound)
    assert high == pytest.approx(reference.confidence_interval.high, abs=bound)


def test_one_stratum_is_none() -> None:
    """Two ways to the same: sums linear in the values, and resamples looked up and sorted."""
    rows = np.sort(np.random.default_rng(2).normal(size=(5, 9)), axis=1)
    for law in (bootstrap.mean, bootstrap.median, bootstrap.iqm):
        one = bootstrap.stratified_interval([rows], law)
        assert np.allclose(one[1:], bootstrap.interval(rows, law), rtol=0, atol=1e-12)
        assert np.allclose(one[0], bootstrap.estimate(rows, law), rtol=0, atol=1e-14)


def test_estimates_against_rliable_definitions() -> None:
    """scores[run, task]: aggregate_mean is the mean of the tasks' means, aggregate_iqm
    scipy.stats.trim_mean(scores, 0.25, axis=None) (Agarwal et al., 2021)."""
    scores = np.random.default_rng(4).normal(size=(10, 6))
    strata = [task[None] for task in scores.T]
    mean = bootstrap.stratified_interval(strata, bootstrap.mean)[0, 0]
    iqm = bootstrap.stratified_interval(strata, bootstrap.iqm)[0, 0]
    assert mean == pytest.approx(np.mean([np.mean(task) for task in scores.T]), abs=1e-14)
    assert iqm == pytest.approx(stats.trim_mean(scores, 0.25, axis=None), abs=1e-14)


@pytest.mark.slow
def test_resamples_against_rliable_definition() -> None:
    """Its stratified bootstrap draws runs with replacement for each task by itself. A twin that
    does so one by one must have the same law: by Kolmogorov and Smirnov, 4,000 against 4,000 draws,
    of which half mirror the others, lie within 1.95 sqrt(2 / 2000) at one false alarm in 1,000."""
    strata = [np.sort(stratum) for stratum in strata_of((5, 5, 5))]
    generator = np.random.default_rng(8)
    slow = [
        stats.trim_mean(
            np.concatenate([generator.choice(stratum, len(stratum)) for stratum in strata]), 0.25
        )
        for _ in range(bootstrap.RESAMPLES)
    ]
    drawn = [stratum[bootstrap.resamples(5, k)] for k, stratum in enumerate(strata)]
    fast = stats.trim_mean(np.concatenate(drawn, axis=1), 0.25, axis=1)
    assert stats.ks_2samp(slow, fast).statistic < 1.95 * np.sqrt(2 / 2000)
    # Strata are drawn independently of one another.
    assert not np.array_equal(bootstrap.resamples(5, 0), bootstrap.resamples(5, 1))


def test_resamples_draw_each_place_alike() -> None:
    """Of 4,000 x n draws each of n places is hit 4,000 times, with a standard deviation below
    sqrt(2 * 4,000) as half mirror the others; five of them."""
    for n in (3, 10, 20):
        hits = np.bincount(bootstrap.resamples(n).ravel(), minlength=n)
        assert np.abs(hits - bootstrap.RESAMPLES).max() < 5 * np.sqrt(2 * bootstrap.RESAMPLES)


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.slow
def test_stratified_covers_where_each_stratum_is_small(n: int) -> None:
    """The effect of one setting over three levels of another, n seeds each: 800 sweeps. A share of
    95 % of so many has a standard deviation of 0.77 points; 93 to 97 %, and three of them."""
    generator = np.random.default_rng(n)
    strata = [generator.normal(size=(800, n)) for _ in range(3)]
    for _, low, high in (
        bootstrap.stratified_interval(strata, bootstrap.iqm),
        intervals.of_stratified_mean(strata),
    ):
        share = float(np.mean((low <= 0) & (high >= 0)))
        assert 0.93 - 3 * 0.0077 <= share <= 0.97 + 3 * 0.0077


def test_stratified_mean_of_two_against_welch() -> None:
    """Half the difference of two equally large samples is the mean of one and of the other
    negated: scipy's interval of Welch's test, halved."""
    x, y = np.random.default_rng(6).normal(size=(2, 1, 6)) * [[[1]], [[4]]]
    found = intervals.of_stratified_mean([x, -y])[:, 0]
    welch = stats.ttest_ind(x[0], y[0], equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx([(x.mean() - y.mean()) / 2, welch.low / 2, welch.high / 2])
    constant = [np.full((1, 3), 0.1), np.full((1, 3), 0.3)]
    assert intervals.of_stratified_mean(constant)[:, 0] == pytest.approx([0.2] * 3, abs=1e-15)


def test_diverged_members_and_equal_ones_do_no_harm() -> None:
    """A share of resamples may be all alike; strata may be constant."""
    rows = np.sort(
        np.array([[0.1, 0.1, 0.88, 0.885, 0.89], [0.1] * 5, [0.1, 0.88, 0.88, 0.88, 0.88]])
    )
    for law in (bootstrap.mean, bootstrap.median, bootstrap.iqm):
        low, high = bootstrap.interval(rows, law)
        assert np.all((rows[:, 0] <= low + 1e-12) & (low <= high) & (high <= rows[:, -1] + 1e-12))
        flat = bootstrap.stratified_interval([np.full((1, 3), 0.1), np.full((1, 4), 0.3)], law)
        assert np.ptp(flat) < 1e-12
