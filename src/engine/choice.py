"""Which engine trains a stack, and what evaluates it."""

from collections.abc import Sequence

import torch

from src.engine.cpu import CpuEngine
from src.engine.evaluation import Batched, Evaluator, InTurn
from src.engine.protocol import Engine, Recipe
from src.engine.reference import ReferenceEngine
from src.model import StackedMLP


def engine_for(model: StackedMLP, recipes: Sequence[Recipe], precision: str) -> Engine:
    """The fast CPU engine for float32 on a CPU, the reference engine for everything else."""
    return (CpuEngine if _in_turn(model, precision) else ReferenceEngine)(model, recipes)


def evaluator_for(model: StackedMLP, precision: str) -> Evaluator:
    return (InTurn if _in_turn(model, precision) else Batched)(model)


def _in_turn(model: StackedMLP, precision: str) -> bool:
    """Plain float32 on a CPU: there members in turn are faster than batched, and exact."""
    parameter = model.weights[0]
    plain = precision == "32-true" and parameter.dtype is torch.float32
    return plain and parameter.device.type == "cpu"
