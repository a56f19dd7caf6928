"""The callback that ends a stack where a signal has asked for it: between two chunks of steps."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from torch import Tensor

from src.errors import told
from src.interruption import Stopped, check, listen, requested
from src.lightning import Callback, LightningModule, Trainer
from src.tracking.stack import StackTracker

log = logging.getLogger(__name__)

Save = Callable[[Trainer, LightningModule], None]


class Stopping(Callback):
    """Safe points of a run: chunks' ends, epochs' ends, and batches of an evaluation of its own.

    An epoch's last chunk is followed by its evaluation, without which it is no checkpoint's place.
    """

    def __init__(self, tracker: StackTracker, save: Save | None = None) -> None:
        """save: writes a checkpoint of all steps made so far, and waits until it is there."""
        self.tracker, self.save = tracker, save

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        listen()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor | Mapping[str, Any] | None,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if requested() and not trainer.is_last_batch:
            self._stop(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if requested():
            self._stop(trainer, pl_module)

    def on_validation_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if trainer.state.fn != "fit":
            check()

    def on_test_batch_end(self, *_: Any) -> None:
        check()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """What members have said so far is written; more of it than the checkpoint knows, where
        there is none, is told anew."""
        if isinstance(exception, Stopped):
            for member in self.tracker.members:
                with suppress(OSError):
                    member.flush()

    def _stop(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.save is not None:
            try:
                self.save(trainer, pl_module)
            except OSError as error:
                log.warning("no checkpoint of this stack: %s", told(error))
        check()
