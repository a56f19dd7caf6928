"""src.activations and conf/activation: each against its torch.nn module, values and gradients."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from src import activations
from tests.training import option, options

NAMES = options("activation")

# Name, parameters, and the module that is meant. The first row of each name is its YAML.
TABLE: list[tuple[str, dict[str, Any], nn.Module]] = [
    ("identity", {}, nn.Identity()),
    ("relu", {}, nn.ReLU()),
    ("leaky_relu", {"negative_slope": 0.01}, nn.LeakyReLU()),
    ("leaky_relu", {"negative_slope": 0.3}, nn.LeakyReLU(0.3)),
    ("leaky_relu", {"negative_slope": -1.0}, nn.LeakyReLU(-1.0)),
    ("elu", {"alpha": 1.0}, nn.ELU()),
    ("elu", {"alpha": 0.4}, nn.ELU(0.4)),
    ("selu", {}, nn.SELU()),
    ("gelu", {"approximate": "none"}, nn.GELU()),
    ("gelu", {"approximate": "tanh"}, nn.GELU(approximate="tanh")),
    ("silu", {}, nn.SiLU()),
    ("mish", {}, nn.Mish()),
    ("softplus", {"beta": 1.0}, nn.Softplus()),
    ("softplus", {"beta": 4.0}, nn.Softplus(4.0)),
    ("softsign", {}, nn.Softsign()),
    ("tanh", {}, nn.Tanh()),
    ("sigmoid", {}, nn.Sigmoid()),
]

# Both sides of the origin, zeros of both signs, and far out where exp overflows.
X = torch.cat([torch.linspace(-6, 6, 301), torch.tensor([0.0, -0.0, 1e-30, -100.0, 100.0, 3e38])])


def value_and_slope(function: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    x = X.clone().requires_grad_()
    value = function(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), slope


def test_the_table_is_the_folder_and_the_source() -> None:
    assert len(NAMES) > 0
    assert {name for name, _, _ in TABLE} == set(NAMES) == set(activations.ACTIVATIONS)


@pytest.mark.parametrize(("name", "parameters", "module"), TABLE, ids=str)
def test_activation_against_torch_module(
    name: str, parameters: dict[str, Any], module: nn.Module
) -> None:
    value, slope = value_and_slope(activations.build(name, **parameters))
    expected, expected_slope = value_and_slope(module)
    assert torch.equal(value, expected)
    # equal_nan: mish's slope is NaN at 3e38 in torch itself.
    assert torch.allclose(slope, expected_slope, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_yaml_builds_what_its_name_says(name: str) -> None:
    config = option("activation", name)
    assert config.name == name
    module = next(module for row, _, module in TABLE if row == name)
    value, slope = value_and_slope(activations.build(config.name, **config.parameters()))
    expected, expected_slope = value_and_slope(module)
    assert torch.equal(value, expected)
    assert torch.allclose(slope, expected_slope, rtol=0, atol=0, equal_nan=True)


def test_parameters_change_the_function() -> None:
    for name in ("leaky_relu", "elu", "gelu", "softplus"):
        rows = [parameters for row, parameters, _ in TABLE if row == name]
        values = [activations.build(name, **parameters)(X) for parameters in rows]
        assert len(values) > 1
        assert not torch.equal(values[0], values[1])


def test_equal_activations_are_one_object() -> None:
    """Members that share it are computed together."""
    for name, parameters, _ in TABLE:
        assert activations.build(name, **parameters) is activations.build(name, **parameters)
    assert activations.build("elu", alpha=1.0) is not activations.build("elu", alpha=2.0)
