"""Made-up figures of every section of the benchmark."""

from typing import Any

from src.bench.names import (
    BEHIND,
    CHECKPOINTS,
    FLOOR,
    GPU_FLOOR,
    GPU_STACK,
    JAX_PACKED,
    JAX_VMAP,
    LEDGER,
    LIGHTNING,
    NOTEBOOK,
    PLAIN,
    SYNC,
    VMAP,
    looked_at_name,
    numbers_name,
    start_name,
)

WAYS = {
    "stack of 1": [0.8, 0.9, 0.7],
    "stack of 8": [0.4, 0.5, 0.4],
    "stack of 64": [0.4, 0.5, 0.4],
    "stack of 1024": [0.46, 0.575, 0.46],
    FLOOR: [0.33, 0.41, 0.3],
    PLAIN: [1.2, 1.5, 0.8],
    VMAP: [0.8, 1.0, 0.84],
    JAX_VMAP: [0.6, 0.5, 0.6],
    JAX_PACKED: [0.5, 0.6, 0.5],
    NOTEBOOK: [5.2, 6.5, 5.2],
    LIGHTNING: [2.0, 2.0, 2.0],
}
SWEEP = {
    "command": "python -m src.train -m init=he",
    "members": 30,
    "epochs": 5,
    "wall": [80.0],
    "cpu": [150.0],
    "peak_mb": [900.0],
    "training": [64.0],
    "phases": {"imports": [5.0], "training": [64.0], "table": [0.001]},
}
PER_JOB = {"composing": [0.03, 0.03, 0.02], "imports": [0.0, 0.0, 0.0]}
FIGURES: dict[str, Any] = {
    "stacks": WAYS,
    "memory": {
        "64": {"peak_mb": [1200.0, 1250.0], "mb_per_member": [5.0, 5.5]},
        "1024": {"peak_mb": [9000.0, 9100.0], "mb_per_member": [6.5, 7.0]},
    },
    "sweep": SWEEP,
    "jobs": {"jobs": 30, "cpu_per_job": [0.05, 0.06, 0.04], "phases": PER_JOB},
    "commands": {"help": {"wall": [1.2], "cpu": [1.1], "peak_mb": [60.0]}},
    "diagnostics": {
        looked_at_name(1, "off"): [1.0, 1.0, 1.1],
        looked_at_name(1, "light"): [1.1, 1.1, 1.3],
        looked_at_name(1, "full"): [1.4, 1.5, 1.1],
        looked_at_name(64, "off"): [0.4, 0.5, 0.4],
        looked_at_name(64, "light"): [0.5, 0.6, 0.4],
        looked_at_name(64, "full"): [0.4, 0.5, 0.8],
    },
    "starts": {
        start_name("he"): [0.4, 0.6, 0.9],
        start_name("orthogonal"): [2.0, 2.0, 2.1],
        numbers_name("normal"): [0.4, 0.3, 0.3],
        start_name("lecun"): [1.0, 1.0, 1.0],
    },
    "reliability": {
        "command": "python -m src.train -m init=he",
        "members": 30,
        "epochs": 5,
        "wall": {"with": [50.5, 52.0, 50.0], "without": [50.0, 50.0, 50.0]},
        "inside": {
            LEDGER: [0.75, 0.5, 0.25],
            CHECKPOINTS: [0.515, 0.56, 0.5],
            SYNC: [0.25, 0.5, 0.25],
            BEHIND: [9.0] * 3,
        },
    },
    "gpu": {
        "members": 1024,
        "member_epoch_seconds": {
            GPU_STACK: [0.01, 0.02],
            LIGHTNING: [1.0, 1.0],
            GPU_FLOOR: [0.004, 0.004],
        },
    },
}
