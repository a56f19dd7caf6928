"""Optimizers: torch.optim's own classes, one instance a member."""

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
    """One optimizer a member: `parameters[k]` are the leaf tensors of member k.

    Not one optimizer with a group for each member: Adagrad reads initial_accumulator_value from
    its constructor alone. A tensor whose .grad is None is left alone, as torch.optim defines it.
    """
    fused = _FUSED.get(parameters[0][0].device.type, set())
    built: list[Optimizer] = []
    for spec, tensors in zip(specs, parameters, strict=True):
        options: dict[str, Any] = {"fused": True} if spec.algorithm in fused else {}
        built.append(CLASSES[spec.algorithm](tensors, **spec.hyperparameters, **options))
    return built
