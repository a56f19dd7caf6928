"""The harness that judges the report's statistics: its laws, its counting, and planted faults."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from src.report.calibration import bars, laws, plan, simulate, spread, study
from src.report.calibration.laws import Law
from src.report.statistics.pairs import Comparisons, all_pairs, compare
from src.report.statistics.summary import Summary, summaries

Array = npt.NDArray[np.float64]
LAWS = laws.laws()
MEANS, PROBABILITIES = 2, 5  # columns of simulate.told


def rng(*words: int) -> np.random.Generator:
    return np.random.default_rng([6, *words])


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_scores_have_the_mean_and_the_differences_the_sd_that_the_law_tells(law: Law) -> None:
    """Means of 10^5 values are within 5 standard errors, blocks being independent. So is the mean
    square of the differences, its error taken from its own fourth moment; t3 has none, and is
    compared below."""
    table = law.draw(rng(1), (5_000, 2, 20))
    seeds = table.mean(axis=1).ravel()
    assert abs(seeds.mean() - law.mean) < 5 * seeds.std() / np.sqrt(seeds.size)
    squares = (table[:, 0] - table[:, 1]).ravel() ** 2
    if law.name != "t3":
        assert abs(squares.mean() - law.sd**2) < 5 * squares.std() / np.sqrt(squares.size)


def test_t3_against_scipy() -> None:
    drawn = laws._t3(rng(2), (4_000,))
    assert stats.kstest(drawn, stats.t(3, scale=3**-0.5).cdf).pvalue > 1e-4


def test_skewed_has_its_long_tail_below() -> None:
    """Of 10^5 gamma(4) values the skewness has a standard error below .03 (its sixth moment)."""
    assert abs(stats.skew(laws._skewed(4, rng(3), (100_000,))) + 1) < 0.15


def test_resampled_runs_have_the_spread_that_was_measured() -> None:
    """Ten thousand seeds: variances to a few per cent, 5 standard errors of sqrt((k + 2) / n) each
    with an excess kurtosis k below 3."""
    drawn = laws.parts(rng(4), (500, 4, 20))
    for k in range(2):
        measured = spread.components(spread.measured()[..., k])
        found = spread.components(drawn[..., k].swapaxes(1, 2).reshape(-1, 4))
        assert found.within == pytest.approx(measured.within, rel=5 * np.sqrt(5 / 10_000) / 2)
        assert found.correlation == pytest.approx(measured.correlation, abs=0.05)


def test_no_law_makes_ties() -> None:
    for law in LAWS.values():
        if law.held:
            table = law.draw(rng(5), (50, 2, 20))
            assert np.unique(table).size == table.size
            assert (table[:, 0] != table[:, 1]).all()


def test_components_against_a_plain_analysis_of_variance() -> None:
    values = rng(6).normal(size=(30, 1)) + 0.5 * rng(7).normal(size=(30, 4))
    f = stats.f_oneway(*values).statistic  # mean squares: between blocks over within
    found = spread.components(values)
    assert 1 + 4 * found.between**2 / found.within**2 == pytest.approx(f)
    assert found.within**2 == pytest.approx(np.mean([np.var(row, ddof=1) for row in values]))
    assert spread.components(np.array([[1.0, 2.0], [2.0, 1.0]])).correlation == 0


# Sound and unsound statistics, for the harness to tell apart.


def _claims(adjusted: float) -> simulate.Compare:
    def judge(tables: Array) -> Comparisons:
        found = compare(tables)
        return replace(found, adjusted=np.full_like(found.p, adjusted))

    return judge


def _uncorrected(tables: Array) -> Comparisons:
    found = compare(tables)
    return replace(found, adjusted=found.p)


def _t_test(tables: Array) -> Comparisons:
    p = stats.ttest_rel(tables[:, 0], tables[:, 1], axis=1).pvalue
    return replace(compare(tables), adjusted=p[:, None])


def _percentile(table: Array) -> list[Summary]:
    seeds = table.shape[1]
    means = table[:, rng(8).integers(seeds, size=(1_000, seeds))].mean(axis=2)
    ends = np.quantile(means, [0.025, 0.975], axis=1).T.tolist()
    found = zip(summaries(table), ends, strict=True)
    return [replace(each, low=low, high=high) for each, (low, high) in found]


def test_counting() -> None:
    always = simulate.told(LAWS["normal"], 3, 5, 10, rng(9), _claims(0))
    never = simulate.told(LAWS["normal"], 3, 5, 10, rng(9), _claims(1))
    assert always[:, 0].all()
    assert not never[:, 0].any()
    assert (always[:, 1:] == never[:, 1:]).all()
    wide = simulate.told(
        LAWS["normal"],
        2,
        5,
        10,
        rng(9),
        describe=lambda table: [replace(each, low=-9.0, high=9.0) for each in summaries(table)],
    )
    assert (wide[:, MEANS] == 1).all()
    assert set(np.unique(always[:, 1:])) <= {0, 1 / 3, 2 / 3, 1}


def test_sweeps_are_judged_as_a_report_judges_one() -> None:
    tables = LAWS["t3"].draw(rng(16), (20, 4, 10))
    tables[:, 0] += 2 * LAWS["t3"].sd
    together = compare(tables)
    for k, table in enumerate(tables):
        for place, pair in enumerate(all_pairs(table)):
            assert pair.claimed == together.claimed[k, place]
            assert pair.low == pytest.approx(together.low[k, place], rel=1e-9)
            assert pair.high == pytest.approx(together.high[k, place], rel=1e-9)
        low, high = simulate._probabilities(table[None])
        ends = [(pair.probability_low, pair.probability_high) for pair in all_pairs(table)]
        assert np.stack([low, high], axis=1) == pytest.approx(np.array(ends))
    assert 0 < together.claimed.mean() < 1


@pytest.mark.slow
def test_four_hundred_sweeps_of_arms_that_are_alike() -> None:
    """False claims: what a true 5 % exceeds once in ten thousand times. Coverage: within the bar
    and 4 standard errors of the 400 sweeps."""
    found = simulate.told(LAWS["resampled"], 3, 10, 400, rng(10))
    assert found[:, 0].sum() <= stats.binom.isf(1e-4, 400, bars.FALSE)
    for share in found[:, 1:PROBABILITIES].T:
        error = 4 * share.std() / np.sqrt(len(share))
        assert bars.COVERED[0] - error <= share.mean() <= bars.COVERED[1] + error


def test_a_family_without_correction_is_caught() -> None:
    """Fifteen pairs at 5 % each: a third of the sweeps or so."""
    found = simulate.told(LAWS["normal"], 6, 10, 200, rng(11), _uncorrected)
    assert bars.too_often(int(found[:, 0].sum()), 200, tests=100)


def test_percentile_intervals_are_caught() -> None:
    """Of five normal values they reach about 1.96 sqrt(4/5) standard errors, for resampling takes
    the sd without Bessel's correction, and cover P(|t4| < 1.75) = 84.6 %."""
    found = simulate.told(LAWS["normal"], 2, 5, 300, rng(12), describe=_percentile)[:, MEANS]
    error = float(found.std() / np.sqrt(len(found)))
    assert abs(found.mean() - 0.846) < 4 * error
    assert bars.outside(float(found.mean()), error, tests=36)


@pytest.mark.parametrize(("seeds", "shift"), [(5, 2.0), (10, 1.0), (20, 0.5)])
def test_power_against_the_noncentral_t(seeds: int, shift: float) -> None:
    """Of the paired t test, which is not what the report uses for it."""
    found = simulate.shifted(LAWS["normal"], 2, seeds, shift, 400, rng(13, seeds), _t_test)
    law = stats.nct(seeds - 1, shift * np.sqrt(seeds))
    expected = law.sf(stats.t.isf(0.025, seeds - 1))
    assert abs(found[:, 0].mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / 400)


def test_shifted_counts_right_and_wrong_claims_apart() -> None:
    everything = simulate.shifted(LAWS["normal"], 3, 5, 50.0, 10, rng(14), _claims(0))
    assert (everything == 1).all()
    reverse = simulate.shifted(LAWS["normal"], 3, 5, -50.0, 10, rng(14), _claims(0))
    assert (reverse[:, 0] == 0).all()


def test_tuning_gives_each_arm_its_best_by_validation() -> None:
    """Arm 0 has one setting, arm 1 the best of 6: its validation accuracy is better by 1.27 sd of a
    mean on average (the largest of six normals), and so it is nearly always the larger."""
    seen: list[Array] = []

    def judge(tables: Array) -> Comparisons:
        seen.append(tables)
        return compare(tables)

    simulate.tuned((1, 6), 5, 100, rng(15), judge)
    validation, test = seen
    assert validation.shape == (100, 2, 5)
    gain = (validation[:, 1] - validation[:, 0]).mean(axis=1)
    assert (gain > 0).sum() > stats.binom.isf(1e-4, 100, 0.5)
    parts = laws.parts(rng(15), (100, 7, 5))
    assert (validation[:, 0] == parts[:, 0, :, 0]).all()
    chosen = parts[:, 1:, :, 0].mean(axis=2).argmax(axis=1)
    assert (test[:, 1] == parts[np.arange(100), 1 + chosen, :, 1]).all()


def test_parts_make_the_whole_whoever_does_them() -> None:
    cell = plan.Cell("alike", "normal", 2, 3)
    assert plan.parts(300) == [(250, 0), (50, 1)]
    whole = plan.whole(cell, 300)
    assert np.array_equal(whole[:250], plan.part(cell, 250, 0), equal_nan=True)
    assert np.array_equal(whole[250:], plan.part(cell, 50, 1), equal_nan=True)
    other = plan.Cell("alike", "normal", 2, 5)
    assert (plan.part(cell, 50, 0)[:, :3] != plan.part(other, 50, 0)[:, :3]).any()


def test_every_cell_is_planned_once() -> None:
    cells = plan.cells()
    assert len(set(cells)) == len(cells)
    asked = {(cell.law, cell.seeds) for cell in cells if cell.kind == "alike"}
    assert asked == {(law, seeds) for law in LAWS for seeds in plan.SEEDS}
    assert set(bars.ASKED) < set(plan.SEEDS)


def test_bars_are_sharp() -> None:
    """A true 5 % passes, 8 % does not; so of 95 % and 90 % of intervals."""
    assert not bars.too_often(54, 1000)
    assert bars.too_often(80, 1000)
    assert not bars.outside(0.95, 0.01)
    assert bars.outside(0.90, 0.01)
    assert bars.outside(0.99, 0.005)
    # Clopper and Pearson's interval of no event in n: 1 - 0.025^(1/n).
    assert bars.interval(0, 100) == pytest.approx((0, 1 - 0.025 ** (1 / 100)))


def test_a_missed_bar_is_told() -> None:
    kept = study.kept()
    worse = [
        replace(row, false=row.sweeps // 5, means=study.Share(0.8, 0.01))
        if row.law == "t3"
        else row
        for row in kept.alike
    ]
    missed = bars.misses(replace(kept, alike=worse))
    assert "2 arms alike by t3, 5 seeds: " in missed[0]
    assert any(each.startswith("intervals of means by t3, 20 seeds: 80.0%") for each in missed)
    tuned = [replace(row, by_test=row.sweeps // 5) for row in kept.tuned]
    missed = bars.misses(replace(kept, tuned=tuned))
    assert missed[0].startswith("arms alike with 1 settings each, 5 seeds: ")
    assert len(missed) == len(bars.ASKED) * len({row.options[0] for row in tuned})
