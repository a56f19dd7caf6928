"""The fast engine for a CPU: members in turn, one thread a core, nothing allocated in the loop.

A product of 100 × 784 × 256 already fills a core, so members are not batched: each is a network
of its own, whose parameters, gradients and moments stay in cache for a whole chunk of steps. The
backward pass is written out, into buffers made once a thread. Python's threads suffice because
torch's kernels release the interpreter lock. A member runs on one thread whatever the size of the
stack, so its numbers are those of its single run to the bit.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from src import optimizers
from src.data.examples import Examples
from src.dropout import Dropout, raw_numbers
from src.engine.adjustments import Adjustment, adjustment_of
from src.engine.kernels import KERNELS, Kernel
from src.engine.layout import Views, flatten
from src.engine.protocol import Recipe
from src.engine.smoothing import minus_target, smoothed_loss
from src.engine.updates import Update, update_of
from src.model import StackedMLP

# Members that a thread takes at a time: few enough that all threads have work, many enough that
# they share the batches and random numbers made for the block.
BLOCK = 16


@dataclass(frozen=True)
class Member:
    position: int
    views: Views
    kernel: Kernel
    dropout: Dropout
    optimizer: Optimizer
    order: int
    label_smoothing: float
    adjust: Adjustment | None


class Buffers(threading.local):
    """What a step writes: made once for each thread and batch size."""

    batch = 0

    def fit(self, batch: int, widths: Sequence[int]) -> None:
        if batch == self.batch:
            return
        hidden = widths[:-1]
        self.z = [torch.empty(batch, width) for width in widths]  # preactivations, logits last
        self.h = [torch.empty(batch, width) for width in hidden]  # activations, dropped ones 0
        self.d = [torch.empty(batch, width) for width in widths]  # gradients of z
        self.d_t = [d.t() for d in self.d]
        self.kept = [torch.empty(batch, width) for width in hidden]  # 1 where kept, 0 elsewhere
        self.batch = batch


class CpuEngine:
    """Optimisation steps of a stack on the CPU, in float32."""

    def __init__(self, model: StackedMLP, recipes: Sequence[Recipe]) -> None:
        views = flatten(model)
        for view in views:
            view.flat.requires_grad_()
            view.flat.grad = view.grad
        specs = [recipe.optimizer for recipe in recipes]
        self.optimizers = optimizers.build(specs, [[view.flat] for view in views])
        self.widths = model.widths
        self.threads = torch.get_num_threads()
        members = [
            Member(
                position,
                views[position],
                KERNELS[recipe.activation](**recipe.activation_parameters),
                recipe.dropout,
                self.optimizers[position],
                recipe.order,
                recipe.label_smoothing,
                adjustment_of(recipe, self.optimizers[position], views[position].grad),
            )
            for position, recipe in enumerate(recipes)
        ]
        self.blocks = _blocks(members, self.threads)
        self._buffers = Buffers()
        self._pool = ThreadPoolExecutor(
            self.threads, initializer=torch.set_num_threads, initargs=(1,)
        )

    def run(
        self, rows: Tensor, first_step: int, examples: Examples, alive: Sequence[bool]
    ) -> tuple[Tensor, Tensor]:
        shape = (len(rows), len(alive))
        losses, hits = torch.full(shape, torch.nan), torch.zeros(shape)

        def train(block: list[Member]) -> None:
            # Gradient mode belongs to the thread.
            with torch.no_grad():
                self._train(block, rows, first_step, examples, alive, losses, hits)

        list(self._pool.map(train, self.blocks))  # list: an exception of a thread is raised here
        return losses, hits

    def _train(
        self,
        block: list[Member],
        rows: Tensor,
        first_step: int,
        examples: Examples,
        alive: Sequence[bool],
        losses: Tensor,
        hits: Tensor,
    ) -> None:
        """One block through all steps of the chunk; its members share order and dropout seed."""
        first, batch = block[0], rows.shape[-1]
        x, y = examples.batch(rows[:, first.order])
        target = F.one_hot(y, self.widths[-1]).to(torch.float32)
        raw = [
            raw_numbers(first.dropout.seed, first_step + t, batch, self.widths[:-1])
            if any(member.dropout.dropped_levels for member in block)
            else []
            for t in range(len(x))
        ]
        buffers = self._buffers
        buffers.fit(batch, self.widths)
        steps = list(zip(x.unbind(), y.unbind(), target.unbind(), raw, strict=True))
        logits = torch.empty(*y.shape, self.widths[-1])
        for member in block:
            if not alive[member.position]:
                continue
            update: Update = member.optimizer.step
            seen: list[float] = []
            for t, (x_t, y_t, target_t, raw_t) in enumerate(steps):
                seen.append(forward(member, buffers, x_t, y_t, raw_t))
                logits[t].copy_(buffers.z[-1])
                if seen[t] - seen[t] != 0:  # NaN or infinite: this update is not made
                    break
                backward(member, buffers, x_t, target_t)
                if member.adjust is not None:
                    member.adjust(first_step + t)
                update()
                if t == 0:
                    update = update_of(member.optimizer, member.views.flat)
            losses[: len(seen), member.position] = torch.tensor(seen)
            hit = (logits.argmax(dim=2) == y).sum(dim=1)
            hits[: len(seen), member.position] = hit[: len(seen)].to(hits.dtype)


def _blocks(members: Sequence[Member], threads: int) -> list[list[Member]]:
    """Members of the same data order and dropout seed, at most BLOCK, spread over the threads."""
    alike: dict[tuple[int, int], list[Member]] = {}
    for member in members:
        alike.setdefault((member.order, member.dropout.seed), []).append(member)
    size = max(1, min(BLOCK, -(-len(members) // threads)))
    return [
        group[start : start + size]
        for group in alike.values()
        for start in range(0, len(group), size)
    ]


def forward(member: Member, buffers: Buffers, x: Tensor, y: Tensor, raw: list[Tensor]) -> float:
    """The mean loss of a batch; leaves z, h, what was kept, and log-probabilities in d[-1].

    1/keep of dropout is folded into the next product.
    """
    views, dropout = member.views, member.dropout
    last = len(views.weights) - 1
    a, scale = x, 1.0
    for layer in range(last + 1):
        z = buffers.z[layer]
        torch.addmm(views.biases[layer], a, views.weights_t[layer], alpha=scale, out=z)
        if layer < last:
            a, scale = buffers.h[layer], dropout.scale
            member.kernel.forward(z, a)
            if dropout.dropped_levels:
                torch.ge(raw[layer], dropout.threshold, out=buffers.kept[layer])
                a.mul_(buffers.kept[layer])
    torch._log_softmax(buffers.z[last], 1, False, out=buffers.d[last])
    loss = F.nll_loss(buffers.d[last], y)
    if member.label_smoothing:
        loss = smoothed_loss(loss, buffers.d[last], member.label_smoothing)
    return float(loss)


def backward(member: Member, buffers: Buffers, x: Tensor, target: Tensor) -> None:
    """The gradient of the mean loss, into the member's flat gradient. target: one-hot [b, o]."""
    views, dropout = member.views, member.dropout
    d = buffers.d[-1]
    minus_target(d.exp_(), target, member.label_smoothing).mul_(1 / len(x))
    for layer in range(len(views.weights) - 1, -1, -1):
        a, scale = (buffers.h[layer - 1], dropout.scale) if layer else (x, 1.0)
        grad = views.weight_grads[layer]
        torch.addmm(grad, buffers.d_t[layer], a, beta=0, alpha=scale, out=grad)
        torch.sum(d, dim=0, out=views.bias_grads[layer])
        if layer:
            below = buffers.d[layer - 1]
            torch.addmm(below, d, views.weights[layer], beta=0, alpha=scale, out=below)
            if dropout.dropped_levels and not member.kernel.zero_stops:
                below.mul_(buffers.kept[layer - 1])
            member.kernel.backward(below, buffers.z[layer - 1], buffers.h[layer - 1])
            d = below
