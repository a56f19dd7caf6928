"""Steps until a target against published examples of survival analysis, R and statsmodels."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from src.report.statistics.survival import Arrival, arrival, log_rank

# Miller (1981): acute myelogenous leukaemia, with and without maintained chemotherapy; R's aml.
MAINTAINED = ([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])
NOT = ([5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])
# Freireich et al. (1963): weeks of remission with 6-MP and with a placebo.
TREATED = (
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
PLACEBO = ([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)

Data = tuple[list[int], list[int]]


def _arrival(data: Data) -> Arrival:
    return arrival([float(step) for step in data[0]], [bool(came) for came in data[1]])


def test_curve_against_r() -> None:
    """survfit(Surv(time, status) ~ x, data = aml), as printed in R's documentation."""
    found = _arrival(MAINTAINED)
    steps, shares = zip(*found.curve, strict=True)
    assert steps == (9, 13, 18, 23, 31, 34, 48)
    survival = [0.90909, 0.81818, 0.71591, 0.61364, 0.49091, 0.36818, 0.18409]
    np.testing.assert_allclose(1 - np.array(shares), survival, atol=5e-6)


@pytest.mark.parametrize(
    ("data", "median"), [(MAINTAINED, 31), (NOT, 23), (TREATED, 23), (PLACEBO, 8)]
)
def test_median_against_published(data: Data, median: int) -> None:
    assert _arrival(data).median == median


@pytest.mark.parametrize("data", [MAINTAINED, NOT, TREATED, PLACEBO])
def test_interval_by_its_definition(data: Data) -> None:
    """Steps t at which log(-log S(t)) is within 1.96 standard errors of log(-log 1/2), by
    Greenwood's sum, written out; the upper end is the arrival after the last of them."""
    steps, came = (np.array(column) for column in data)
    times = np.unique(steps[came == 1])
    survival, total, inside = 1.0, 0.0, []
    for time in times:
        at_risk, events = (steps >= time).sum(), ((steps == time) & (came == 1)).sum()
        survival *= 1 - events / at_risk
        if survival > 0:
            total += events / (at_risk * (at_risk - events))
            error = np.sqrt(total) / abs(np.log(survival))
            gap = np.log(-np.log(survival)) - np.log(np.log(2))
            inside.append(abs(gap) <= 1.959963985 * error)
    places = np.flatnonzero(inside)
    found = _arrival(data)
    last = places[-1] + 1
    assert (found.low, found.high) == (
        times[places[0]],
        times[last] if last < len(times) else None,
    )


@pytest.mark.parametrize(
    ("first", "second", "statistic", "p"),
    [(MAINTAINED, NOT, 3.396389, 0.0653393), (TREATED, PLACEBO, 16.79294, 4.17e-5)],
)
def test_log_rank_against_r(first: Data, second: Data, statistic: float, p: float) -> None:
    """survdiff of R's package survival."""
    found = log_rank([_arrival(first), _arrival(second)])
    assert found is not None
    assert found.statistic == pytest.approx(statistic, abs=1e-5)
    assert found.p == pytest.approx(p, rel=2e-3)


def test_many_arms_against_statsmodels() -> None:
    """Budget of 400 steps: who comes later is censored there."""
    random = np.random.default_rng(0)
    steps = random.exponential([[100], [150], [200], [400]], (4, 31)).round()
    came = steps < 400
    seen = np.minimum(steps, 400)
    arms = [arrival(row.tolist(), flags.tolist()) for row, flags in zip(seen, came, strict=True)]
    reference = survdiff(seen.ravel(), came.ravel().astype(int), np.repeat(range(4), 31))
    found = log_rank(arms)
    assert found is not None
    assert (found.statistic, found.p) == pytest.approx(reference, abs=1e-12)
    assert found.groups == 4
    for arm, row, flags in zip(arms, seen, came, strict=True):
        fitted = SurvfuncRight(row, flags.astype(int))
        assert arm.median == fitted.quantile(0.5)  # no S(t) of 31 members is one half exactly
        low, high = fitted.quantile_ci(0.5)
        assert (arm.low, arm.high) == (low, high if np.isfinite(high) else None)


def test_members_that_never_arrive_count() -> None:
    """They hold the median up; dropped, it would be 20."""
    found = arrival([10, 20, 30, 99, 99, 99, 99], [True] * 3 + [False] * 4)
    assert (found.n, found.median, found.high) == (7, None, None)
    assert found.curve[-1] == pytest.approx((30, 3 / 7))


@pytest.mark.parametrize("members", [2, 4, 6, 10, 20])
def test_half_is_enough_whatever_the_rounding(members: int) -> None:
    half = members // 2
    steps = [*range(1, half + 1), *[99] * half]
    assert arrival(steps, [True] * half + [False] * half).median == half


def test_nobody_arrives() -> None:
    found = arrival([48, 48], [False, False])
    assert (found.median, found.low, found.high, found.curve) == (None, None, None, [])
    assert log_rank([found, found]) is None
    assert log_rank([]) is None


def test_two_members_have_no_interval() -> None:
    found = arrival([10, 20], [True, True])
    assert (found.median, found.low, found.high) == (10, None, None)


def test_all_arrive_at_once() -> None:
    found = arrival([10] * 4, [True] * 4)
    assert (found.median, found.low, found.high) == (10, None, None)
    assert log_rank([found, found]) is None
    watched_less = arrival([5, 10], [False, True])
    assert log_rank([found, watched_less]) is None


def test_an_arm_that_was_never_at_risk_is_left_out() -> None:
    """Its budget ends before anybody arrives."""
    short = arrival([5] * 3, [False] * 3)
    first, second = _arrival(MAINTAINED), arrival([40.0, 60, 80, 90], [True] * 4)
    with_it, without = log_rank([first, short, second]), log_rank([first, second])
    assert with_it == without
    assert with_it is not None
    assert with_it.groups == 2
    assert log_rank([first, short]) is None
