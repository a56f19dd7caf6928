"""A Lightning module over a TensorDataset and a DataLoader, one run after another."""

import logging
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from src.bench.peers import RATE, Problem
from src.config import Config


class LightningLoop:
    """A fit without bar, logger and checkpoints, as one who wants it fast would write it."""

    def __init__(self, config: Config, steps: int, device: str = "cpu") -> None:
        for name in ("pytorch_lightning", "lightning_fabric"):
            logging.getLogger(name).setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric|torch)\..*")
        problem = Problem(config, steps)
        dataset = TensorDataset(problem.images, problem.labels)
        self.loader = DataLoader(dataset, batch_size=problem.batch, shuffle=True)
        self.module = _Module(problem)
        self.steps, self.device = steps, device
        self.member_epochs = steps / problem.epoch_steps
        self._fit(1)
        self.first_loss: float | None = self.module.last

    def run(self) -> float:
        self._fit(self.steps)
        return self.module.last

    def _fit(self, steps: int) -> None:
        trainer = Trainer(
            accelerator="gpu" if self.device == "cuda" else "cpu",
            devices=1,
            max_epochs=1,
            limit_train_batches=steps,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(self.module, self.loader)


class _Module(LightningModule):
    last = float("nan")

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.net = problem.network()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        self.loss = F.cross_entropy(self.net(x), y)
        return self.loss

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=RATE)

    def on_train_end(self) -> None:
        self.last = float(self.loss.detach())
