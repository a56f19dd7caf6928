"""Weights as safetensors, named as a plain torch.nn.Sequential names them.

The network is nn.Sequential(Linear, activation, Linear, ..., Linear): dense layer l is entry 2l.
A residual network's file also has the scale of each block, blocks.<k>.scale. The metadata's
sha256 is that of all tensors in the order of their names: for each its name, type and shape as a
line of JSON, then its bytes.
"""

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from src.errors import InputError, on_one_line
from src.model import Layers
from src.residual import blocks
from src.tracking.files import check_sum, content_of, sha256, write_atomically

SUM = "sha256"  # in the metadata


def save_weights(
    path: Path, layers: Layers, notes: dict[str, str], scales: Sequence[float] = ()
) -> str:
    """The file's SHA-256. scales: of a residual network's blocks."""
    tensors: dict[str, Tensor] = {}
    for position, (weight, bias) in enumerate(layers):
        tensors[f"{2 * position}.weight"] = weight.contiguous()
        tensors[f"{2 * position}.bias"] = bias.contiguous()
    for block, scale in enumerate(scales):
        tensors[_scale(block)] = torch.tensor(scale, dtype=torch.float32)
    content = in_order(save(tensors, metadata={**notes, SUM: tensor_sum(tensors)}))
    write_atomically(path, content)
    return sha256(content)


def in_order(content: bytes) -> bytes:
    """The same file with its metadata by name: safetensors has them in another order each time."""
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8 bytes
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


def tensor_sum(tensors: Mapping[str, Tensor]) -> str:
    """What a file says of its tensors, so that a changed one is known from any other."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        facts = [name, str(tensor.dtype), list(tensor.shape)]
        found.update(json.dumps(facts).encode() + b"\n")
        found.update(
            tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        )
    return found.hexdigest()


def load_weights(
    path: Path, sizes: Sequence[int], residual: bool = False, checksum: str | None = None
) -> Layers:
    """The layers of a network of these sizes (in, hidden ..., out); InputError if they differ.

    checksum: the file's SHA-256 as the result beside it has it; None: unknown. A file that says
    what the SHA-256 of its tensors is must be right in that.
    """
    key, found = f"model.weights={path}", _read(path, checksum)
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


def _read(path: Path, checksum: str | None = None) -> dict[str, Tensor]:
    key = f"model.weights={path}"
    try:
        if checksum is not None:
            check_sum(key, content_of(path), checksum)
        content_of(path, most=0)
        with safe_open(str(path), framework="pt") as file:
            notes = file.metadata() or {}
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except InputError:
        raise
    except (OSError, SafetensorError, ValueError, RuntimeError, TypeError) as error:
        sentence = f"{key}: not a readable safetensors file ({on_one_line(error)})."
        raise InputError(sentence) from error
    if SUM in notes and notes[SUM] != tensor_sum(found):
        raise InputError(f"{key}: was changed since it was written (checksum).")
    return found


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
