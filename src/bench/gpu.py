"""The same work on a CUDA card: a large stack, Lightning one member after another, the floor."""

from functools import partial
from typing import Any

from src.bench.harness import Stack
from src.bench.lightning_loop import LightningLoop
from src.bench.names import GPU_FLOOR, GPU_MEMBERS, GPU_STACK, LIGHTNING, MEMBERS, PLAIN, VMAP
from src.bench.peers import Copies, PlainLoop, VmapLoop
from src.bench.turns import Entrants, Make, Worker, take_turns
from src.bench.work import Palette

STEPS = 480
NONE = "not measured on a GPU: none found"


def gpu(palette: Palette, rounds: int) -> dict[str, Any]:
    """By way, wall seconds per member-epoch in each round, on the card."""
    found = take_turns(entrants(palette, "cuda", GPU_MEMBERS, STEPS), rounds)
    return {"members": GPU_MEMBERS, "member_epoch_seconds": found}


def entrants(
    palette: Palette, device: str, members: int, steps: int, copied: int = 2**28
) -> Entrants:
    """copied: numbers of the copy that measures the bandwidth."""
    base = palette.base
    widths = [784, *base.model.hidden, 10]
    epoch = -(-base.data.train_size // base.data.batch_size)
    ways: dict[str, Make] = {
        GPU_STACK: partial(Stack.mixed, palette, members, steps, device),
        LIGHTNING: partial(LightningLoop, base, steps, device),
        PLAIN: partial(PlainLoop, base, steps, device),
        VMAP: partial(VmapLoop, base, min(MEMBERS, members), steps, device),
        GPU_FLOOR: partial(Copies, widths, epoch, device, copied),
    }
    return {name: [Worker(make)] for name, make in ways.items()}
