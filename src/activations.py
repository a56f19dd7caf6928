"""Activation functions: elementwise, so that they apply to a stack as to a single network."""

from collections.abc import Callable
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


def identity(x: Tensor) -> Tensor:
    return x


ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "identity": identity,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


@cache
def build(name: str, **parameters: float | str) -> Activation:
    """The activation called `name`, with its parameters (negative_slope, alpha, ...) bound.

    Cached, so that members with equal activations hold the same function and run together.
    """
    return partial(ACTIVATIONS[name], **parameters) if parameters else ACTIVATIONS[name]
