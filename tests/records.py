"""Made results, as src.tracking writes them: whole, diverged and failed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.diagnostics.records import RECORDS, Record, write

CONFIG: dict[str, Any] = {
    "init": {"name": "he", "law": "variance_scaling", "scale": 2.0, "bias": {"value": 0.0}},
    "activation": {"name": "relu"},
    "optimizer": {"name": "adam", "algorithm": "adam", "lr": 0.001, "betas": [0.9, 0.999]},
    "data": {"name": "synthetic", "order_seed": 0, "batch_size": 100},
    "model": {"hidden": [8, 6], "residual": False, "dropout": 0.2, "dropout_seed": 0},
    "seed": 0,
}
LOSSES = {"train_loss": 0.6, "validation_loss": 0.5}


def made(accuracy: float | None = 0.8, label: str = "a", **changes: Any) -> dict[str, Any]:
    """A record like those that src.tracking writes; changes: dotted keys with __ for the dot."""
    config = json.loads(json.dumps(CONFIG))
    for path, value in changes.items():
        node, *keys = config, *path.split("__")
        for key in keys[:-1]:
            node = node[key]
        node[keys[-1]] = value
    last = None if accuracy is None else {"validation_accuracy": accuracy, **LOSSES}
    return {
        "status": "done",
        "step": 48,
        "metrics": {
            "initial": {"validation_accuracy": 0.1, "validation_loss": 2.3},
            "best": last or {"validation_accuracy": 0.1},
            "last": last,
            "test": {"accuracy": 0.7, "loss": 0.4} if last else None,
        },
        "label": label,
        "seconds": 1.23456,
        "config": config,
    }


def diverged(**changes: Any) -> dict[str, Any]:
    return made(None, "diverged", **changes) | {"status": "diverged", "step": 37}


def failed(**changes: Any) -> dict[str, Any]:
    record = made(None, "failed", **changes) | {"status": "failed", "error": "OSError: full"}
    return {key: value for key, value in record.items() if key not in ("metrics", "step")}


def written(folder: Path, *records: dict[str, Any]) -> Path:
    for number, record in enumerate(records):
        path = folder / f"member={number}" / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(record))
    return folder


def measured(folder: Path, number: int, rows: Sequence[Record], result: dict[str, Any]) -> Path:
    """A member's folder, with its result and its records."""
    place = folder / f"member={number}"
    place.mkdir(parents=True)
    (place / "result.json").write_text(json.dumps(result))
    write(place / RECORDS, result["label"], rows)
    return place


def distinct(*curve: tuple[int, float]) -> list[Record]:
    """Rows of a network whose first layer has so many different units at a step."""
    return [Record(step, 1, "distinct_units", value) for step, value in curve]
