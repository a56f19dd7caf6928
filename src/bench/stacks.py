"""Seconds of training per member-epoch by size of the stack, against peers and the floor."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from src.bench import jax_peers
from src.bench.harness import Stack
from src.bench.jax_peers import Scan
from src.bench.lightning_loop import LightningLoop
from src.bench.names import (
    FLOOR,
    JAX_PACKED,
    JAX_VMAP,
    LIGHTNING,
    MEMBERS,
    NOTEBOOK,
    PLAIN,
    VMAP,
    stack_name,
)
from src.bench.peers import NotebookLoop, PlainLoop, Products, VmapLoop
from src.bench.turns import Entrants, Make, Worker, take_turns
from src.bench.work import Palette
from src.schema.data import IdxDataConfig

SIZES = (1, 8, 64, 256, 1024)
# Steps of a piece: an epoch where it is short, a chunk of the harness where it is long.
STEPS = {1: 480, 8: 192, 64: 96}
CHUNK = 48


def stacks(palette: Palette, rounds: int, sizes: Sequence[int] = SIZES) -> dict[str, list[float]]:
    """By way, wall seconds per member-epoch in each round."""
    return take_turns(entrants(palette, sizes), rounds)


def entrants(palette: Palette, sizes: Sequence[int]) -> Entrants:
    base = palette.base
    data = base.data
    ways: dict[str, Make] = {
        **{
            stack_name(members): partial(Stack.mixed, palette, members, STEPS.get(members, CHUNK))
            for members in sizes
        },
        FLOOR: partial(Products, [784, *base.model.hidden, 10], data.train_size),
        PLAIN: partial(PlainLoop, base, 480),
        VMAP: partial(VmapLoop, base, MEMBERS, CHUNK),
        LIGHTNING: partial(LightningLoop, base, 240),
    }
    if isinstance(data, IdxDataConfig):
        root = Path(data.root)
        ways[NOTEBOOK] = partial(NotebookLoop, root, data.batch_size, data.train_size, 120)
    workers = {name: [Worker(make)] for name, make in ways.items()}
    if jax_peers.available():
        vmapped = Worker(partial(Scan, base, MEMBERS, CHUNK), None, jax_peers.ALL_THREADS)
        packed = [
            Worker(partial(Scan, base, None, 480), core, jax_peers.ONE_THREAD)
            for core in sorted(os.sched_getaffinity(0))
        ]
        workers |= {JAX_VMAP: [vmapped], JAX_PACKED: packed}
    else:
        print("JAX is not installed: its two ways are left out (pip install -e '.[bench]').")
    return workers
