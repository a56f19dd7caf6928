"""The networks that probes are held against their twins on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from src import activations
from src.diagnostics.snapshot import Snapshot
from src.model import StackedMLP
from tests.probe_networks import Twin

FEATURES, CLASSES, SAMPLES = 5, 3, 7


def squareplus(x: Tensor) -> Tensor:
    return (x + torch.sqrt(x * x + 4)) / 2


def cube(x: Tensor) -> Tensor:
    return x * x * x


def step(x: Tensor) -> Tensor:
    """Of slope 0 everywhere."""
    return (x > 0).to(x) + 0 * x


OWN: dict[str, Callable[[Tensor], Tensor]] = {
    "hardtanh": F.hardtanh,
    "squareplus": squareplus,
    "exp": torch.exp,
    "cube": cube,
    "step": step,
}


@dataclass(frozen=True)
class Problem:
    activation: str = "relu"
    hidden: tuple[int, ...] = (4, 3)
    gain: float = 1.5
    bias: float = 0.3  # std
    scales: tuple[float, ...] = ()
    change: Callable[[list[tuple[Tensor, Tensor]]], None] = field(default=lambda layers: None)

    @property
    def function(self) -> Callable[[Tensor], Tensor]:
        return OWN.get(self.activation) or activations.build(self.activation)

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        g = torch.Generator().manual_seed(5)
        sizes = [FEATURES, *self.hidden, CLASSES]
        found = []
        for fan_in, fan_out in pairwise(sizes):
            weight = torch.randn(fan_out, fan_in, generator=g, dtype=torch.float64)
            bias = torch.randn(fan_out, generator=g, dtype=torch.float64)
            found.append((self.gain * weight / fan_in**0.5, self.bias * bias))
        self.change(found)
        return found

    def snapshot(self, dtype: torch.dtype = torch.float64) -> Snapshot:
        return snapshot([self], dtype)

    def twin(self) -> Twin:
        expected = expectation(len(self.hidden) + 1)
        x, y = data()
        layers = self.layers()
        return Twin(layers, list(self.scales), self.function, self.activation, x, y, expected)


def data() -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(6)
    x = torch.rand(SAMPLES, FEATURES, generator=g, dtype=torch.float64)
    return x, torch.randint(CLASSES, (SAMPLES,), generator=g)


def expectation(layers: int) -> list[tuple[float, float]]:
    """Numbers of no theory: the probes divide by what they are told."""
    return [(0.5 + k, 2.0 + k) for k in range(layers)]


def snapshot(problems: list[Problem], dtype: torch.dtype = torch.float64) -> Snapshot:
    """Of one stack; all must have the same shape."""
    scales = [problem.scales for problem in problems if problem.scales]
    functions = [problem.function for problem in problems]
    model = StackedMLP([problem.layers() for problem in problems], functions, scales)
    x, y = data()
    layers = len(problems[0].hidden) + 1
    names = [problem.activation for problem in problems]
    expected = [lambda size: expectation(layers)] * len(problems)
    return Snapshot(model.to(dtype), x.to(dtype), y, names, expected)


def _zeros(layers: list[tuple[Tensor, Tensor]]) -> None:
    for weight, bias in layers:
        weight.zero_()
        bias.zero_()


def _ones(layers: list[tuple[Tensor, Tensor]]) -> None:
    """But for the logits: of equal ones the gradient is 0, and what is measured of it rounding."""
    for weight, bias in layers[:-1]:
        weight.fill_(1.0)
        bias.zero_()


def _dead_units(layers: list[tuple[Tensor, Tensor]]) -> None:
    layers[0][1][:2] = -100.0


def _dead_layer(layers: list[tuple[Tensor, Tensor]]) -> None:
    layers[1][1].fill_(-100.0)


def _copies(layers: list[tuple[Tensor, Tensor]]) -> None:
    """Two units of the first layer with equal weights in and out."""
    (weight, bias), (after, _) = layers[:2]
    weight[1], bias[1] = weight[0], bias[0]
    after[:, 1] = after[:, 0]


def _one_sample_alive(layers: list[tuple[Tensor, Tensor]]) -> None:
    """The first layer is a threshold that one sample alone reaches."""
    x, _ = data()
    weight, bias = layers[0]
    weight.copy_((x[0] - x.mean(0)).expand_as(weight))
    heights = sorted((x @ weight[0]).tolist())
    bias.fill_(-(heights[-1] + heights[-2]) / 2)


ALL = [
    "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus",
    "softsign", "tanh", "sigmoid",
]  # fmt: skip
PROBLEMS = {
    **{name: Problem(name) for name in (*ALL, *OWN)},
    "no hidden layer": Problem(hidden=()),
    "one hidden layer": Problem("tanh", hidden=(6,)),
    "units of one": Problem("tanh", hidden=(1, 1)),
    "wide": Problem("gelu", hidden=(11,)),
    "residual relu": Problem("relu", hidden=(4, 4, 4), scales=(0.7,)),
    "residual tanh": Problem("tanh", hidden=(4, 4, 4, 4, 4, 4), scales=(0.7, 1.3)),
    "residual, branches closed": Problem("tanh", hidden=(4, 4, 4), scales=(0.0,)),
    "zeros": Problem(change=_zeros),
    "zeros, sigmoid": Problem("sigmoid", change=_zeros),
    "ones": Problem("tanh", change=_ones),
    "dead units": Problem(change=_dead_units),
    "dead units of a smooth one": Problem("gelu", change=_dead_units),
    "dead layer": Problem(change=_dead_layer),
    "dead layer of a smooth one": Problem("silu", change=_dead_layer),
    "copies": Problem("tanh", change=_copies),
    "saturated": Problem("tanh", gain=10.0),
    "saturated, one's own": Problem("hardtanh", gain=10.0),
    "large": Problem("elu", gain=30.0),
    "one sample alive": Problem(change=_one_sample_alive),
}
