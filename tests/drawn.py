"""Made sweeps for the report's pictures, and what was drawn, read back."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from src.diagnostics.records import Record as Row
from src.diagnostics.records import write
from src.report.analysis import Analysis, Options, analyse

EPOCHS, STEPS, LAYERS = 4, 100, 3


def member(
    settings: Mapping[str, str], seed: int, accuracy: float, *, diverged: int | None = None
) -> dict[str, Any]:
    """diverged: the epoch after which it did."""
    epochs = [
        {
            "epoch": epoch,
            "step": 10 * epoch,
            "validation_loss": 2.5 - 2 * accuracy * epoch / EPOCHS,
            "validation_accuracy": 0.1 + (accuracy - 0.1) * (epoch > 0) * (0.96 + 0.01 * epoch),
            **({"train_loss": 2.4 - 2 * accuracy * epoch / EPOCHS} if epoch else {}),
        }
        for epoch in range((EPOCHS if diverged is None else diverged) + 1)
    ]
    last = {key: epochs[-1][key] for key in ("validation_loss", "validation_accuracy")}
    ended = diverged is None
    random = np.random.default_rng(seed)
    losses = 2.3 - accuracy * np.arange(STEPS if ended else 20) / STEPS + 0.01 * random.random()
    draws = (0.01 + 0.1 * accuracy) * random.standard_normal((LAYERS, 500))
    return {
        "status": "done" if ended else "diverged",
        "step": 40 if ended else 10 * (diverged or 0) + 3,
        "label": f"{settings},{seed}",
        "classes": 10,
        "metrics": {
            "initial": epochs[0],
            "last": last if ended else {},
            "best": last,
            "test": {"accuracy": accuracy} if ended else {},
        },
        "steps_to_80": 30 if ended and accuracy > 0.8 else None,
        "epochs": epochs,
        "first_steps": {"train_loss": losses.tolist(), "train_accuracy": []},
        "initial_weights": [_binned(layer, row) for layer, row in enumerate(draws, start=1)],
        "config": {
            **{key: {"name": value} for key, value in settings.items()},
            "trainer": {"epochs": EPOCHS},
            "data": {"train_size": 100, "batch_size": 10},
            "seed": seed,
        },
    }


def _binned(layer: int, draws: Any) -> dict[str, Any]:
    counts, edges = np.histogram(draws, 40)
    return {"layer": layer, "low": edges[0], "high": edges[-1], "counts": counts.tolist()}


def sweep(
    means: Mapping[str, float], seeds: int = 5, *, sd: float = 0.004, baseline: str | None = None
) -> Analysis:
    """Arms of one setting, init; seeds shift all arms alike and each arm by itself."""
    random = np.random.default_rng(1)
    shared = sd * random.standard_normal(seeds)
    records = [
        member({"init": name}, seed, float(mean + shared[seed] + sd * random.standard_normal()))
        for name, mean in means.items()
        for seed in range(seeds)
    ]
    return analyse(records, Options(baseline=baseline))


def many(count: int, seeds: int = 3) -> Analysis:
    """Most arms within a few points of the best, some that learnt nothing."""
    means = {f"arm_{k}": 0.88 - 0.0005 * k if k < 0.9 * count else 0.1 for k in range(count)}
    return sweep(means, seeds, baseline=f"arm_{count // 2}" if count > 1 else None)


def with_records(records: Sequence[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """A records.parquet for each: by layer, the signal is 1, 1/2, 1/4 at step 0 and twice that at
    the end; gradients have a variance of 4; those of init=zeros are 0."""
    found = []
    for k, record in enumerate(records):
        place = folder / str(k)
        place.mkdir()
        alive = record["config"]["init"]["name"] != "zeros"
        rows = [
            Row(step, layer, probe, alive * value)
            for step, factor in ((0, 1.0), (40, 2.0))
            for layer in range(1, LAYERS + 1)
            for probe, value in (
                ("preactivation_std", factor * math.ldexp(1, 1 - layer)),
                ("gradient_variance", 4.0),
            )
        ]
        write(place / "records.parquet", record["label"], rows)
        found.append(record | {"folder": str(place)})
    return found


def artists(figure: Figure) -> dict[str, Any]:
    """By gid; none stands for two."""
    found = [artist for artist in figure.findobj() if artist.get_gid()]
    named = {str(artist.get_gid()): artist for artist in found}
    assert len(named) == len(found)
    return named
