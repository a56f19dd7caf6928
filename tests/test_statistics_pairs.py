"""Tests of pairs against SciPy and statsmodels, and what they must say at the edges."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from src.report.statistics import families, intervals, sign_flips
from src.report.statistics.pairs import Pair, all_pairs, compare
from src.report.statistics.rows import Array


def scores(arms: int, seeds: int, key: int = 0) -> Array:
    """With ties, as accuracies of 200 images have."""
    return np.round(np.random.default_rng([key, arms, seeds]).normal(0.8, 0.02, (arms, seeds)), 2)


@pytest.mark.parametrize("n", [3, 4, 7, 10, 13])
def test_exact_flips_against_scipy(n: int) -> None:
    for row in scores(5, n) - scores(5, n, key=1):
        reference = stats.permutation_test(
            (row,), np.sum, permutation_type="samples", n_resamples=np.inf
        )
        assert sign_flips.p_values(row[None])[0] == pytest.approx(reference.pvalue, abs=1e-12)


def test_drawn_flips_against_normal_theory() -> None:
    """Of 60 normal differences the sum over its flips is normal to about 1 / 60; the share of
    100,000 draws has a standard deviation below 0.0016."""
    rows = np.random.default_rng(3).normal(0.2, 1, (6, 60))
    expected = 2 * stats.norm.sf(np.abs(rows.sum(axis=1)) / np.sqrt((rows**2).sum(axis=1)))
    assert np.abs(sign_flips.p_values(rows) - expected).max() < 5 * 0.0016 + 1 / 60
    shifted = rows + 50  # none of the patterns drawn reaches it: the observed one counts
    assert sign_flips.p_values(shifted).tolist() == [1 / (sign_flips.FLIPS + 1)] * 6
    assert sign_flips.smallest(np.array([60])) == 1 / (sign_flips.FLIPS + 1)


def test_exact_flips_and_drawn_ones_agree() -> None:
    rows = np.random.default_rng(5).normal(0.3, 1, (8, 20))
    least = np.abs(rows.sum(axis=1)) * (1 - 1e-12)
    drawn = sign_flips._drawn(rows, least)
    exact = sign_flips.p_values(rows)
    # Five standard deviations of a share of 100,000.
    assert np.all(np.abs(drawn - exact) < 5 * np.sqrt(exact / sign_flips.FLIPS) + 1e-5)


@pytest.mark.parametrize("n", [5, 12, 20])
def test_wilcoxon_against_scipy(n: int) -> None:
    rows = np.random.default_rng(n).normal(0.3, 1, (10, n))
    expected = stats.wilcoxon(rows, axis=1, method="exact").pvalue
    assert np.allclose(sign_flips.wilcoxon(rows), expected, rtol=0, atol=1e-12)


def test_wilcoxon_with_ties_and_zeros_against_scipy() -> None:
    row = np.array([0.01, 0.01, -0.01, 0.0, 0.02, 0.03, 0.03, 0.0, -0.02])
    # SciPy flips all signs, those of zeros for nothing.
    expected = stats.wilcoxon(row, method=stats.PermutationMethod(n_resamples=2**9)).pvalue
    assert sign_flips.wilcoxon(row[None])[0] == pytest.approx(expected, abs=1e-12)
    assert sign_flips.wilcoxon(np.zeros((1, 6)))[0] == 1


def test_wilcoxon_of_many_against_scipy() -> None:
    rows = np.round(np.random.default_rng(1).normal(0.2, 1, (10, 40)), 1)
    expected = stats.wilcoxon(rows, axis=1, method="asymptotic").pvalue
    assert np.allclose(sign_flips.wilcoxon(rows), expected, rtol=1e-9)


@pytest.mark.parametrize("n", [3, 5, 20])
def test_t_against_scipy(n: int) -> None:
    rows = np.random.default_rng(n).standard_t(3, (20, n))
    assert np.allclose(families.student(rows), stats.ttest_1samp(rows, 0, axis=1).pvalue)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 3))
@pytest.mark.slow
def test_holm_against_statsmodels(found: list[float], holes: int) -> None:
    p = np.array([*found, *[math.nan] * holes])
    np.random.default_rng(len(found)).shuffle(p)
    known = ~np.isnan(p)
    adjusted = families.holm(p)
    assert np.array_equal(np.isnan(adjusted), ~known)
    assert np.allclose(adjusted[known], multipletests(p[known], method="holm")[1], atol=1e-14)


def test_holm_takes_each_row_for_a_family() -> None:
    p = np.random.default_rng(0).random((3, 4, 6)) ** 3
    p[0, 0, 2] = p[1, 1] = np.nan
    found = families.holm(p)
    for place in np.ndindex(3, 4):
        assert np.array_equal(found[place], families.holm(p[place]), equal_nan=True)


@pytest.mark.parametrize(
    ("arms", "seeds", "test"),
    [
        *((2, 5, "t"), (2, 8, "t"), (2, 9, "permutation"), (3, 10, "permutation"), (4, 10, "t")),
        *((54, 3, "t"), (54, 20, "permutation"), (2, 2, "none"), (3, 40, "permutation")),
    ],
)
def test_the_test_follows_from_numbers_alone(arms: int, seeds: int, test: str) -> None:
    for key in range(3):
        table = scores(arms, seeds, key)
        assert {pair.test for pair in all_pairs(table)} == {test}


def test_permutation_only_where_it_can_claim() -> None:
    """Arms that differ in every seed by far more than their spread are all told apart, whatever
    the number of seeds and arms: the reason for the rule."""
    for arms, seeds in [(2, 3), (2, 9), (3, 10), (10, 5), (12, 20), (4, 30)]:
        noise = np.random.default_rng([arms, seeds]).normal(0, 1e-4, (arms, seeds))
        assert all(pair.claimed for pair in all_pairs(np.arange(arms)[:, None] / 20 + noise))


def test_pairs_in_order_and_by_their_definitions() -> None:
    table = scores(5, 6)
    table[1, 2] = table[4, :4] = np.nan
    pairs = all_pairs(table)
    assert [(pair.first, pair.second) for pair in pairs] == list(combinations(range(5), 2))
    for pair in pairs:
        differences = table[pair.first] - table[pair.second]
        known = differences[~np.isnan(differences)]
        assert pair.n == len(known)
        assert pair.difference == pytest.approx(known.mean(), abs=1e-15)
        low, high = intervals.of_mean(known)
        assert np.allclose((pair.low, pair.high), (low, high), atol=1e-14, equal_nan=True)
    assert [pair.n for pair in pairs if pair.second == 4] == [2] * 4


def test_too_few_common_seeds_make_no_claim_and_no_family() -> None:
    table = np.full((3, 6), np.nan)
    table[0, :3], table[1, 3:], table[2] = 0.9, 0.1, [0.5, 0.51, 0.49, 0.5, 0.52, 0.5]
    disjoint, *others = all_pairs(table)
    assert (disjoint.n, disjoint.test, disjoint.claimed) == (0, "none", False)
    assert math.isnan(disjoint.p)
    assert math.isnan(disjoint.adjusted)
    # Two tests in the family, not three.
    assert min(pair.adjusted for pair in others) == 2 * min(pair.p for pair in others)
    for seeds in (0, 1, 2):
        (pair,) = all_pairs(np.array([[0.9] * seeds, [0.1] * seeds]).reshape(2, seeds))
        assert not pair.claimed
        assert math.isnan(pair.p)
        assert math.isnan(pair.low)
    assert all_pairs(np.ones((1, 5))) == []


@pytest.mark.parametrize("seeds", [3, 5, 10, 20, 30])
def test_equal_arms_are_told_apart_by_nothing(seeds: int) -> None:
    """Bit by bit, or by what rounding leaves: 0.1 + 0.2 is not 0.3."""
    row = np.random.default_rng(seeds).random(seeds)
    for table in (np.stack([row, row]), np.full((2, seeds), 0.1), np.array([[0.3], [0.1 + 0.2]])):
        (pair,) = all_pairs(np.broadcast_to(table, (2, seeds)))
        assert (pair.difference, pair.low, pair.high) == (0, 0, 0)
        assert (pair.p, pair.adjusted, pair.wilcoxon, pair.effect) == (1, 1, 1, 0)
        assert not pair.claimed


@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
def test_a_constant_difference_has_the_p_of_its_signs(seeds: int) -> None:
    """Neither 0, as t with no spread would have it, nor by how rounding leaves one."""
    steps = np.random.default_rng(seeds).integers(0, 9, seeds) / 10
    (pair,) = all_pairs(np.stack([steps + 0.1, steps]))
    assert pair.p == pytest.approx(2.0 ** (1 - seeds))
    assert math.isnan(pair.effect)
    assert pair.claimed == (seeds > 5)


def test_diverged_members_count_and_break_nothing() -> None:
    row = np.array([0.88, 0.885, 0.879, 0.881, 0.882])
    table = np.stack([row, row + np.array([1, 0, 2, 1, 0]) / 1000, row, np.full(5, 0.1)])
    table[2, [1, 3]] = 0.1
    by = {(pair.first, pair.second): pair for pair in all_pairs(table)}
    assert by[0, 3].claimed
    assert by[1, 3].claimed
    # Two of five seeds are no reason to tell apart: the mean differs by 0.31 +- 0.53.
    assert not by[0, 2].claimed
    assert by[0, 2].low < 0 < by[0, 2].high


def test_less_is_better_turns_the_probability_and_nothing_else() -> None:
    table = scores(3, 9)
    for up, down in zip(all_pairs(table), all_pairs(table, higher_is_better=False), strict=True):
        assert up.probability == pytest.approx(1 - down.probability, abs=1e-15)
        assert up.probability_low == pytest.approx(1 - down.probability_high, abs=1e-12)
        assert (up.difference, up.p, up.effect) == (down.difference, down.p, down.effect)


def test_exchanged_arms_turn_all_signs() -> None:
    table = scores(2, 7)
    (one,), (other,) = all_pairs(table), all_pairs(table[::-1])
    assert (one.p, one.wilcoxon) == pytest.approx((other.p, other.wilcoxon))
    turned = (-other.difference, -other.high, -other.low, -other.effect, 1 - other.probability)
    found = (one.difference, one.low, one.high, one.effect, one.probability)
    assert found == pytest.approx(turned)


def test_many_sweeps_at_once_are_each_by_itself() -> None:
    tables = np.random.default_rng(0).normal(size=(2, 5, 4, 12))
    tables[0, 0, 1, 3] = tables[1, 2, 0, :10] = np.nan
    found = compare(tables)
    assert found.p.shape == (2, 5, 6)
    for place in np.ndindex(2, 5):
        alone = all_pairs(tables[place])
        for name in ("difference", "low", "high", "p", "adjusted"):
            column = [getattr(pair, name) for pair in alone]
            together = getattr(found, name)[place]
            assert np.allclose(together, column, rtol=1e-12, atol=1e-14, equal_nan=True), name
        assert [pair.test for pair in alone] == found.test[place].tolist()
        assert [pair.claimed for pair in alone] == found.claimed[place].tolist()


@pytest.mark.parametrize(("arms", "seeds"), [(5, 5), (3, 10), (5, 10), (5, 20)])
@pytest.mark.parametrize("heavy", [False, True])
def test_one_scheme_under_many_names_is_rarely_told_apart(
    arms: int, seeds: int, heavy: bool
) -> None:
    """2,000 sweeps, t or permutation. At 5 % the share has a standard deviation of 0.49 points."""
    generator = np.random.default_rng([arms, seeds])
    shape = (2000, arms, seeds)
    tables = generator.standard_t(3, shape) if heavy else generator.normal(size=shape)
    assert compare(tables).claimed.any(axis=-1).mean() <= 0.05 + 3 * 0.0049


def test_claims_by_the_adjusted_p() -> None:
    fields = (0, 1, 5, 0.1, 0.0, 0.2, 0.001)
    assert Pair(*fields, 0.05).claimed
    assert not Pair(*fields, 0.0501).claimed
    assert not Pair(*fields, math.nan).claimed
