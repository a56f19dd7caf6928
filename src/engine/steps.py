"""One member's optimisation steps, written out: no autograd, nothing allocated in the loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from src.engine.adjustments import clip, set_rate
from src.engine.kernels import Kernel
from src.engine.layout import Views, gradient_like
from src.engine.protocol import Recipe
from src.engine.smoothing import minus_target, smoothed_loss
from src.engine.updates import update_of


@dataclass(frozen=True)
class Member:
    position: int
    recipe: Recipe
    views: Views
    kernel: Kernel
    optimizer: Optimizer


@dataclass(frozen=True)
class Batch:
    """x [b, i], labels y [b], the same as one-hot rows [b, o], dropout's raw numbers [b, o]."""

    x: Tensor
    y: Tensor
    target: Tensor
    raw: Sequence[Tensor]


class Buffers:
    """What a step writes, used by one member after another."""

    def __init__(self, batch: int, widths: Sequence[int], like: Views) -> None:
        hidden = widths[:-1]
        self.batch = batch
        self.z = [torch.empty(batch, width) for width in widths]  # preactivations, logits last
        self.h = [torch.empty(batch, width) for width in hidden]  # activations, dropped ones 0
        self.d = [torch.empty(batch, width) for width in widths]  # gradients of z
        self.d_t = [d.t() for d in self.d]
        self.kept = [torch.empty(batch, width) for width in hidden]  # 1 where kept, 0 elsewhere
        self.gradient = gradient_like(like)


def train(
    member: Member,
    first_step: int,
    batches: Sequence[Batch],
    buffers: Buffers,
    logits: Tensor,
) -> list[float]:
    """A step on each batch: the losses before the updates, and the logits into [t, b, o].

    Ends at the first loss that is not finite, whose update is not made; it is the last one told.
    """
    losses: list[float] = []
    recipe, flat = member.recipe, member.views.flat
    scheduled = not recipe.schedule.constant
    flat.grad = buffers.gradient.flat
    update = update_of(member.optimizer, flat)
    for t, batch in enumerate(batches):
        loss = forward(member, buffers, batch)
        losses.append(loss)
        logits[t].copy_(buffers.z[-1])
        if not isfinite(loss):
            break
        backward(member, buffers, batch)
        if recipe.clip_norm is not None:
            clip([*buffers.gradient.weights, *buffers.gradient.biases], recipe.clip_norm)
        if scheduled:
            set_rate(member.optimizer, recipe.rate(first_step + t))
        update()
        if t == 0:
            update = update_of(member.optimizer, flat)  # which now has its state
    flat.grad = None
    return losses


def forward(member: Member, buffers: Buffers, batch: Batch) -> float:
    """The mean loss of a batch; leaves z, h, what was kept, and log-probabilities in d[-1].

    1/keep of dropout is folded into the next product.
    """
    views, dropout = member.views, member.recipe.dropout
    last = len(views.weights) - 1
    a, scale = batch.x, 1.0
    for layer in range(last + 1):
        z = buffers.z[layer]
        torch.addmm(views.biases[layer], a, views.weights_t[layer], alpha=scale, out=z)
        if layer < last:
            a, scale = buffers.h[layer], dropout.scale
            member.kernel.forward(z, a)
            if dropout.dropped_levels:
                torch.ge(batch.raw[layer], dropout.threshold, out=buffers.kept[layer])
                a.mul_(buffers.kept[layer])
    torch._log_softmax(buffers.z[last], 1, False, out=buffers.d[last])
    loss = F.nll_loss(buffers.d[last], batch.y)
    if member.recipe.label_smoothing:
        loss = smoothed_loss(loss, buffers.d[last], member.recipe.label_smoothing)
    return float(loss)


def backward(member: Member, buffers: Buffers, batch: Batch) -> None:
    """The gradient of the mean loss, into the buffers' flat gradient."""
    views, recipe, gradient = member.views, member.recipe, buffers.gradient
    dropout = recipe.dropout
    d = buffers.d[-1]
    minus_target(d.exp_(), batch.target, recipe.label_smoothing).mul_(1 / len(batch.x))
    for layer in range(len(views.weights) - 1, -1, -1):
        a, scale = (buffers.h[layer - 1], dropout.scale) if layer else (batch.x, 1.0)
        grad = gradient.weights[layer]
        torch.addmm(grad, buffers.d_t[layer], a, beta=0, alpha=scale, out=grad)
        torch.sum(d, dim=0, out=gradient.biases[layer])
        if layer:
            below = buffers.d[layer - 1]
            torch.addmm(below, d, views.weights[layer], beta=0, alpha=scale, out=below)
            if dropout.dropped_levels and not member.kernel.zero_stops:
                below.mul_(buffers.kept[layer - 1])
            member.kernel.backward(below, buffers.z[layer - 1], buffers.h[layer - 1])
            d = below
