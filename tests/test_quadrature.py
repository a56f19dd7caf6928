"""Kinks and jumps away from 0: found, and integrated over, against closed forms and scipy."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from scipy import integrate, stats

from src.bivariate import expectation_of_pair
from src.criticality import critical
from src.errors import InputError
from src.meanfield import Layer
from src.quadrature import derivative, expectation, kinks

Function = Callable[[torch.Tensor], torch.Tensor]
uneven = partial(F.hardtanh, min_val=-0.37, max_val=0.61)
# φ, and where it is clipped.
CLIPPED: dict[str, tuple[Function, float, float]] = {
    "hardtanh": (F.hardtanh, -1.0, 1.0),
    "relu6": (F.relu6, 0.0, 6.0),
    "uneven": (uneven, -0.37, 0.61),
}


# --- kinks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (F.hardtanh, [-1, 1]),
        (uneven, [-0.37, 0.61]),
        (F.relu6, [6]),
        (F.hardswish, [-3, 3]),
        (F.hardshrink, [-0.5, 0.5]),
        (derivative(F.softshrink), [-0.5, 0.5]),
        (lambda x: torch.where(x > 39.7, x + 7, x), [39.7]),
        (lambda x: (x - math.e).abs() + torch.tanh(x), [math.e]),
        (torch.relu, []),  # 0 is cut at anyway
        (torch.sign, []),
        *((f, []) for f in (torch.tanh, torch.exp, F.gelu, F.silu, F.mish, F.softplus, F.elu)),
        (lambda x: torch.sigmoid(1e4 * x), []),  # steep is not a jump
        (lambda x: torch.sin(100 * x), []),
    ],
)
def test_kinks(f: Function, expected: list[float]) -> None:
    assert kinks(f) == pytest.approx(expected, rel=1e-13)


def test_of_many_kinks_the_nearest_are_kept() -> None:
    assert kinks(torch.floor) == pytest.approx([*range(-8, 0), *range(1, 9)], rel=1e-13)


# --- one variable ---------------------------------------------------------------------------

OFFSETS = [s * d for d in (1e-5, 3e-5, 1e-4, 3e-4, 1e-3) for s in (-1, 1)]


@pytest.mark.parametrize("edge", [-1.0, 0.0, 0.75, 2.5])
@pytest.mark.slow
def test_a_jump_near_the_edge_of_a_panel_is_seen(edge: float) -> None:
    """E[1{z > a}] = (1 - erf(a/√2))/2, to the bound that the halvings keep: some 1e-12."""
    for a in [*(edge + d for d in OFFSETS), *torch.linspace(edge, edge + 0.25, 7).tolist()]:
        found = expectation(lambda z, a=a: (z > a).double())  # type: ignore[misc]
        assert found == pytest.approx(math.erfc(a / math.sqrt(2)) / 2, abs=2e-12), a


@pytest.mark.parametrize("std", [1.0, 30.0])
def test_slopes_of_clipped_lines(std: float) -> None:
    """E[φ'²] = P(|u| < a), told of the kinks or not."""
    for a in [1 + d for d in OFFSETS[::3]]:
        slope = derivative(partial(F.hardtanh, min_val=-a, max_val=a))
        expected = math.erf(a / std / math.sqrt(2))
        for cuts in ((), kinks(slope)):
            found = expectation(lambda u, s=slope: s(u).square(), std, cuts)  # type: ignore[misc]
            assert found == pytest.approx(expected, abs=2e-12)


@pytest.mark.parametrize("q", [1e-6, 0.3, 1.0, 50.0])
def test_variance_slope_of_hardtanh(q: float) -> None:
    """d/dq E[φ²] = E[u·φ·φ']/q = E[z²; |z| < 1/√q] = P(|z| < t) - 2t·density(t), t = 1/√q."""
    t = 1 / math.sqrt(q)
    expected = math.erf(t / math.sqrt(2)) - 2 * t * float(stats.norm.pdf(t))
    assert Layer(F.hardtanh, 1.7).variance_slope(q) == pytest.approx(1.7 * expected, abs=1e-12)


# --- two variables --------------------------------------------------------------------------


@pytest.mark.parametrize("c", [-0.99, 0.3, 0.99, 0.9999])
@pytest.mark.parametrize("q", [0.1, 2.0, 40.0])
@pytest.mark.parametrize("name", CLIPPED)
def test_pair_of_clipped_slopes_against_scipys_normal(name: str, q: float, c: float) -> None:
    """E[φ'(u1)φ'(u2)] = P(both in the linear part)."""
    f, low, high = CLIPPED[name]
    pair = stats.multivariate_normal([0, 0], [[q, q * c], [q * c, q]])
    expected = pair.cdf([high, high], lower_limit=[low, low], rng=0)
    assert expectation_of_pair(derivative(f), q, c) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("c", [-1.0, 1.0])
def test_pair_of_equals_and_opposites(c: float) -> None:
    """Of the uneven one: u and c·u are both in the linear part."""
    low, high = (-0.37, 0.61) if c > 0 else (-0.37, 0.37)
    expected = float(stats.norm.cdf(high) - stats.norm.cdf(low))
    assert expectation_of_pair(derivative(uneven), 1.0, c) == pytest.approx(expected, abs=1e-12)


# --- the critical point ---------------------------------------------------------------------


def moment(g: Callable[[float], float], q: float, low: float, high: float) -> float:
    """E[g(√q z)²] by scipy, in pieces between the kinks."""
    std = math.sqrt(q)
    places = {-12.0, 12.0, *(k / std for k in (low, 0.0, high) if abs(k) < 12 * std)}
    parts = (
        integrate.quad(
            lambda z: g(std * z) ** 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), a, b
        )[0]
        for a, b in pairwise(sorted(places))
    )
    return float(sum(parts))


def clipped_critical(name: str, bias: float) -> bool:
    """Whether there is a point; it is held to χ1 = 1 and to a variance that stays."""
    f, low, high = CLIPPED[name]
    try:
        point = critical(f, bias)
    except InputError:
        return False
    assert point.q is not None
    q = max(point.q, 1e-24)
    chi = point.weight * moment(lambda u: float(low < u < high), q, low, high)
    assert chi == pytest.approx(1, abs=1e-6)
    after = point.weight * moment(lambda u: min(max(u, low), high), q, low, high) + bias
    assert after == pytest.approx(q, rel=1e-6)
    return True


@pytest.mark.parametrize("name", CLIPPED)
def test_clipped_lines_without_biases_are_critical_at_0(name: str) -> None:
    point = critical(CLIPPED[name][0])
    assert point.q == 0
    assert point.weight == pytest.approx(2 if name == "relu6" else 1, rel=1e-12)


@pytest.mark.parametrize("name", CLIPPED)
def test_critical_where_the_coarse_grid_is_wrong_about_signs(name: str) -> None:
    for bias in (0.6, 0.64, 0.8):
        assert clipped_critical(name, bias)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPPED)
def test_critical_at_every_bias(name: str) -> None:
    for k in range(20):
        assert clipped_critical(name, 2 * k / 19), k
