"""The fast engine's activations against autograd, to the bit where the kernels are ATen's own."""

import pytest
import torch

from src import activations
from src.engine.kernels import KERNELS
from tests.training import option, options

NAMES = options("activation")


def test_every_activation_has_a_kernel() -> None:
    assert sorted(KERNELS) == sorted(activations.ACTIVATIONS) == NAMES
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_kernel_against_autograd(name: str) -> None:
    parameters = option("activation", name).parameters()
    kernel, function = KERNELS[name](**parameters), activations.build(name, **parameters)
    generator = torch.Generator().manual_seed(0)
    z = (torch.randn(37, 29, generator=generator) * 3).requires_grad_()
    d = torch.randn(37, 29, generator=generator)
    expected = function(z)
    (expected_d,) = torch.autograd.grad(expected, z, d)
    h, found_d = torch.empty(37, 29), d.clone()
    kernel.forward(z.detach(), h)
    assert torch.equal(h, expected)
    kernel.backward(found_d, z.detach(), h)
    # softsign has no kernel of its own: autograd takes the difference of two terms, each at most
    # d in size and rounded 4 times by 2^-24, where ours is one quotient.
    allowed = 8 * 2**-24 if name == "softsign" else 0.0
    assert torch.all((found_d - expected_d).abs() <= allowed * d.abs())
