"""The LightningModule of a stack: losses [m], summed only for backward."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from src.checkpoints.start import Start
from src.data.module import StackData
from src.engine.choice import engine_for, evaluator_for
from src.engine.evaluation import Evaluator
from src.engine.protocol import Engine, Recipe
from src.lightning import LightningModule
from src.model import StackedMLP
from src.tracking.stack import StackTracker


class StackModule(LightningModule):
    """Trains the members of a StackedMLP side by side, each as if it were alone.

    A training batch is a chunk of row numbers [t, s, b]: one training_step makes t optimisation
    steps, so that Lightning's cost of a step is paid once a chunk. The steps are an engine's. A
    member whose loss is not finite is retired: its update at that step and all later ones are
    not made, and its neighbours never notice.
    """

    def __init__(
        self,
        model: StackedMLP,
        recipes: Sequence[Recipe],
        precision: str,
        tracker: StackTracker,
        start: Start | None = None,
    ) -> None:
        """start: what it goes on from; model and tracker are there already."""
        super().__init__()
        self.automatic_optimization = False
        self.model, self.recipes, self.precision = model, list(recipes), precision
        self.tracker, self.start = tracker, start
        self.steps_done = 0 if start is None else start.point.steps_done
        self.engine: Engine | None = None
        self._evaluate: Evaluator | None = None

    def configure_optimizers(self) -> list[Optimizer]:
        self.engine = engine_for(self.model, self.recipes, self.precision)
        if self.start is not None:
            self.start.load(self.engine.optimizers)
        return self.engine.optimizers

    def close(self) -> None:
        """End what the engine has begun: the steps are made."""
        if self.engine is not None:
            self.engine.close()

    @property
    def data(self) -> StackData:
        data: StackData = self.trainer.datamodule  # type: ignore[attr-defined]
        return data

    @property
    def within_epoch(self) -> bool:
        """Whether further steps of the present epoch are due."""
        return self.steps_done % self.data.chunks.steps > 0

    # --- training -------------------------------------------------------------------------

    def training_step(self, chunk: Tensor, batch_idx: int) -> None:
        examples = self.data.splits.train
        assert self.engine is not None
        losses, hit = self.engine.run(chunk, self.steps_done, examples, self.tracker.alive)
        self.tracker.trained(self.steps_done, chunk.shape[-1], losses, hit)
        self.steps_done += len(chunk)
        if not any(self.tracker.alive):
            self.trainer.should_stop = True

    # --- evaluation -----------------------------------------------------------------------

    def on_validation_epoch_start(self) -> None:
        self._start_sums()

    def validation_step(self, rows: Tensor, batch_idx: int) -> None:
        self._add(*self.data.splits.validation.batch(rows))

    def on_validation_epoch_end(self) -> None:
        losses, accuracies = self._means(len(self.data.splits.validation))
        last = max(self.steps_done - 1, 0)  # at step 0 the rate of the first update, yet to come
        rates = [recipe.rate(last) for recipe in self.recipes]
        self.tracker.validated(self.steps_done, losses, accuracies, rates)

    def on_test_epoch_start(self) -> None:
        self._start_sums()

    def test_step(self, rows: Tensor, batch_idx: int) -> None:
        self._add(*self.data.splits.test.batch(rows))

    def on_test_epoch_end(self) -> None:
        losses, accuracies = self._means(len(self.data.splits.test))
        self.tracker.tested(self.steps_done, losses, accuracies)

    def _start_sums(self) -> None:
        self._evaluate = evaluator_for(self.model, self.precision)
        self._sums = torch.zeros(2, len(self.model), dtype=torch.float64, device=self.device)

    def _add(self, x: Tensor, y: Tensor) -> None:
        assert self._evaluate is not None
        self._sums += torch.stack(self._evaluate(x, y))

    def _means(self, examples: int) -> tuple[Tensor, Tensor]:
        self._evaluate = None  # it holds a copy of the weights
        losses, accuracies = self._sums / examples
        return losses, accuracies
