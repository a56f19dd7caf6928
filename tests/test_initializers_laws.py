"""Every law against scipy's: mean, variance, support, distribution, independence."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from src.initializers import LAWS, Constant, Law, Normal, TruncatedNormal, Uniform, VarianceScaling
from src.initializers.laws import std_after

FAN_OUT, FAN_IN = 100, 250
SHAPE = (FAN_OUT, FAN_IN)
COUNT = FAN_OUT * FAN_IN

# The seeds are fixed, so a bound is passed always or never; five standard errors leave a right
# implementation a chance of 6e-7 to be unlucky with its seed.
K = 5


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cut_normal(std: float, mean: float = 0.0, cut: float = 2.0) -> Any:
    return stats.truncnorm(-cut, cut, loc=mean, scale=std)


def uniform(low: float, high: float) -> Any:
    return stats.uniform(low, high - low)


@dataclass(frozen=True)
class Row:
    """A law, and what scipy calls the law of its weights in a matrix of SHAPE."""

    law: Law
    expected: Any


def scaled(scale: float, fan: str, distribution: str) -> Row:
    fans = {"fan_in": FAN_IN, "fan_out": FAN_OUT, "fan_avg": (FAN_IN + FAN_OUT) / 2}
    std = math.sqrt(scale / fans[fan])
    expected = {
        "normal": stats.norm(0, std),
        "truncated_normal": cut_normal(std / 0.87962566103423978),
        "uniform": uniform(-math.sqrt(3) * std, math.sqrt(3) * std),
    }
    return Row(VarianceScaling(scale, fan, distribution), expected[distribution])


TABLE = {
    "uniform(0, 1)": Row(Uniform(0.0, 1.0), uniform(0, 1)),
    "uniform(-.5, .5)": Row(Uniform(-0.5, 0.5), uniform(-0.5, 0.5)),
    "uniform(2, 2.25)": Row(Uniform(2.0, 2.25), uniform(2, 2.25)),
    "normal(0, .05)": Row(Normal(0.0, 0.05), stats.norm(0, 0.05)),
    "normal(-3, 2)": Row(Normal(-3.0, 2.0), stats.norm(-3, 2)),
    "truncated_normal(0, .1)": Row(TruncatedNormal(0.0, 0.1), cut_normal(0.1)),
    "truncated_normal(1, 2, .5)": Row(TruncatedNormal(1.0, 2.0, 0.5), cut_normal(2, 1, 0.5)),
    "truncated_normal(-1, .3, 3)": Row(TruncatedNormal(-1.0, 0.3, 3.0), cut_normal(0.3, -1, 3)),
    **{
        f"variance_scaling({scale:.3g}, {fan}, {distribution})": scaled(scale, fan, distribution)
        for scale in (1 / 3, 2.0)
        for fan in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("normal", "truncated_normal", "uniform")
    },
}
rows = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


def sample(row: Row, seed: int = 0) -> Any:
    weight = row.law(SHAPE, generator=generator(seed))
    assert weight.shape == SHAPE
    return weight.double().numpy()


def test_the_table_has_every_law() -> None:
    assert {type(row.law) for row in TABLE.values()} | {Constant} == set(LAWS.values())


@rows
def test_mean_against_scipy(row: Row) -> None:
    # The mean of n independent weights has the standard error σ/√n.
    allowed = K * row.expected.std() / math.sqrt(COUNT)
    assert abs(sample(row).mean() - row.expected.mean()) < allowed


@rows
def test_variance_against_scipy(row: Row) -> None:
    # A sample variance has the standard error σ²·√((κ - 1)/n), with κ = μ4/σ⁴ the kurtosis (3 for
    # a normal law, 9/5 for a uniform one); scipy gives the excess κ - 3.
    kurtosis = 3 + float(row.expected.stats(moments="k"))
    variance = row.expected.var()
    allowed = K * variance * math.sqrt((kurtosis - 1) / COUNT)
    assert abs(sample(row).var() - variance) < allowed


@rows
@pytest.mark.parametrize("seed", [0, 1])
def test_distribution_against_scipy_by_kolmogorov_smirnov(row: Row, seed: int) -> None:
    assert stats.kstest(sample(row, seed).ravel(), row.expected.cdf).pvalue > 1e-3


@rows
def test_support_against_scipy(row: Row) -> None:
    weight = sample(row)
    low, high = row.expected.support()
    # float32 rounds a bound by at most 2^-24 of its size, and mean + std · z once more.
    slack = 2**-22 * max(abs(row.expected.mean()), row.expected.std())
    assert weight.min() >= low - slack
    assert weight.max() <= high + slack
    if math.isfinite(high):
        # The largest of n draws comes this near to an end: of each tail of probability 40/n,
        # e^-40 of all samples hold none.
        assert weight.min() <= row.expected.ppf(40 / COUNT)
        assert weight.max() >= row.expected.ppf(1 - 40 / COUNT)


@rows
def test_weights_are_independent(row: Row) -> None:
    # A correlation of n independent pairs has the standard error 1/√n: along a row, along a
    # column, and between the two halves of the matrix.
    weight = sample(row)
    z = (weight - weight.mean()) / weight.std()
    half = FAN_OUT // 2
    pairs = [(z[:, :-1], z[:, 1:]), (z[:-1], z[1:]), (z[:half], z[half : 2 * half])]
    for left, right in pairs:
        assert abs(float(np.mean(left * right))) < K / math.sqrt(left.size)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.3])
def test_constant_is_constant(value: float) -> None:
    weight = Constant(value)(SHAPE, generator=generator(0))
    assert torch.equal(weight, torch.full(SHAPE, value, dtype=torch.float32))


def test_std_after_a_cut_against_golden_value_and_scipy() -> None:
    # INITIALISERS.md, section 1; Keras and JAX divide by the same number.
    assert math.isclose(std_after(2), 0.87962566103423978, rel_tol=1e-15)
    for cut in (0.5, 1.0, 3.0, 6.0):
        assert math.isclose(std_after(cut), stats.truncnorm(-cut, cut).std(), rel_tol=1e-9)


# --- generators --------------------------------------------------------------------------

LAW_OBJECTS = [Constant(0.5), *(row.law for row in TABLE.values())]
laws = pytest.mark.parametrize("law", LAW_OBJECTS, ids=str)


@laws
def test_same_generator_state_gives_the_same_weights(law: Law) -> None:
    first = law(SHAPE, generator=generator(3))
    again = law(SHAPE, generator=generator(3))
    assert torch.equal(first, again)
    assert first.data_ptr() != again.data_ptr()


@laws
def test_another_seed_and_a_second_draw_give_other_weights(law: Law) -> None:
    source = generator(3)
    first, second = law(SHAPE, generator=source), law(SHAPE, generator=source)
    other = law(SHAPE, generator=generator(4))
    constant = isinstance(law, Constant)
    assert torch.equal(first, second) == constant
    assert torch.equal(first, other) == constant


@laws
def test_the_global_generator_is_left_alone(law: Law) -> None:
    before = torch.get_rng_state()
    law(SHAPE, generator=generator(0))
    assert torch.equal(torch.get_rng_state(), before)
