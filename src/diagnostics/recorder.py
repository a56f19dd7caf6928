"""The callback that looks at a stack at the steps of a schedule, and hands on what it sees.

It only reads: no gradient is left behind, no generator is touched, so members train to the same
bits as without it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from src.diagnostics.observe import Parameters, parameters
from src.diagnostics.observer import Observer
from src.diagnostics.records import Record
from src.diagnostics.schedule import Schedule, never
from src.lightning import Callback, LightningModule, Trainer
from src.tracking.stack import StackTracker

if TYPE_CHECKING:
    from src.module import StackModule


class Recorder(Callback):
    """Probes at the scheduled steps: at evaluations (step 0, epochs' ends) and before chunks.

    The data module has cut its chunks so that each scheduled step begins one, and ends it as well:
    what the optimizer does in that step is measured too.
    """

    def __init__(
        self,
        schedule: Schedule,
        tracker: StackTracker,
        pictured: Schedule = never,
        last: int = -1,
    ) -> None:
        """pictured: at which of the steps to take histograms as well. last: the step last looked
        at, where a stack goes on from a checkpoint."""
        self.schedule, self.tracker, self.pictured = schedule, tracker, pictured
        self.observer = Observer([member.config for member in tracker.members])
        self.last = last
        self._before: Parameters | None = None

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._look(_stack(pl_module))

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Tensor, batch_idx: int
    ) -> None:
        module = _stack(pl_module)
        self._look(module)
        if self.schedule(module.steps_done):
            with self.observer.unharmed("a copy of the weights", module.steps_done):
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
        module, before, alive = _stack(pl_module), self._before, self.tracker.alive
        self._before = None
        self._hand_on(self.observer.update(before, module.model, module.steps_done - 1, alive))

    def _look(self, module: "StackModule") -> None:
        step = module.steps_done
        if self.schedule(step) and self.last != step:
            self.last = step
            train, standing = module.data.splits.train, self.tracker.standing(step)
            looks = self.observer.look(module.model, step, train, standing, self.pictured(step))
            self._hand_on([look.rows for look in looks])
            for member, look in zip(self.tracker.members, looks, strict=True):
                member.histograms(step, look.histograms)

    def _hand_on(self, rows: Sequence[list[Record]]) -> None:
        for member, each in zip(self.tracker.members, rows, strict=True):
            member.measured(each)


def _stack(module: LightningModule) -> "StackModule":
    return module  # type: ignore[return-value]
