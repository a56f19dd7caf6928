"""Intervals against SciPy, and against what an interval promises: its share of cover."""

import math
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from src.report.statistics import intervals
from src.report.statistics.rows import Array
from src.report.statistics.summary import FEWEST, summaries, summarise

Interval = Callable[[Array], Array]
ALL: list[Interval] = [intervals.of_mean, intervals.of_median, intervals.of_iqm]
# Accuracies as a test set of 10,000 gives them.
SCORES = st.lists(st.integers(0, 10_000), min_size=5, max_size=12)


def scores(found: list[int]) -> Array:
    return np.array(found, dtype=float) / 10_000


@pytest.mark.parametrize("n", [3, 4, 5, 10, 20])
def test_mean_against_scipy(n: int) -> None:
    rows = np.random.default_rng(n).normal(0.88, 0.01, (20, n))
    low, high = intervals.of_mean(rows)
    reference = stats.ttest_1samp(rows, 0, axis=1).confidence_interval(0.95)
    assert np.allclose(low, reference.low, rtol=0, atol=1e-13)
    assert np.allclose(high, reference.high, rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", range(6, 41))
def test_median_between_the_order_statistics_around_95_percent(n: int) -> None:
    """rank and rank + 1 cover at least and at most 95 %, as scipy's interval of a quantile has it;
    the interpolated end lies between them."""
    row = np.sort(np.random.default_rng(n).normal(size=n))
    low, high = intervals.of_median(row)
    rank, share = intervals.rank_and_share(n)
    outer, inner = (1 - 2 * stats.binom.cdf(r - 1, n, 0.5) for r in (rank, rank + 1))
    assert outer >= 0.95 > inner
    assert 0 <= share < 1
    assert row[rank - 1] <= low < row[rank]
    assert row[n - rank - 1] < high <= row[n - rank]
    reference = stats.quantile_test(row, p=0.5).confidence_interval(0.95)
    assert reference.low == row[rank - 1]
    assert reference.high == row[n - rank]


def test_median_of_five_runs_from_least_to_largest() -> None:
    row = np.array([0.3, 0.1, 0.5, 0.2, 0.4])
    assert intervals.of_median(row).tolist() == [0.1, 0.5]


@pytest.mark.parametrize("interval", ALL)
@given(found=SCORES, shift=st.integers(-1000, 1000), scale=st.integers(1, 50))
def test_follows_shift_scale_and_mirror(
    interval: Interval, found: list[int], shift: int, scale: int
) -> None:
    row = scores(found)
    low, high = interval(row)
    assert row.min() - low <= 1e-12 or interval is intervals.of_mean
    assert low <= high
    # Rounding: a few units in the last place of the largest number at hand, about 1e3.
    assert np.allclose(interval(row * scale + shift), [low * scale + shift, high * scale + shift])
    assert np.allclose(interval(-row), [-high, -low], rtol=0, atol=1e-12)


@pytest.mark.parametrize("interval", ALL)
@given(found=SCORES, order=st.randoms(use_true_random=False))
def test_knows_no_order_of_seeds_and_no_holes(
    interval: Interval, found: list[int], order: Random
) -> None:
    row = scores(found)
    mixed = [*row.tolist(), math.nan, math.nan]
    order.shuffle(mixed)
    assert np.array_equal(interval(row), interval(np.array(mixed)))


@pytest.mark.parametrize("interval", ALL)
def test_leaves_the_global_generator_alone(interval: Interval) -> None:
    row = np.random.default_rng(0).normal(size=10)
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    first = interval(row)
    assert np.array_equal(first, interval(row.copy()))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]


@pytest.mark.parametrize("interval", ALL)
def test_rows_do_not_touch(interval: Interval) -> None:
    """Any leading axes; rows with holes beside whole ones."""
    table = np.random.default_rng(1).normal(size=(3, 4, 7))
    table[0, 1, 2] = table[2, 3, :4] = np.nan
    found = interval(table)
    assert found.shape == (2, 3, 4)
    for place in np.ndindex(3, 4):
        alone = interval(table[place])  # sums of other shapes differ in their last bits
        assert np.allclose(found[(slice(None), *place)], alone, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("interval", ALL)
def test_equal_seeds_leave_no_width(interval: Interval) -> None:
    """0.1 is no binary fraction: a mean of five is off by its rounding unless care is taken."""
    assert interval(np.full(5, 0.1)).tolist() == [0.1, 0.1]


def test_too_few_seeds_have_none() -> None:
    for n, interval in [(FEWEST - 1, intervals.of_mean), *((4, rule) for rule in ALL[1:])]:
        assert np.isnan(interval(np.arange(n) / 10.0)).all()
        assert not np.isnan(interval(np.arange(n + 1) / 10.0)).any()


DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Array]] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "student_3": lambda generator, shape: generator.standard_t(3, size=shape),
    "laplace": lambda generator, shape: generator.laplace(size=shape),
}


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("law", DRAWS)
@pytest.mark.parametrize("interval", ALL)
def test_covers_93_to_97_percent(interval: Interval, law: str, n: int) -> None:
    """Of 4,000 rows around 0. A share of 95 % of so many has a standard deviation of 0.34 points:
    the bounds leave three of them to either side of the promised 93 to 97 %."""
    rows = DRAWS[law](np.random.default_rng([7, n]), (4000, n))
    low, high = interval(rows)
    share = float(np.mean((low <= 0) & (high >= 0)))
    assert 0.93 - 3 * 0.0034 <= share <= 0.97 + 3 * 0.0034


def test_summary_against_scipy() -> None:
    row = np.array([0.88, 0.1, math.nan, 0.87, 0.89, 0.86, 0.885, 0.1])
    known = row[~np.isnan(row)]
    found = summarise(row)
    assert found.n == 7
    assert found.mean == pytest.approx(known.mean(), rel=1e-14)
    assert found.median == np.median(known)
    assert found.iqm == pytest.approx(stats.trim_mean(known, 0.25), rel=1e-14)
    assert found.sd == pytest.approx(known.std(ddof=1), rel=1e-14)
    assert (found.best, summarise(row, higher_is_better=False).best) == (0.89, 0.1)
    assert (found.low, found.high) == tuple(intervals.of_mean(row))
    assert (found.median_low, found.median_high) == tuple(intervals.of_median(row))
    assert (found.iqm_low, found.iqm_high) == tuple(intervals.of_iqm(row))


def test_summaries_of_few() -> None:
    table = np.full((3, 4), np.nan)
    table[1, 2] = 0.5
    table[2, :2] = 0.25
    none, one, two = summaries(table)
    assert (none.n, one.n, two.n) == (0, 1, 2)
    assert math.isnan(none.mean)
    assert (one.mean, one.best, two.sd) == (0.5, 0.5, 0.0)
    assert all(math.isnan(x) for x in (one.sd, one.low, two.low, two.high, two.iqm_low, none.best))
    assert summaries(np.empty((2, 0)))[0].n == 0
