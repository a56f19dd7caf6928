"""Weights as safetensors, named as a plain torch.nn.Sequential names them.

The network is nn.Sequential(Linear, activation, Linear, ..., Linear): dense layer l is entry 2l.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from src.errors import InputError
from src.model import Layers
from src.tracking.files import write_atomically


def save_weights(path: Path, layers: Layers, notes: dict[str, str]) -> None:
    tensors: dict[str, Tensor] = {}
    for position, (weight, bias) in enumerate(layers):
        tensors[f"{2 * position}.weight"] = weight.contiguous()
        tensors[f"{2 * position}.bias"] = bias.contiguous()
    write_atomically(path, save(tensors, metadata=notes))


def load_weights(path: Path, sizes: Sequence[int]) -> Layers:
    """The layers of a network of these sizes (in, hidden ..., out); InputError if they differ."""
    key = f"model.weights={path}"
    try:
        with safe_open(str(path), framework="pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(f"{key}: not a readable safetensors file ({error}).") from error
    expected = _shapes(sizes)
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    if shapes != expected:
        raise InputError(f"{key}: holds {shapes}, but this network has {expected}.")
    for name, tensor in found.items():
        if tensor.dtype != torch.float32:
            raise InputError(f"{key}: {name} is {tensor.dtype}, but must be torch.float32.")
        if not tensor.isfinite().all():
            raise InputError(f"{key}: {name} holds NaN or infinity, but must be finite.")
    layers = range(len(sizes) - 1)
    return [(found[f"{2 * layer}.weight"], found[f"{2 * layer}.bias"]) for layer in layers]


def _shapes(sizes: Sequence[int]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        shapes[f"{2 * layer}.weight"] = (fan_out, fan_in)
        shapes[f"{2 * layer}.bias"] = (fan_out,)
    return shapes
