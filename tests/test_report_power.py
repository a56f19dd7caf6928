"""Seeds that would settle a pair, against statsmodels, published tables and simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from src.report.statistics.power import MOST, POWER, level_of_next, plans, power, seeds_needed


@pytest.mark.parametrize("level", [0.05, 0.01, 0.05 / 1431])
@pytest.mark.parametrize("n", [3, 5, 20, 200])
@pytest.mark.parametrize("effect", [0.0, 0.1, 0.5, 0.8])  # further out statsmodels gives NaN
def test_power_against_statsmodels(effect: float, n: int, level: float) -> None:
    """Noncentral F against noncentral t; 1e-7 is far above what either loses to rounding."""
    reference = TTestPower().power(effect, n, level, alternative="two-sided")
    assert power(effect, n, level) == pytest.approx(reference, abs=1e-7)


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_seeds_against_published(effect: float, n: int) -> None:
    """Cohen's small, medium and large effect, paired, two-sided at 5 %: as G*Power tells them."""
    assert seeds_needed(effect, 0.05, MOST) == n


def test_seeds_are_the_fewest_that_are_enough() -> None:
    effects = np.linspace(0.1, 6, 60)
    needed = seeds_needed(effects, 0.01, 5_000)
    assert (power(effects, needed, 0.01) >= POWER).all()
    above = needed > 2
    assert (power(effects[above], needed[above] - 1, 0.01) < POWER).all()


def test_power_against_simulation() -> None:
    """Of 4,000 draws a share at a power of .8 has a standard error of sqrt(.8 .2 / 4000) = .0063;
    four of them."""
    n = int(seeds_needed(0.7, 0.05, MOST))
    draws = np.random.default_rng(0).normal(0.7, 1, (4_000, n))
    share = (stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05).mean()
    assert share == pytest.approx(float(power(0.7, n, 0.05)), abs=4 * 0.0063)


def test_plans() -> None:
    random = np.random.default_rng(0)
    spread = random.normal(0, 1, 10)
    spread = (spread - spread.mean()) / spread.std(ddof=1)
    found = plans([spread + 0.5, spread + 1e-3, np.full(4, 0.1), np.zeros(4), spread[:1]], 0.05)
    assert found[0] is not None
    assert found[0].more == 34 - 10
    assert found[1] is not None
    assert found[1].more is None
    assert found[2] is not None
    assert found[2].more == 2  # 2^(1 - 6) = .031 is below .05, 2^(1 - 5) is not
    assert found[3:] == [None, None]
    assert plans([], 0.05) == []


def test_the_cap_is_of_seeds_more() -> None:
    """At the effect that 1,010 seeds just settle, 1,000 more than 10 are told; below it, none."""
    just = TTestPower().solve_power(nobs=10 + MOST, alpha=0.05, power=POWER)
    spread = np.tile([-1.0, 1.0], 5) * math.sqrt(9 / 10)  # sd 1 of 10
    just_enough, too_few = plans([spread + just * 1.0001, spread + just * 0.999], 0.05)
    assert just_enough is not None
    assert just_enough.more == MOST
    assert too_few is not None
    assert too_few.more is None


def test_level_of_next() -> None:
    assert level_of_next(10, 0.05) == 0.005
    assert level_of_next(1, 0.05) == level_of_next(0, 0.05) == 0.05
