"""The harness's own way: a stack of members, trained by the engine that the command would take."""

from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor

from src.assembly import build_model, recipes
from src.bench.work import Palette, mixed
from src.config import Config
from src.data.chunks import Chunks, distinct_orders, steps_per_epoch
from src.engine.choice import engine_for
from src.stacks import splits_of

WARM_STEPS = 4


class Stack:
    """Training alone: no evaluation, no Lightning, no files."""

    def __init__(self, configs: Sequence[Config], steps: int, device: str = "cpu") -> None:
        first = configs[0]
        splits = splits_of(first).to(torch.device(device))
        orders = distinct_orders(config.data.order_seed for config in configs)
        chunks = Chunks(len(splits.train), first.data, first.trainer, orders)
        wanted = -(-steps // first.trainer.chunk_steps)
        rows = torch.cat(list(islice(chunks, wanted)))[:steps].to(device)
        if len(rows) < steps:
            raise ValueError(f"steps={steps}: an epoch has {len(rows)}")
        self.chunks = list(rows.split(first.trainer.chunk_steps))  # type: ignore[no-untyped-call]
        self.examples = splits.train
        model = build_model(configs, splits).to(device)
        self.engine = engine_for(model, recipes(configs, splits), first.trainer.precision)
        self.alive, self.step = [True] * len(configs), 0
        epoch = steps_per_epoch(len(splits.train), first.data, first.trainer)
        self.member_epochs = len(configs) * steps / epoch
        # The first step of an optimizer makes its state, the first call of a kernel its plan.
        self.first_loss: float | None = float(self._train(self.chunks[0][:WARM_STEPS])[0].mean())

    @classmethod
    def mixed(cls, palette: Palette, members: int, steps: int, device: str = "cpu") -> "Stack":
        return cls(mixed(palette, members), steps, device)

    def run(self) -> float:
        # Not finite where a single member is not.
        return [float(self._train(rows)[-1].mean()) for rows in self.chunks][-1]

    def _train(self, rows: Tensor) -> Tensor:
        """Losses [t, m]."""
        losses, _ = self.engine.run(rows, self.step, self.examples, self.alive)
        self.step += len(rows)
        return losses.cpu()  # on a GPU this waits until the work is done


class Epochs:
    """One piece is whole epochs of a stack: what a command trains, and nothing else."""

    def __init__(self, configs: Sequence[Config], device: str = "cpu") -> None:
        first = configs[0]
        splits = splits_of(first)
        steps = steps_per_epoch(len(splits.train), first.data, first.trainer)
        self.stack = Stack(configs, steps, device)
        self.first_loss, self.epochs = self.stack.first_loss, first.trainer.epochs
        self.member_epochs = self.stack.member_epochs * self.epochs

    def run(self) -> float:
        return [self.stack.run() for _ in range(self.epochs)][-1]
