"""The laws of the schemes that follow the activation or dropout, at any shape, against scipy's."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from src.initializers import Law, Place, Scheme, Setting
from src.initializers.adapted import DropoutAware, Gain, HendrycksGimpel, Kumar, UnitRows, unit_rows
from src.initializers.laws import VarianceScaling
from tests.test_initializers_adapted import setting
from tests.test_initializers_shapes import SHAPES, generator

NAMES = ("relu", "tanh", "gelu", "sigmoid")
SETTINGS = st.builds(setting, st.sampled_from(NAMES), st.floats(0, 0.9))
SCHEMES: st.SearchStrategy[Scheme] = st.one_of(
    st.builds(
        Gain,
        st.sampled_from(["forward", "backward"]),
        st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
        st.sampled_from(["normal", "truncated_normal", "uniform"]),
    ),
    st.just(Kumar()),
    st.just(DropoutAware()),
    st.builds(HendrycksGimpel, st.booleans()),
)


def expected_law(law: Law, shape: tuple[int, int]) -> Any:
    """scipy's law of one weight."""
    std, n = math.sqrt(law.moments(shape).variance), shape[1]
    if isinstance(law, UnitRows):
        if n == 1:
            return None  # ±norm
        half, norm = (n - 1) / 2, std * math.sqrt(n)
        return stats.beta(half, half, loc=-norm, scale=2 * norm)
    assert isinstance(law, VarianceScaling)
    return {
        "normal": stats.norm(0, std),
        "uniform": stats.uniform(-math.sqrt(3) * std, 2 * math.sqrt(3) * std),
        "truncated_normal": stats.truncnorm(-2, 2, scale=std / 0.87962566103423978),
    }[law.distribution]


@settings(max_examples=120, derandomize=True, deadline=None, database=None)
@given(scheme=SCHEMES, found=SETTINGS, shape=SHAPES, seed=st.integers(0, 2**63 - 1))
@pytest.mark.slow
def test_moments_support_and_law_at_any_shape(
    scheme: Scheme, found: Setting, shape: tuple[int, int], seed: int
) -> None:
    # A hidden layer of that shape, so that it stands before and after others.
    place = Place(1, (3, shape[1], shape[0], 2), found)
    law = scheme.at(place)
    weight, bias = scheme.draw(place, weight=generator(seed), bias=generator(0))
    assert bias is None
    assert tuple(weight.shape) == shape
    assert weight.dtype == torch.float32
    sample, count = weight.double().numpy().ravel(), weight.numel()
    mean, variance = law.moments(shape)
    assert mean == 0
    expected = expected_law(law, shape)
    if expected is None:
        assert set(abs(sample)) == {float(torch.tensor(math.sqrt(variance)))}
        assert abs(sample.mean()) <= 5 * math.sqrt(variance / count)
        return
    assert variance == pytest.approx(expected.var(), rel=1e-9)
    # Five standard errors, as derived in test_initializers_laws. Weights of one row of a unit norm
    # are dependent, but their squares against each other: the spread is smaller, not larger.
    assert abs(sample.mean()) < 5 * math.sqrt(variance / count)
    kurtosis = 3 + float(expected.stats(moments="k"))
    if count >= 200:  # below, a sample variance is far from normal
        error = math.sqrt(max(kurtosis - 1, 0) / count)
        assert abs((sample**2).mean() / variance - 1) < 6 * error + 1e-6
    low, high = expected.support()
    assert low * (1 + 2**-22) <= sample.min()
    assert sample.max() <= high * (1 + 2**-22)
    # 120 fixed draws: below 1e-5 in one of them has a chance of .001. A single row of unit norm
    # has no independent weights.
    if not isinstance(law, UnitRows) or shape[0] >= 200:
        assert stats.kstest(sample, expected.cdf).pvalue > 1e-5


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(shape=SHAPES, norm=st.floats(1e-3, 1e3), seed=st.integers(0, 2**63 - 1))
def test_rows_have_the_norm(shape: tuple[int, int], norm: float, seed: int) -> None:
    weight = UnitRows(norm)(shape, generator=generator(seed)).double()
    # Division, product and the float32 norm round by a few 2^-24.
    assert torch.allclose(
        weight.norm(dim=1), torch.full((shape[0],), norm, dtype=torch.double), rtol=1e-6
    )


def test_a_row_of_zeros_gets_a_direction() -> None:
    z = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1e-30, 0.0]])
    assert torch.allclose(unit_rows(z), torch.tensor([[1.0, 0.0], [0.6, 0.8], [1.0, 0.0]]))
    assert torch.equal(unit_rows(torch.zeros(2, 1)), torch.ones(2, 1))
