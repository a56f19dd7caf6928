"""What a member changes between a step's gradient and its update: the rate, and the norm.

Most members change nothing, and are asked nothing.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

from src.engine.protocol import Recipe

Adjustment = Callable[[int], None]


def adjustment_of(recipe: Recipe, optimizer: Optimizer, grad: Tensor) -> Adjustment | None:
    """To be called with a step's number, before its update; None where there is nothing to do.

    grad: all gradients of the member, in one tensor.
    """
    scheduled, clip_norm = not recipe.schedule.constant, recipe.clip_norm
    if not scheduled and clip_norm is None:
        return None

    def adjust(step: int) -> None:
        if scheduled:
            set_rate(optimizer, recipe.rate(step))
        if clip_norm is not None:
            clip(grad, clip_norm)

    return adjust


def set_rate(optimizer: Optimizer, rate: float) -> None:
    # Not to be held between steps: loading a checkpoint makes another dict.
    optimizer.param_groups[0]["lr"] = rate


def clip(grad: Tensor, clip_norm: float) -> None:
    """Scale the gradient in place to a 2-norm of at most clip_norm.

    As torch.nn.utils.clip_grad_norm_, also where the norm is not finite: one that is infinite
    makes the finite numbers 0 and the infinite ones NaN; one that is NaN makes all NaN.
    """
    coefficient = clip_norm / (torch.linalg.vector_norm(grad) + 1e-6)
    grad.mul_(coefficient.clamp_(max=1.0))
