"""The callback that ends a stack where a signal has asked for that: between two chunks of steps."""

from contextlib import suppress
from typing import Any

from torch import Tensor

from src.interruption import Stopped, check, listen, requested
from src.lightning import Callback, LightningModule, Trainer
from src.tracking.stack import StackTracker


class Stopping(Callback):
    """Safe points of a run: after chunks and epochs, and within evaluations that stand alone.

    It stands before the other callbacks: at a chunk's end it asks once whether to stop, so that
    what writes checkpoints can write one, and stops when all of them have seen that chunk. After
    an epoch's last chunk its evaluation comes first.
    """

    def __init__(self, tracker: StackTracker) -> None:
        self.tracker = tracker
        self._stops = False

    def urgent(self) -> bool:
        """Whether the training is left after this chunk of steps."""
        return self._stops

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        check()

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        self._stops = requested() and not trainer.is_last_batch

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Tensor, batch_idx: int
    ) -> None:
        if self._stops:
            check()

    def on_validation_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if trainer.state.fn != "fit":
            check()

    def on_test_batch_end(self, *_: Any) -> None:
        check()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """What the members have said so far is written."""
        if isinstance(exception, Stopped):
            for member in self.tracker.members:
                with suppress(OSError):
                    member.flush()
