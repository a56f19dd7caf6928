"""The laws that biases are drawn from: a bias has the shape (fan_out,) and knows its fan_in."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

BiasLaw = Callable[[int, int, float, torch.Generator], Tensor]


def constant(fan_out: int, fan_in: int, value: float, generator: torch.Generator) -> Tensor:
    return torch.full((fan_out,), value, dtype=torch.float32)


def uniform_fan_in(fan_out: int, fan_in: int, value: float, generator: torch.Generator) -> Tensor:
    """U(±1/√fan_in), as torch.nn.Linear draws its bias; `value` is its centre."""
    bound = 1 / math.sqrt(fan_in)
    return torch.empty(fan_out).uniform_(value - bound, value + bound, generator=generator)


BIASES: dict[str, BiasLaw] = {"constant": constant, "uniform_fan_in": uniform_fan_in}
