"""A sweep that TensorBoard is asked about: one member learns, one cannot, one diverges."""

from pathlib import Path
from typing import Any

from tests.training import Trained, even, train, vary

# 20 steps an epoch, 10 to a window of 1,000 examples; 36 inputs are 6 × 6 pixels.
BASE: dict[str, Any] = {
    "logger": "tensorboard",
    "diagnostics": "light",
    "data__features": 36,
    "data__train_size": 2000,
    "data__batch_size": 100,
    "data__validation_size": 200,
    "data__noise": 0.3,
    "model__dropout": 0.0,
    "trainer__epochs": 2,
    "optimizer__lr": 0.01,
}


def trained_sweep(folder: Path) -> list[Trained]:
    base = even(**BASE)
    members = [
        vary(base, init="he"),
        vary(base, init="zeros"),
        vary(base, init="he", optimizer="sgd", optimizer__lr=1e30),
    ]
    return train(members, folder)
