"""Which engine trains a stack."""

from collections.abc import Sequence

import torch

from src.engine.cpu import CpuEngine
from src.engine.protocol import Engine, Recipe
from src.engine.reference import ReferenceEngine
from src.model import StackedMLP


def engine_for(model: StackedMLP, recipes: Sequence[Recipe], precision: str) -> Engine:
    """The fast CPU engine for float32 on a CPU, the reference engine for everything else."""
    parameter = model.weights[0]
    plain = precision == "32-true" and parameter.dtype is torch.float32
    if parameter.device.type == "cpu" and plain:
        return CpuEngine(model, recipes)
    return ReferenceEngine(model, recipes)
