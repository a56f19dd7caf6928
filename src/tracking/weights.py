"""Weights as safetensors, named as a plain torch.nn.Sequential names them.

The network is nn.Sequential(Linear, activation, Linear, ..., Linear): dense layer l is entry 2l.
A residual network's file also has the scale of each block, blocks.<k>.scale.
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
from src.residual import blocks
from src.tracking.files import write_atomically


def save_weights(
    path: Path, layers: Layers, notes: dict[str, str], scales: Sequence[float] = ()
) -> None:
    """scales: of a residual network's blocks."""
    tensors: dict[str, Tensor] = {}
    for position, (weight, bias) in enumerate(layers):
        tensors[f"{2 * position}.weight"] = weight.contiguous()
        tensors[f"{2 * position}.bias"] = bias.contiguous()
    for block, scale in enumerate(scales):
        tensors[_scale(block)] = torch.tensor(scale, dtype=torch.float32)
    write_atomically(path, save(tensors, metadata=notes))


def load_weights(path: Path, sizes: Sequence[int], residual: bool = False) -> Layers:
    """The layers of a network of these sizes (in, hidden ..., out); InputError if they differ."""
    key, found = f"model.weights={path}", _read(path)
    expected = _shapes(sizes, residual)
    if residual != (_scale(0) in found):
        kind, here = ("a plain", "true") if residual else ("a residual", "false")
        raise InputError(f"{key}: holds {kind} network, but model.residual={here}.")
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


def load_scales(path: Path, layers: int) -> list[float]:
    """The blocks' scales, from a file that load_weights takes for a residual network."""
    found = _read(path)
    return [float(found[_scale(block)]) for block in range(blocks(layers))]


def _read(path: Path) -> dict[str, Tensor]:
    if path.exists() and not path.is_file():  # opening a pipe may never end
        raise InputError(f"model.weights={path}: not a readable safetensors file (no file at all).")
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        sentence = f"model.weights={path}: not a readable safetensors file ({error})."
        raise InputError(sentence) from error


def _scale(block: int) -> str:
    return f"blocks.{block}.scale"


def _shapes(sizes: Sequence[int], residual: bool) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        shapes[f"{2 * layer}.weight"] = (fan_out, fan_in)
        shapes[f"{2 * layer}.bias"] = (fan_out,)
    if residual:
        shapes |= {_scale(block): () for block in range(blocks(len(sizes) - 1))}
    return shapes
