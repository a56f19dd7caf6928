"""The callback that looks at a stack at the steps of a schedule, and hands on what it sees.

It only reads: no gradient is left behind, no generator is touched, so members train to the same
bits as without it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from src.diagnostics.observe import parameters
from src.diagnostics.observer import Observer
from src.diagnostics.records import Record
from src.diagnostics.schedule import Schedule
from src.lightning import Callback, LightningModule, Trainer
from src.schema.diagnostics import DiagnosticsConfig
from src.tracking.stack import StackTracker

if TYPE_CHECKING:
    from src.module import StackModule


class Recorder(Callback):
    """Probes before the first step (in Trainer.validate), at scheduled steps and at epochs' ends.

    The data module has cut its chunks so that each scheduled step begins one, and ends it as well:
    what the optimizer does in that step is measured too.
    """

    def __init__(
        self, config: DiagnosticsConfig, schedule: Schedule, seed: int, tracker: StackTracker
    ) -> None:
        """seed: of the sample, the same for all members."""
        self.schedule, self.tracker = schedule, tracker
        names = [member.config.activation.name for member in tracker.members]
        self.observer = Observer(config, seed, names)
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
        self._hand_on(self.observer.update(before, module.model, module.steps_done - 1))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module = _stack(pl_module)
        if self.schedule(module.steps_done) and self._last != module.steps_done:
            self._look(module)

    def _look(self, module: "StackModule") -> None:
        self._last = module.steps_done
        train, alive = module.data.splits.train, self.tracker.alive
        self._hand_on(self.observer.look(module.model, module.steps_done, train, alive))

    def _hand_on(self, rows: Sequence[list[Record]]) -> None:
        for member, each in zip(self.tracker.members, rows, strict=True):
            if member.diverged_at is None:
                member.measured(each)


def _stack(module: LightningModule) -> "StackModule":
    return module  # type: ignore[return-value]
