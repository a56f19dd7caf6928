"""The LightningModule of a stack: losses [m], summed only for backward."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from pytorch_lightning import LightningModule
from torch import Tensor
from torch.optim import Optimizer

from src import optimizers
from src.data.module import StackData
from src.dropout import DropoutMasks
from src.model import StackedMLP
from src.stacks import resume_key
from src.tracking.stack import StackTracker


class StackModule(LightningModule):
    """Trains the members of a StackedMLP side by side, each as if it were alone.

    A training batch is a chunk of row numbers [t, s, b]: one training_step makes t optimisation
    steps, so that Lightning's cost of a step is paid once a chunk. Optimisation is manual, with
    torch.optim's own classes. A member whose loss is not finite is retired: its update at that
    step and all later ones are not made, and its neighbours never notice.
    """

    def __init__(
        self,
        model: StackedMLP,
        masks: DropoutMasks,
        specs: Sequence[optimizers.Spec],
        tracker: StackTracker,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model, self.masks, self.specs, self.tracker = model, masks, list(specs), tracker
        self.steps_done = 0
        self.alive = [True] * len(model)

    def configure_optimizers(self) -> list[Optimizer]:
        self._leaves = self.model.leaves()
        return optimizers.build(self.specs, self._leaves)

    @property
    def data(self) -> StackData:
        data: StackData = self.trainer.datamodule  # type: ignore[attr-defined]
        return data

    # --- training -------------------------------------------------------------------------

    def on_train_epoch_start(self) -> None:
        self.masks.start_epoch(self.current_epoch, self.device)

    def training_step(self, chunk: Tensor, batch_idx: int) -> None:
        losses, hits = zip(*(self._optimise(rows) for rows in chunk), strict=True)
        batch = chunk.shape[-1]
        self.tracker.trained(self.steps_done, batch, torch.stack(losses), torch.stack(hits))
        self.steps_done += len(chunk)
        if self.tracker.all_retired:
            self.trainer.should_stop = True

    def _optimise(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """One optimisation step on the rows [s, b]: losses [m] and numbers of hits [m]."""
        x, y = self.data.splits.train.batch(rows)
        order_of = self.data.order_of
        if len(rows) == 1:
            x, y = x.expand(len(order_of), -1, -1), y.expand(len(order_of), -1)
        else:
            x, y = x.index_select(0, order_of), y.index_select(0, order_of)
        factors = self.masks.draw(rows.shape[-1]) if self.masks.active else None
        logits = self.model(x, factors)
        losses = _cross_entropy(logits, y).mean(dim=1)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        self._retire(losses)
        self._update()
        return losses.detach(), _hits(logits, y)

    def _update(self) -> None:
        parameters = list(self.model.parameters())
        for k, (leaves, alive) in enumerate(zip(self._leaves, self.alive, strict=True)):
            for leaf, parameter in zip(leaves, parameters, strict=True):
                leaf.grad = parameter.grad[k] if alive and parameter.grad is not None else None
        for optimizer in self._optimizers():
            optimizer.step()
        for parameter in parameters:
            parameter.grad = None

    def _retire(self, losses: Tensor) -> None:
        finite = losses.detach().isfinite().tolist()
        self.alive = [alive and fine for alive, fine in zip(self.alive, finite, strict=True)]

    def _optimizers(self) -> list[Optimizer]:
        found: Any = self.optimizers(use_pl_optimizer=False)
        return found if isinstance(found, list) else [found]

    # --- evaluation -----------------------------------------------------------------------

    def on_validation_epoch_start(self) -> None:
        self._start_sums()

    def validation_step(self, rows: Tensor, batch_idx: int) -> None:
        self._add(*self.data.splits.validation.batch(rows))

    def on_validation_epoch_end(self) -> None:
        losses, accuracies = self._means(len(self.data.splits.validation))
        self._retire(losses)
        self.tracker.validated(self.steps_done, losses, accuracies)

    def on_test_epoch_start(self) -> None:
        self._start_sums()

    def test_step(self, rows: Tensor, batch_idx: int) -> None:
        self._add(*self.data.splits.test.batch(rows))

    def on_test_epoch_end(self) -> None:
        losses, accuracies = self._means(len(self.data.splits.test))
        self.tracker.tested(self.steps_done, losses, accuracies)

    def _start_sums(self) -> None:
        self._sums = torch.zeros(2, len(self.model), dtype=torch.float64, device=self.device)

    def _add(self, x: Tensor, y: Tensor) -> None:
        members = len(self.model)
        logits = self.model(x.expand(members, -1, -1))
        y = y.expand(members, -1)
        self._sums[0] += _cross_entropy(logits, y).sum(dim=1)
        self._sums[1] += _hits(logits, y)

    def _means(self, examples: int) -> tuple[Tensor, Tensor]:
        losses, accuracies = self._sums / examples
        return losses, accuracies

    # --- checkpoints ----------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["starting_strength"] = {
            "members": [resume_key(member.config) for member in self.tracker.members],
            "steps_done": self.steps_done,
            "epochs": self.current_epoch + 1,
            "tracker": self.tracker.state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        state = checkpoint["starting_strength"]
        self.steps_done = state["steps_done"]
        self.tracker.restore(state["tracker"])
        self.alive = [member.diverged_at is None for member in self.tracker.members]


def _cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """logits [m, b, o], labels [m, b] -> losses [m, b]."""
    return F.cross_entropy(logits.flatten(0, 1), y.reshape(-1), reduction="none").view(y.shape)


def _hits(logits: Tensor, y: Tensor) -> Tensor:
    """Number of examples [m] whose largest logit is that of the label."""
    return (logits.detach().argmax(dim=-1) == y).sum(dim=1)
