"""The edge of chaos: golden values, χ1 = 1 by scipy's integrals, and where there is none."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from scipy import integrate, stats

from src import activations
from src.criticality import critical
from src.errors import InputError
from src.initializers.critical import Critical
from src.initializers.draw import Start, check, draw_layers
from src.initializers.place import Place, Setting
from src.schema.init import BiasConfig, BiasLaw, Distribution
from src.schema.init_critical import CriticalInit
from tests.command import Command
from tests.conftest import SMALL

Real = Callable[[float], float]
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


# φ and φ' by hand, apart from torch.
BY_HAND: dict[str, tuple[Real, Real]] = {
    "tanh": (math.tanh, lambda x: 1 / math.cosh(x) ** 2 if abs(x) < 300 else 0.0),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softsign": (lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2),
    "elu": (lambda x: x if x > 0 else math.expm1(x), lambda x: 1 if x > 0 else math.exp(x)),
    "selu": (
        lambda x: SCALE * (x if x > 0 else ALPHA * math.expm1(x)),
        lambda x: SCALE * (1 if x > 0 else ALPHA * math.exp(x)),
    ),
    "gelu": (
        lambda x: x * float(stats.norm.cdf(x)),
        lambda x: float(stats.norm.cdf(x) + x * stats.norm.pdf(x)),
    ),
    "relu": (lambda x: max(x, 0.0), lambda x: float(x > 0)),
}
CASES = [
    *(
        (name, bias, dropout)
        for name in ("tanh", "sigmoid", "softsign", "elu", "selu")
        for bias, dropout in ((0.0025, 0.0), (0.05, 0.2), (1.0, 0.5))
    ),
    ("gelu", 0.36, 0.0),
    ("gelu", 1.0, 0.3),
    ("sigmoid", 0.0, 0.0),
]


def by_scipy(f: Real, q: float) -> float:
    """E[f(√q z)²], in pieces around 0, where f may have a kink or be steep."""

    def integrand(z: float) -> float:
        return f(math.sqrt(q) * z) ** 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    steep = min(3 / math.sqrt(q), 5.0)
    edges = [-12, -steep, 0, steep, 12]
    pieces = [
        integrate.quad(integrand, low, high, epsabs=1e-13, limit=200)[0]
        for low, high in pairwise(edges)
    ]
    return float(sum(pieces))


@pytest.mark.parametrize(
    ("bias", "expected"), [(0.0, 1.0), (0.01, 1.424), (0.05, 1.761), (0.1, 1.986)]
)
def test_golden_values_of_tanh(bias: float, expected: float) -> None:
    assert critical(torch.tanh, bias).weight == pytest.approx(expected, abs=5e-4)


def test_golden_value_of_sigmoid() -> None:
    assert math.sqrt(critical(torch.sigmoid).weight) == pytest.approx(10.149, abs=5e-4)


@pytest.mark.parametrize(("name", "bias", "dropout"), CASES)
def test_chi_is_1_by_an_independent_integral(name: str, bias: float, dropout: float) -> None:
    point = critical(activations.build(name), bias, dropout)
    assert point.q is not None
    phi, slope = BY_HAND[name]
    keep = 1 - dropout
    assert abs(point.weight * by_scipy(slope, point.q) / keep - 1) < 1e-6
    again = point.weight * by_scipy(phi, point.q) / keep + bias
    assert again == pytest.approx(point.q, rel=1e-6)


@pytest.mark.parametrize(("name", "bias", "dropout"), CASES)
def test_the_point_attracts(name: str, bias: float, dropout: float) -> None:
    """From a q 5 % away, layers lead nearer, by scipy's integrals."""
    point = critical(activations.build(name), bias, dropout)
    assert point.q is not None
    phi, _ = BY_HAND[name]
    for start in (0.95 * point.q, 1.05 * point.q):
        after = point.weight * by_scipy(phi, start) / (1 - dropout) + bias
        assert abs(after - point.q) < abs(start - point.q)


@pytest.mark.parametrize("name", ["tanh", "softsign", "elu", "selu"])
def test_without_biases_the_point_is_at_zero(name: str) -> None:
    point = critical(activations.build(name), 0.0, 0.1)
    assert point.q == 0
    # σw² = p/φ'(0)²; of SELU, whose slopes at 0 are two, the mean of their squares.
    _, slope = BY_HAND[name]
    steepness = (slope(1e-12) ** 2 + slope(-1e-12) ** 2) / 2
    assert point.weight == pytest.approx(0.9 / steepness, rel=1e-9)


@pytest.mark.parametrize("bias", [0.0, 0.3])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_relu_is_critical_at_he_times_keep(bias: float, dropout: float) -> None:
    point = critical(torch.relu, bias, dropout)
    assert point.weight == pytest.approx(2 * (1 - dropout), rel=1e-12)
    assert point.q is None


NONE = [
    ("softplus", 0.0),
    ("softplus", 0.01),
    ("softplus", 4.0),
    ("gelu", 0.0),
    ("gelu", 0.01),
    ("silu", 0.25),
    ("mish", 0.01),
]


@pytest.mark.parametrize(("name", "bias"), NONE)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_no_critical_point_is_told_with_the_range(name: str, bias: float, dropout: float) -> None:
    with pytest.raises(InputError) as caught:
        critical(activations.build(name), bias, dropout)
    said = str(caught.value)
    assert said.startswith(f"no critical σw at σb = {math.sqrt(bias):.4g}: ")
    assert "searched σw from " in said
    assert ("repels" in said) == (name != "softplus")


@pytest.mark.slow
def test_gelu_between_its_repelling_and_its_attracting_point() -> None:
    """σw² of a repelling point, by scipy: q leaves it, though χ1 = 1."""
    phi, slope = BY_HAND["gelu"]

    def distance(q: float) -> float:
        return (q - 0.01) * by_scipy(slope, q) / by_scipy(phi, q) - 1

    from scipy.optimize import brentq

    q = brentq(distance, 0.05, 1.0)
    weight = 1 / by_scipy(slope, q)
    for start in (0.95 * q, 1.05 * q):
        assert abs(weight * by_scipy(phi, start) + 0.01 - q) > abs(start - q)


# --- the scheme -----------------------------------------------------------------------------


def at(layer: int, **setting: object) -> float:
    """fan_in · Var(W) that the scheme gives to a layer of 30-20-20-10."""
    place = Place(layer, (30, 20, 20, 10), Setting(**setting))  # type: ignore[arg-type]
    variance = Critical("normal").at(place).moments(place.shape).variance
    return variance * place.shape[1]


def test_the_scheme_follows_activation_bias_and_dropout() -> None:
    assert at(1) == pytest.approx(2)
    tanh = {"activation": torch.tanh, "activation_name": "tanh", "bias_variance": 0.05}
    assert at(1, **tanh) == pytest.approx(1.761, abs=5e-4)
    assert at(1, **tanh, dropout=0.2) == pytest.approx(0.8 * 1.761, abs=5e-4)
    assert at(2, **tanh, dropout=0.2) == at(1, **tanh, dropout=0.2)


def test_the_first_layer_reads_data_without_dropout() -> None:
    assert at(0, dropout=0.2) == pytest.approx(2)
    assert at(1, dropout=0.2) == pytest.approx(1.6)


def test_a_deep_tanh_network_keeps_its_gradients() -> None:
    """40 layers of 300: the squared gradient at layer 10 over that at layer 40 is χ1^30 = 1.

    Its logarithm has, over draws, a variance of some 30 · 5/300 = .5, and the mean of 8 draws a
    standard error of .25; at χ1 = 1.2, torch's gain, it would be 5.5.
    """
    start = Start("critical", {"distribution": "normal"}, "normal", {"std": math.sqrt(0.05)})
    setting = Setting(activation=torch.tanh, activation_name="tanh", bias_variance=0.05)
    sizes = [300] * 41
    logs = []
    for seed in range(8):
        layers = draw_layers(sizes, start, seed, setting)
        generator = torch.Generator().manual_seed(seed)
        x = (torch.randn(1, 300, generator=generator) * 0.75).requires_grad_()
        kept = []
        for weight, bias in layers:
            kept.append(x @ weight.T + bias)
            x = torch.tanh(kept[-1])
        out = (x * torch.randn(1, 300, generator=generator)).sum()
        first, last = torch.autograd.grad(out, [kept[9], kept[39]])
        logs.append(math.log(float(first.square().sum() / last.square().sum())))
    assert abs(sum(logs) / len(logs)) < 1.0


def test_the_schema_wants_biases_the_theory_knows() -> None:
    def made(bias: BiasConfig) -> CriticalInit:
        return CriticalInit(name="made", distribution=Distribution.normal, bias=bias)

    made(BiasConfig(law=BiasLaw.normal, std=0.3))
    made(BiasConfig())
    with pytest.raises(InputError, match=r"init\.bias\.law=uniform_fan_in: must be normal or"):
        made(BiasConfig(law=BiasLaw.uniform_fan_in))
    with pytest.raises(InputError, match=r"init\.bias\.value=0\.1: must be 0 where init=critical"):
        made(BiasConfig(value=0.1))


@pytest.mark.slow
def test_a_start_without_critical_point_is_refused_before_training(command: Command) -> None:
    outcome = command("-m", *SMALL, "init=critical", "activation=relu,softplus")
    outcome.assert_refused()
    assert "init=critical, activation=softplus: no critical σw at σb = 0.1" in outcome.err
    assert command.results() == []


def test_solving_once_serves_many_members() -> None:
    setting = Setting(activation=torch.tanh, activation_name="tanh", bias_variance=0.0123)
    start = Start("critical", {"distribution": "normal"})
    critical.cache_clear()
    for _ in range(50):
        check([20] * 11, start, setting)
    assert critical.cache_info().misses == 1
