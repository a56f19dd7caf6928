"""Optimizers: torch.optim's own classes, one instance a class, one parameter group a member."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

CLASSES: dict[str, type[Optimizer]] = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
}

# Classes with a fused kernel: same arithmetic, one pass over memory instead of six or more.
_FUSED = {
    "cpu": {"sgd", "adagrad", "adam", "adamw"},
    "cuda": {"sgd", "adam", "adamw"},
}


@dataclass(frozen=True)
class Spec:
    """What one member asks for: a key of CLASSES and that class's keyword arguments."""

    algorithm: str
    hyperparameters: dict[str, Any]


def build(specs: Sequence[Spec], parameters: Sequence[Sequence[Tensor]]) -> list[Optimizer]:
    """Optimizers for a stack: `parameters[k]` are the leaf tensors of member k.

    Members that share a class share an optimizer, each as a parameter group of its own with its
    own hyperparameters; every tensor is updated by itself, so no member can disturb another. A
    tensor whose .grad is None is left alone, as torch.optim defines it.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for spec, tensors in zip(specs, parameters, strict=True):
        group = {"params": list(tensors), **spec.hyperparameters}
        groups.setdefault(spec.algorithm, []).append(group)
    fused = _FUSED.get(parameters[0][0].device.type, set())
    built: list[Optimizer] = []
    for name, members in groups.items():
        options: dict[str, Any] = {"fused": True} if name in fused else {}
        built.append(CLASSES[name](members, **options))
    return built
