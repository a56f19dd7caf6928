"""Sweeps as large as one likes, made in the shape of real ones: all that a report reads of them."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

Config = Mapping[str, Any]

# Probes of each layer and of the whole network, as diagnostics=light takes them.
LAYERED = (
    *("preactivation_mean", "preactivation_std", "preactivation_q", "q_ratio", "feature_cosine"),
    *("postactivation_mean", "postactivation_std", "dead_fraction", "dead_layer"),
    *("saturated_fraction", "gradient_variance", "gradient_ratio", "gradient_norm", "weight_norm"),
    *("distinct_units", "distinct_gradients", "update_norm", "update_ratio"),
)
WHOLE = ("loss", "excess_loss", "accuracy", "logit_scale", "one_class_share")
LAYERS, EPOCH, BINS = 3, 480, 40
EARLY = (0, 1, 2, 5, 10, 20, 50, 100)


def made(
    folder: Path, config: Config, *, inits: int, activations: int, seeds: int, epochs: int
) -> Path:
    """inits x activations arms; the first differ by about as much as their seeds do, by 0.3 points,
    and in every twentieth the odd seeds diverge. config: as a result holds it."""
    random = np.random.default_rng(0)
    looks = [*EARLY, *(EPOCH * epoch for epoch in range(1, epochs + 1))]
    for arm in range(inits * activations):
        start, activation = f"start{arm % inits:02}", f"activation{arm // inits}"
        level = 0.9 - 0.003 * arm + 0.003 * random.standard_normal(seeds)
        for seed in range(seeds):
            label = f"init={start},activation={activation},seed={seed}"
            own = copy.deepcopy(dict(config)) | {"seed": seed}
            own["init"]["name"], own["activation"]["name"] = start, activation
            own["data"]["order_seed"] = own["model"]["dropout_seed"] = seed
            place = folder / label
            place.mkdir(parents=True)
            lost = arm % 20 == 19 and seed % 2 == 1
            record = _result(random, label, own, float(max(level[seed], 0.1)), epochs, lost)
            (place / "result.json").write_text(json.dumps(record, indent=2))
            _write_records(random, place / "records.parquet", label, looks)
    task = f"- seeds={seeds}"
    (folder / "multirun.yaml").write_text(f"hydra:\n  overrides:\n    task:\n    {task}\n")
    return folder


def _result(
    random: np.random.Generator, label: str, config: Config, level: float, epochs: int, lost: bool
) -> dict[str, Any]:
    curve = level - (level - 0.1) * 0.6 ** np.arange(epochs + 1)
    curve = np.clip(curve + 0.002 * random.standard_normal(epochs + 1), 0, 1)
    rows = [
        {
            "epoch": epoch,
            "step": EPOCH * epoch,
            "train_loss": float(2.5 * (1 - accuracy)),
            "train_accuracy": float(accuracy),
            "validation_loss": float(2.6 * (1 - accuracy)),
            "validation_accuracy": float(accuracy),
        }
        for epoch, accuracy in enumerate(curve)
    ]
    reached = np.flatnonzero(curve >= 0.8)
    first = 2.3 * np.exp(-np.arange(100) / 40)
    found = {"name": "healthy", "sentence": "No probe found a fault.", "remedy": "", "evidence": []}
    metrics: dict[str, Any] = {
        "initial": rows[0],
        "best": max(rows, key=lambda row: row["validation_accuracy"]),
    }
    metrics |= {"last": rows[-1], "test": {"loss": 0.4, "accuracy": level - 0.005}}
    if lost:
        metrics |= {"last": rows[0], "best": rows[0], "test": None}
    return {
        "status": "diverged" if lost else "done",
        "step": 7 if lost else EPOCH * epochs,
        "metrics": metrics,
        "verdict": {"primary": found["name"], "index": 0, "found": [found]},
        "label": label,
        "steps_to_80": EPOCH * int(reached[0]) if len(reached) and not lost else None,
        "members_in_stack": 62,
        "stack_seconds": 282.4,
        "seconds": 4.5,
        "versions": {"python": "3.11.7", "torch": "2.14.1"},
        "git_revision": "6556b0e0ac364b3ee5eb73e180c0ee3b3d3a6ab9",
        "device": "cpu (2 threads)",
        "data_sha256": {"train-images-idx3-ubyte": "0" * 64},
        "seeds": {"seed": config["seed"]},
        "config": dict(config),
        "classes": 10,
        "first_steps": {"train_loss": first.tolist(), "train_accuracy": (1 - first / 2.5).tolist()},
        "initial_weights": [
            {"layer": k, "low": -0.1, "high": 0.1, "counts": random.poisson(1000, BINS).tolist()}
            for k in range(1, LAYERS + 1)
        ],
        "epochs": rows[:1] if lost else rows,
    }


def _write_records(random: np.random.Generator, path: Path, label: str, looks: list[int]) -> None:
    kinds: list[tuple[str, int | None]] = [
        (probe, k) for probe in LAYERED for k in range(1, LAYERS + 1)
    ]
    kinds += [(probe, None) for probe in WHOLE]
    rows = len(looks) * len(kinds)
    table = pa.table(
        {
            "member": pa.array([label] * rows).dictionary_encode(),
            "step": pa.array(np.repeat(looks, len(kinds)), pa.int64()),
            "layer": pa.array([k for _, k in kinds] * len(looks), pa.int32()),
            "probe": pa.array([probe for probe, _ in kinds] * len(looks)).dictionary_encode(),
            "value": pa.array(random.random(rows)),
        }
    )
    parquet.write_table(table, path, compression="zstd")
