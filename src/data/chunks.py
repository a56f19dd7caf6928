"""Which rows a step trains on: an epoch in chunks of optimisation steps. Needs no Lightning."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from src.data.examples import EVALUATION_BATCH
from src.diagnostics.schedule import Schedule, never
from src.schema.data import DataConfig
from src.schema.run import TrainerConfig
from src.streams import stream


def distinct_orders(orders: Iterable[int]) -> list[int]:
    """The order seeds of a stack, each once: the axis s of its chunks."""
    return sorted(set(orders))


def steps_per_epoch(size: int, config: DataConfig, trainer: TrainerConfig) -> int:
    """Batches in an epoch of `size` examples, the last perhaps not full, up to the limit asked."""
    whole = -(-size // config.batch_size)
    return min(trainer.steps_per_epoch or whole, whole)


class Chunks:
    """One epoch of training as row numbers [t, s, b]: t steps, s data orders, b examples.

    Each order seed permutes the epoch by itself, so a member's batches depend on its own order
    seed alone. A last batch that is not full makes a chunk of its own, and so does each step that
    is to be looked at.
    """

    def __init__(
        self,
        size: int,
        config: DataConfig,
        trainer: TrainerConfig,
        orders: list[int],
        watched: Schedule = never,
    ) -> None:
        """watched: of steps counted from the start of the run."""
        self.size, self.orders, self.watched = size, orders, watched
        self.batch_size, self.chunk_steps = config.batch_size, trainer.chunk_steps
        self.steps = steps_per_epoch(size, config, trainer)
        self.epoch = 0
        self.first = 0  # the step of the epoch to begin with

    def __len__(self) -> int:
        return len(self._lengths()) + self._full_steps()[1]

    def __iter__(self) -> Iterator[Tensor]:
        rows = torch.stack(
            [
                torch.randperm(self.size, generator=stream(order, "order", self.epoch))
                for order in self.orders
            ]
        )
        full, rest = self._full_steps()
        batches = rows[:, : full * self.batch_size].view(len(rows), full, self.batch_size)
        due = batches.transpose(0, 1)[self.first :]
        yield from due.split(self._lengths())  # type: ignore[no-untyped-call]
        if rest:
            yield rows[None, :, full * self.batch_size :]

    def _lengths(self) -> list[int]:
        """Steps of each chunk of full batches in this epoch."""
        full, _ = self._full_steps()
        first = self.epoch * self.steps
        watched = [step for step in range(full) if self.watched(first + step)]
        whole = range(self.first, full, self.chunk_steps)
        cuts = {self.first, *whole, *watched, *(step + 1 for step in watched), full}
        due = sorted(cut for cut in cuts if self.first <= cut <= full)
        return [end - start for start, end in pairwise(due)]

    def _full_steps(self) -> tuple[int, int]:
        full = min(self.steps, self.size // self.batch_size)
        return full, self.steps - full


class Rows:
    """All rows of a split in order, [b] at a time."""

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return -(-self.size // EVALUATION_BATCH)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(torch.arange(self.size).split(EVALUATION_BATCH))  # type: ignore[no-untyped-call]
