"""What it costs to be looked at: whole fits with diagnostics=off, light and full."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean

from src.bench.names import looked_at_name
from src.bench.turns import Make, Worker, take_turns
from src.bench.work import Palette, mixed
from src.config import Config
from src.members import train_members
from src.report.results import read_result
from src.tracking.files import RESULT

# Epochs of a fit by members of the stack. The default has 5 epochs and 13 looks, 8 of them in its
# first 100 steps: 2 epochs have 10 looks, so what a stack of 64 pays here is more than it would.
EPOCHS = {1: 5, 64: 2}
WARM_STEPS = 3


class Fit:
    """Everything between a checked configuration and the files of its result."""

    def __init__(self, palette: Palette, members: int) -> None:
        self.configs = mixed(palette, members)
        self.member_epochs = float(members * palette.base.trainer.epochs)
        trainer = replace(palette.base.trainer, epochs=1, steps_per_epoch=WARM_STEPS)
        self.first_loss: float | None
        self.first_loss, _ = _losses([replace(self.configs[0], trainer=trainer)])

    def run(self) -> float:
        return _losses(self.configs)[1]


def _losses(configs: Sequence[Config]) -> tuple[float, float]:
    """Mean validation losses at the start and at the end."""
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / str(k) for k in range(len(configs))]
        for path in folders:
            path.mkdir()
        labels = [path.name for path in folders]
        train_members(configs, folders, labels, [range(len(configs))])
        rows = [read_result(path / RESULT)["epochs"] for path in folders]
    first, last = (mean(each[place]["validation_loss"] for each in rows) for place in (0, -1))
    return first, last


def looks(palettes: Mapping[tuple[int, str], Palette], rounds: int) -> dict[str, list[float]]:
    """palettes: by members and tier. By way, wall seconds per member-epoch in each round."""
    ways: dict[str, Make] = {
        looked_at_name(members, tier): partial(Fit, palette, members)
        for (members, tier), palette in palettes.items()
    }
    return take_turns({name: [Worker(make)] for name, make in ways.items()}, rounds)
