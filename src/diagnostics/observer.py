"""What is seen of a stack at a step: the same rows, whoever trains it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from src.data.examples import Examples
from src.diagnostics.observe import change, rows_of, snapshots
from src.diagnostics.probes import table
from src.diagnostics.records import Record
from src.diagnostics.snapshot import Snapshot
from src.model import StackedMLP
from src.schema.diagnostics import DiagnosticsConfig
from src.streams import stream


def sample_of(examples: Examples, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """x [b, i] and y [b] of `count` examples, or of all where there are fewer."""
    rows = torch.randperm(len(examples), generator=stream(seed, "diagnostics"))[:count]
    return examples.batch(rows.to(examples.labels.device))


class Observer:
    """Takes the probes of a tier. It only reads: no gradient is left, no generator is touched."""

    def __init__(self, config: DiagnosticsConfig, seed: int, names: Sequence[str]) -> None:
        """seed: of the sample, the same for all members. names: of each member's activation."""
        self.config, self.seed, self.names = config, seed, list(names)

    def look(
        self, model: StackedMLP, step: int, train: Examples, alive: Sequence[bool]
    ) -> list[list[Record]]:
        """Of each member the rows of the state after `step` updates; none of those not alive."""
        probes = table.of(self.config.tier, step)

        def seen(at: Snapshot) -> list[list[Record]]:
            return rows_of(step, {probe.name: probe.measure(at) for probe in probes}, len(at))

        living = [k for k, each in enumerate(alive) if each]
        # Lightning validates in inference mode, in which nothing can be differentiated.
        with torch.inference_mode(False):
            sample = sample_of(train, self.config.samples, self.seed)
            found = snapshots(model, sample, self.names, living, seen)
        rows: list[list[Record]] = [[] for _ in range(len(model))]
        for k, each in zip(living, found, strict=True):
            rows[k] = each
        return rows

    def update(
        self, before: Sequence[tuple[Tensor, Tensor]], model: StackedMLP, step: int
    ) -> list[list[Record]]:
        """Of each member the rows of update number `step`. before: its layers ahead of it."""
        made = change(before, model)
        measured = {name: measure(made) for name, measure in table.OF_STEPS.items()}
        return rows_of(step, measured, len(model))
