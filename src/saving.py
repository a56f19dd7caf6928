"""The callback that has a stack's checkpoints taken: between chunks of steps, and epochs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from src.checkpoints.saver import Saver
from src.diagnostics.recorder import Recorder
from src.lightning import Callback, LightningModule, Trainer

if TYPE_CHECKING:
    from src.module import StackModule


class SaveStack(Callback):
    """At each epoch's end, and within an epoch when the last is old enough.

    It stands after the recorder, so that what was measured of a step is kept with it.
    """

    def __init__(
        self, saver: Saver, recorder: Recorder, urgent: Callable[[], bool] = lambda: False
    ) -> None:
        """urgent: whether one is wanted now, because the training is about to be left."""
        self.saver, self.recorder, self.urgent = saver, recorder, urgent

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: Tensor,
        batch_idx: int,
    ) -> None:
        module: StackModule = pl_module  # type: ignore[assignment]
        # At an epoch's last step the evaluation is due; the one after it is the one to have.
        if module.within_epoch and (self.saver.due or self.urgent()):
            self._take(module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        module: StackModule = pl_module  # type: ignore[assignment]
        if not module.within_epoch:  # as it is where all members have diverged
            self._take(module)

    def _take(self, module: "StackModule") -> None:
        assert module.engine is not None
        epoch, step = divmod(module.steps_done, module.data.chunks.steps)
        where = {
            "epoch": epoch,
            "step": step,
            "steps_done": module.steps_done,
            "last_look": self.recorder.last,
        }
        self.saver.take(where, module.model, module.engine.optimizers, module.tracker)
