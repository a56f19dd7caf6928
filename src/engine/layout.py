"""The parameters of a member as one flat vector: the optimizer is one call, and cache-friendly."""

from dataclasses import dataclass

import torch
from torch import Tensor

from src.model import StackedMLP

ALIGNMENT = 16  # float32 numbers in 64 bytes: every tensor of every member begins a cache line


@dataclass
class Views:
    """One member: its flat parameters and gradients, and each layer's part of them."""

    flat: Tensor
    grad: Tensor
    weights: list[Tensor]
    weights_t: list[Tensor]
    biases: list[Tensor]
    weight_grads: list[Tensor]
    bias_grads: list[Tensor]


def places(model: StackedMLP) -> tuple[list[int], int]:
    """Where each parameter begins in a member's flat vector, and how long the vector is."""
    starts, size = [], 0
    for parameter in model.parameters():
        starts.append(size)
        size += -(-parameter[0].numel() // ALIGNMENT) * ALIGNMENT
    return starts, size


def flatten(model: StackedMLP) -> list[Views]:
    """Move the stack's parameters into flat vectors [m, p], of which they become views.

    What lies between two tensors is 0, has the gradient 0, and stays 0 under every optimizer.
    """
    members = len(model)
    parameters = list(model.parameters())
    starts, size = places(model)
    flat, grad = torch.zeros(members, size), torch.zeros(members, size)
    parts: list[list[Tensor]] = []
    grads: list[list[Tensor]] = []
    for parameter, start in zip(parameters, starts, strict=True):
        shape, count = parameter.shape, parameter[0].numel()
        view = flat[:, start : start + count].view(shape)
        view.copy_(parameter.data)
        parameter.data = view
        parts.append(list(view.unbind()))
        grads.append(list(grad[:, start : start + count].view(shape).unbind()))
    layers = len(model.weights)
    return [
        Views(
            flat=flat[k],
            grad=grad[k],
            weights=[part[k] for part in parts[:layers]],
            weights_t=[part[k].t() for part in parts[:layers]],
            biases=[part[k] for part in parts[layers:]],
            weight_grads=[part[k] for part in grads[:layers]],
            bias_grads=[part[k] for part in grads[layers:]],
        )
        for k in range(members)
    ]
