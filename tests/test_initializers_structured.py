"""Laws with structure: the structure to the bit where it is exact, the law by its moments."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import hadamard
from torch import Tensor

from src.initializers.frameworks import AbsoluteCut
from src.initializers.place import Place, Shape
from src.initializers.scheme import Law
from src.initializers.structured import (
    DiagonalNoise,
    Identity,
    Orthogonal,
    RandomizedAsymmetric,
    Sparse,
    SparseMartens,
    ZeroHadamard,
)
from tests.test_initializers_shapes import SHAPES

LAWS: list[Law] = [
    Orthogonal(),
    Identity(),
    DiagonalNoise(0.3),
    Sparse(0.9, 0.5),
    Sparse(0.0, 1.0),
    Sparse(1.0, 1.0),
    SparseMartens(15, "incoming", 1.0),
    SparseMartens(3, "outgoing", 0.2),
    RandomizedAsymmetric(),
    ZeroHadamard(),
    AbsoluteCut(1.0, 2.0),
    AbsoluteCut(9.0, 0.5),
]
laws = pytest.mark.parametrize("law", LAWS, ids=str)
# 25 examples a law, of which each kind of shape has its share.
anywhere = settings(max_examples=25, derandomize=True, deadline=None, database=None)


def generator(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@laws
@anywhere
@given(shape=SHAPES, seed=st.integers(0, 2**63 - 1))
def test_any_shape(law: Law, shape: Shape, seed: int) -> None:
    before = torch.get_rng_state()
    weight = law(shape, generator=generator(seed))
    assert torch.equal(torch.get_rng_state(), before)
    assert tuple(weight.shape) == shape
    assert weight.dtype == torch.float32
    assert weight.is_contiguous()
    assert weight.isfinite().all()
    again = law(shape, generator=generator(seed))
    assert torch.equal(weight, again)
    assert weight.data_ptr() != again.data_ptr()
    drawn, _ = law.draw(Place(0, (shape[1], shape[0])), weight=generator(seed), bias=generator())
    assert torch.equal(drawn, weight)
    assert law.moments(shape).variance >= 0


# One matrix of each kind, and enough draws of it for a sharp estimate.
MOMENT_SHAPES = [(1, 1), (1, 40), (40, 1), (3, 200), (200, 3), (12, 12), (33, 20), (20, 33)]


@laws
@pytest.mark.parametrize("shape", MOMENT_SHAPES, ids=str)
def test_moments_are_those_of_what_is_drawn(law: Law, shape: Shape) -> None:
    """Over draws, the mean of W and of W² per matrix are independent: five standard errors of
    each, estimated from the draws. The seeds are fixed, so the bound holds always or never."""
    source, draws = generator(), 400
    stacked = torch.stack([law(shape, generator=source) for _ in range(draws)]).double()
    mean, variance = law.moments(shape)
    for power, expected in ((1, mean), (2, variance + mean**2)):
        means = stacked.pow(power).mean((1, 2))
        # Where nothing is random, what float32's rounding of the entries leaves.
        slack = 2**-22 * float(stacked.abs().pow(power).mean())
        allowed = 5 * float(means.std()) / math.sqrt(draws) + slack
        assert abs(float(means.mean()) - expected) <= allowed


# --- orthogonal ---------------------------------------------------------------------------


def gram_error(weight: Tensor, gain: float = 1.0) -> float:
    """Of the short side's Gram matrix, from gain² times the identity."""
    short = weight.double() if weight.shape[0] <= weight.shape[1] else weight.double().T
    return float((short @ short.T - gain**2 * torch.eye(len(short))).abs().max())


@anywhere
@given(shape=SHAPES, seed=st.integers(0, 2**63 - 1))
def test_orthogonal_at_any_shape(shape: Shape, seed: int) -> None:
    assert gram_error(Orthogonal()(shape, generator=generator(seed))) < 1e-5


@pytest.mark.parametrize("shape", [(256, 784), (784, 256), (600, 600), (1, 7), (7, 1)], ids=str)
def test_orthogonal_against_torch(shape: Shape) -> None:
    ours, theirs = Orthogonal()(shape, generator=generator()), torch.empty(shape)
    torch.nn.init.orthogonal_(theirs, generator=generator())
    assert gram_error(ours) < 1e-5
    # torch computes in float32: backward stable, so a few times 2^-24 an entry and step of QR.
    assert float((ours - theirs).abs().max()) < 2e-6


def test_orthogonal_is_uniform_over_rotations() -> None:
    """Of a uniform orthonormal vector of n entries, w² has the law Beta(1/2, (n - 1)/2).

    Without the signs the first column would have the sign of the algorithm, -1.
    """
    source, n = generator(), 6
    for shape in ((n, 3), (3, n), (n, n)):
        drawn = torch.stack([Orthogonal()(shape, generator=source) for _ in range(2_000)]).double()
        for entry in (drawn[:, 0, 0], drawn[:, -1, -1]):
            assert stats.kstest(entry.numpy() ** 2, stats.beta(0.5, (n - 1) / 2).cdf).pvalue > 1e-3
            # Half of 2,000 signs, to five standard errors of √2000/2.
            assert abs(int((entry > 0).sum()) - 1_000) < 5 * math.sqrt(2_000) / 2


def test_orthogonal_does_not_depend_on_the_threads() -> None:
    before = torch.get_num_threads()
    drawn = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            drawn.append(Orthogonal()((400, 300), generator=generator()))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*drawn)


# --- identity -----------------------------------------------------------------------------


@anywhere
@given(shape=SHAPES)
def test_identity_against_torch(shape: Shape) -> None:
    expected = torch.nn.init.eye_(torch.empty(shape))
    assert torch.equal(Identity()(shape, generator=generator()), expected)
    noise = DiagonalNoise(0.2)(shape, generator=generator()) - expected
    drawn = torch.empty(shape).normal_(0, 0.2, generator=generator())
    # 1 + noise is rounded where it is up to 4: half of an ulp of 2^-22.
    assert torch.allclose(noise, drawn, rtol=0, atol=2**-23)


def test_diagonal_noise_is_normal() -> None:
    shape = (50, 200)
    noise = DiagonalNoise(0.1)(shape, generator=generator()) - torch.eye(*shape)
    assert stats.kstest(noise.double().numpy().ravel(), stats.norm(0, 0.1).cdf).pvalue > 1e-3


# --- ZerO ---------------------------------------------------------------------------------


@anywhere
@given(shape=SHAPES)
@pytest.mark.slow
def test_zero_hadamard_against_scipy(shape: Shape) -> None:
    fan_out, fan_in = shape
    if fan_out <= fan_in:
        expected = torch.eye(fan_out, fan_in)
    else:
        k = math.ceil(math.log2(fan_out))
        whole = torch.from_numpy(hadamard(2**k)[:fan_out, :fan_in]).double() / 2 ** (k / 2)
        expected = whole.float()
    weight = ZeroHadamard()(shape, generator=generator())
    assert torch.allclose(weight, expected, rtol=2**-23, atol=0)


@pytest.mark.parametrize("shape", [(64, 10), (64, 63), (2, 1)], ids=str)
def test_zero_hadamard_is_orthogonal_at_powers_of_two(shape: Shape) -> None:
    assert gram_error(ZeroHadamard()(shape, generator=generator())) < 1e-6
