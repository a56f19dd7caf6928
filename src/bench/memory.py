"""Resident memory of a whole stack, Lightning, evaluation and files included, by its size."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from src.bench.machine import Processes, forget_peak, resident_mb
from src.bench.work import Palette, mixed
from src.config import Config
from src.members import train_members

# Memory grows with members and with the steps of a chunk, not with the number of chunks; the
# largest stacks take a part of a chunk, for time.
CHUNK, SHORT_CHUNK, LARGE = 48, 12, 256


def memory(palette: Palette, rounds: int, sizes: Sequence[int]) -> dict[str, dict[str, Any]]:
    """By size of the stack, lists over rounds: MB of the process and MB per member beyond data."""
    found: dict[str, dict[str, list[float]]] = {
        str(members): {"peak_mb": [], "mb_per_member": []} for members in sizes
    }
    for _ in range(rounds):
        for members in sizes:
            peak, before = in_a_child(partial(peak_of, palette, members))
            found[str(members)]["peak_mb"].append(peak)
            found[str(members)]["mb_per_member"].append((peak - before) / members)
    return found


def in_a_child(work: "partial[tuple[float, float]]") -> tuple[float, float]:
    # Not a multiprocessing.Pool: its processes may have none of their own, as a stack does.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work).result()


def peak_of(palette: Palette, members: int) -> tuple[float, float]:
    """MB resident at the peak of training `members`, and before: libraries and data in memory.

    The peak of this process and that of its processes together, wherever they were in time.

    A stack of one is trained first, so that whatever is loaded or made once is there before.
    """
    steps = CHUNK if members < LARGE else SHORT_CHUNK
    trainer = replace(palette.base.trainer, epochs=1, steps_per_epoch=steps)
    palette = replace(palette, base=replace(palette.base, trainer=trainer))
    _train(mixed(palette, 1))
    forget_peak()  # making the data took more than keeping it
    before = resident_mb(peak=False)
    with Processes() as processes:
        _train(mixed(palette, members))
    return resident_mb(peak=True) + processes.peak_mb, before


def _train(configs: Sequence[Config]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / str(k) for k in range(len(configs))]
        for path in folders:
            path.mkdir()
        labels, one_stack = [path.name for path in folders], [range(len(configs))]
        results = train_members(configs, folders, labels, one_stack)
    failed = [result.error for result in results if result.status != "done"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(configs)} members did not train: {failed[0]}")
