"""The callback that looks at a stack at the steps of a schedule, and hands on what it sees.

It only reads: no gradient is left behind, no generator is touched, so members train to the same
bits as without it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from src.data.examples import Examples
from src.diagnostics.histograms import Histograms, histograms
from src.diagnostics.observe import change, parameters, rows_of, snapshots
from src.diagnostics.probes import table
from src.diagnostics.records import Record
from src.diagnostics.schedule import Schedule, never
from src.diagnostics.snapshot import Snapshot
from src.lightning import Callback, LightningModule, Trainer
from src.schema.diagnostics import DiagnosticsConfig
from src.streams import stream
from src.tracking.stack import StackTracker

if TYPE_CHECKING:
    from src.module import StackModule


def sample_of(examples: Examples, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """x [b, i] and y [b] of `count` examples, or of all where there are fewer."""
    rows = torch.randperm(len(examples), generator=stream(seed, "diagnostics"))[:count]
    return examples.batch(rows.to(examples.labels.device))


class Recorder(Callback):
    """Probes before the first step (in Trainer.validate), at scheduled steps and at epochs' ends.

    The data module has cut its chunks so that each scheduled step begins one, and ends it as well:
    what the optimizer does in that step is measured too.
    """

    def __init__(
        self,
        config: DiagnosticsConfig,
        schedule: Schedule,
        seed: int,
        tracker: StackTracker,
        pictured: Schedule = never,
    ) -> None:
        """seed: of the sample, the same for all members. pictured: when to take histograms, too."""
        self.config, self.schedule, self.seed, self.tracker = config, schedule, seed, tracker
        self.pictured = pictured
        self.names = [member.config.activation.name for member in tracker.members]
        self._last = -1  # the step last looked at
        self._before: list[tuple[Tensor, Tensor]] | None = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = _stack(pl_module)
        if not trainer.training and self.schedule(module.steps_done):
            self._look(module)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Tensor, batch_idx: int
    ) -> None:
        module = _stack(pl_module)
        if self.schedule(module.steps_done):
            if self._last != module.steps_done:
                self._look(module)
            self._before = parameters(module.model)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: Tensor,
        batch_idx: int,
    ) -> None:
        if self._before is None:
            return
        module, before = _stack(pl_module), self._before
        self._before = None
        made = change(before, module.model)
        measured = {name: measure(made) for name, measure in table.OF_STEPS.items()}
        self._hand_on(rows_of(module.steps_done - 1, measured, len(module.model)))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = _stack(pl_module)
        if self.schedule(module.steps_done) and self._last != module.steps_done:
            self._look(module)

    def _look(self, module: "StackModule") -> None:
        step = self._last = module.steps_done
        probes = table.of(self.config.tier, step)

        def seen(at: Snapshot) -> list[tuple[list[Record], Histograms]]:
            rows = rows_of(step, {probe.name: probe.measure(at) for probe in probes}, len(at))
            taken = histograms(at) if self.pictured(step) else [{} for _ in rows]
            return list(zip(rows, taken, strict=True))

        living = [k for k, alive in enumerate(self.tracker.alive) if alive]
        # Lightning validates in inference mode, in which nothing can be differentiated.
        with torch.inference_mode(False):
            sample = sample_of(module.data.splits.train, self.config.samples, self.seed)
            found = snapshots(module.model, sample, self.names, living, seen)
        rows: list[list[Record]] = [[] for _ in range(len(module.model))]
        for k, (each, taken) in zip(living, found, strict=True):
            rows[k] = each
            self.tracker.members[k].histograms(step, taken)
        self._hand_on(rows)

    def _hand_on(self, rows: Sequence[list[Record]]) -> None:
        for member, each in zip(self.tracker.members, rows, strict=True):
            if member.diverged_at is None:
                member.measured(each)


def _stack(module: LightningModule) -> "StackModule":
    return module  # type: ignore[return-value]
