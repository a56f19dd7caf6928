"""meta_init: its quotient against a slow twin in float64, and what tuning does to it."""

import pytest
import torch
from torch import Tensor

from src.initializers.draw import places
from src.initializers.grad_init import gradients_of
from src.initializers.meta_init import MetaInit, gradient_quotient
from src.model import StackedMLP
from tests.tuned_problem import (
    CLASSES,
    SIZES,
    SMOOTH,
    along_weight,
    batch,
    difference,
    endless,
    network,
)

smooth = pytest.mark.parametrize("activation", SMOOTH)


def slow_quotient(stack: StackedMLP, x: Tensor, y: Tensor, epsilon: float) -> float:
    """With Hg by a central difference of the gradient."""
    g = gradients_of(stack, x, y)
    hg = difference(stack, g, lambda: gradients_of(stack, x, y), 1e-5)
    total, count = 0.0, 0
    for gradient, product in zip(g, hg, strict=True):
        for a, b in zip(gradient.flatten().tolist(), product.flatten().tolist(), strict=True):
            total += abs((a - b) / (a + (epsilon if a >= 0 else -epsilon)) - 1)
            count += 1
    return total / count


@smooth
def test_quotient_against_finite_differences(activation: str) -> None:
    """The difference errs by 1e-10 (its h², times third derivatives below 1) and by 1e-11 of
    rounding; the least denominator is ε = 1e-5: 1e-5 of error where the sum is of size 1."""
    stack = network(activation)
    x, y = batch(1)
    found = float(gradient_quotient(stack, x, y, 1e-5).detach())
    assert found == pytest.approx(slow_quotient(stack, x, y, 1e-5), rel=1e-4)


@smooth
def test_slope_of_the_quotient_against_finite_differences(activation: str) -> None:
    """What sign-SGD follows: d quotient / d norm, times the norm."""
    stack = network(activation)
    x, y = batch(1)
    weights = [stack.weights[k] for k in range(3)]
    slopes = torch.autograd.grad(gradient_quotient(stack, x, y, 1e-2), weights)
    for layer, (weight, slope) in enumerate(zip(weights, slopes, strict=True)):
        (expected,) = difference(
            stack,
            along_weight(stack, layer),
            lambda: [gradient_quotient(stack, x, y, 1e-2)],
            1e-6,
        )
        # Where a term of the 1-norm turns its sign within h the difference is off by its share.
        assert float((weight * slope).sum().detach()) == pytest.approx(float(expected), rel=2e-2)


def mean_quotient(stack: StackedMLP, features: int) -> float:
    values = []
    for seed in range(900, 920):
        x, y = batch(seed, 8, features)
        values.append(float(gradient_quotient(stack, x.float(), y, 1e-5).detach()))
    return sum(values) / len(values)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.slow
def test_the_quotient_falls(activation: str) -> None:
    """On average over fresh batches, and with batches large enough: the quotient is heavy-tailed,
    because parameters whose gradient is near 0 decide it, and so are its slopes."""
    sizes = [60, 128, 64, CLASSES]
    stack = network(activation, sizes=sizes, double=False)
    drawn = stack.member(0)
    before = mean_quotient(stack, 60)
    MetaInit().tune(stack, places(sizes), endless(64, 60), generator=torch.Generator())
    assert mean_quotient(stack, 60) < 0.6 * before
    for (weight, bias), (old, old_bias) in zip(stack.member(0), drawn, strict=True):
        scale = float(weight.norm() / old.norm())
        assert abs(scale - 1) > 0.01
        # 50 products in float32.
        assert torch.allclose(weight, scale * old, rtol=50 * 2**-23, atol=0)
        assert torch.equal(bias, old_bias)


def test_first_steps_of_sign_sgd() -> None:
    """.1, then .1 · (1 + momentum) where the sign stays."""
    stack = network(sizes=SIZES, double=False)
    norms = [[float(stack.weights[k].detach().norm()) for k in range(3)]]
    for steps in (1, 2):
        fresh = network(sizes=SIZES, double=False)
        scheme = MetaInit(steps=steps, momentum=0.5)
        scheme.tune(fresh, places(SIZES), endless(8), generator=torch.Generator())
        norms.append([float(fresh.weights[k].detach().norm()) for k in range(3)])
    for start, one, two in zip(*norms, strict=True):
        assert abs(one - start) == pytest.approx(0.1, rel=1e-4)
        assert abs(two - one) in (pytest.approx(0.15, rel=1e-4), pytest.approx(0.05, rel=1e-4))
