"""The LightningDataModule: rows of examples in memory, in chunks of optimisation steps."""

from collections.abc import Sequence

from src.data.chunks import Chunks, Rows, distinct_orders
from src.data.examples import Splits
from src.diagnostics.schedule import Schedule, never
from src.lightning import LightningDataModule
from src.schema.data import DataConfig
from src.schema.run import TrainerConfig


class StackData(LightningDataModule):
    """Data of one stack. A batch is a tensor of row numbers; `splits` turns rows into examples.

    The examples live on the trainer's device from the start, so nothing is copied in the loop.
    """

    def __init__(
        self,
        splits: Splits,
        config: DataConfig,
        trainer: TrainerConfig,
        orders: Sequence[int],
        watched: Schedule = never,
        begin: tuple[int, int] = (0, 0),
    ) -> None:
        """begin: the epoch to begin with, and the step of that epoch."""
        super().__init__()
        self.splits, self.begin = splits, begin
        self.chunks = Chunks(len(splits.train), config, trainer, distinct_orders(orders), watched)

    def setup(self, stage: str) -> None:
        assert self.trainer is not None
        self.splits = self.splits.to(self.trainer.strategy.root_device)

    def train_dataloader(self) -> Chunks:
        assert self.trainer is not None
        epoch, step = self.begin
        self.chunks.epoch = self.trainer.current_epoch
        self.chunks.first = step if self.chunks.epoch == epoch else 0
        return self.chunks

    def val_dataloader(self) -> Rows:
        return Rows(len(self.splits.validation))

    def test_dataloader(self) -> Rows:
        return Rows(len(self.splits.test))
