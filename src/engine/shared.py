"""Memory that forked processes share with the one that made it.

Anonymous, so it needs no file, no /dev/shm (64 MB in a container) and no cleaning up.
"""

import math
import mmap
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

ALIGNMENT = 16  # float32 numbers in 64 bytes: every tensor begins a cache line


def aligned(count: int) -> int:
    """The least multiple of ALIGNMENT that holds so many numbers."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def shared_zeros(*shape: int) -> Tensor:
    """float32 zeros of a shape, at the start of a memory page."""
    count = math.prod(shape)
    memory = mmap.mmap(-1, max(count, 1) * 4)
    return torch.frombuffer(memory, dtype=torch.float32)[:count].view(shape)


def share_state(optimizers: Sequence[Optimizer]) -> None:
    """Move the state of the optimizers into shared memory; torch.optim updates it in place."""
    slots = [
        (state, name, value)
        for optimizer in optimizers
        for state in optimizer.state.values()
        for name, value in state.items()
        if isinstance(value, Tensor)
    ]
    memory = shared_zeros(sum(aligned(value.numel()) for _, _, value in slots))
    start = 0
    slots.reverse()
    while slots:  # each is let go as soon as it is copied
        state, name, value = slots.pop()
        if value.dtype is not torch.float32:
            raise TypeError(f"optimizer state {name} is of type {value.dtype}, not float32")
        place = memory[start : start + value.numel()].view(value.shape)
        state[name] = place.copy_(value)
        start += aligned(value.numel())
