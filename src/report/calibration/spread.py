"""spread.csv: how far runs of one start lie apart, measured once on the real data.

A block is an order and dropout seed; in each, the network was started from several draws of the
weights. Two draws of one block are to one another as two arms of a sweep are at one seed: they
share batches and dropout masks, and differ in what they start from.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from src.errors import InputError
from src.report.metrics import metric
from src.report.results import Record, read

Array = npt.NDArray[np.float64]

SPREAD = Path(__file__).parent / "spread.csv"
METRICS = ("validation_accuracy", "test_accuracy")
# One image right or wrong, of as many as Fashion-MNIST's validation and test sets have.
UNIT = np.array([1 / 12_000, 1 / 10_000])
COLUMNS = ("order_seed", "weight_seed", *METRICS, "steps_to_80")
COMMAND = (
    "python -m src.train -m init=he 'seed=range(4)' 'data.order_seed=range(60)' "
    "'model.dropout_seed=${data.order_seed}' diagnostics=off logger=none"
)


@dataclass(frozen=True)
class Components:
    """Standard deviations by one-way analysis of variance: what a seed does to all arms alike
    (between blocks), and what remains (within). The correlation is of two arms at one seed."""

    total: float
    between: float
    within: float

    @property
    def correlation(self) -> float:
        return self.between**2 / (self.between**2 + self.within**2)


@cache
def measured(path: Path = SPREAD) -> Array:
    """[block, draw, metric] of METRICS, as many draws in each block."""
    with path.open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    blocks: dict[str, list[list[float]]] = {}
    for row in rows:
        blocks.setdefault(row["order_seed"], []).append([float(row[name]) for name in METRICS])
    return np.array(list(blocks.values()))


def head(path: Path = SPREAD) -> list[str]:
    """What the file says of itself."""
    lines = path.read_text().splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("#")]


def components(values: Array) -> Components:
    """values: [block, draw]. A negative estimate of the variance between blocks counts as 0."""
    draws = values.shape[1]
    within = float(values.var(axis=1, ddof=1).mean())
    between = max(0.0, float(values.mean(axis=1).var(ddof=1)) - within / draws)
    return Components(math.sqrt(between + within), math.sqrt(between), math.sqrt(within))


def take(folder: Path, path: Path = SPREAD) -> int:
    """Write spread.csv from a sweep by COMMAND; how many members it has."""
    records = sorted(read(folder), key=_place)
    unfinished = [record["label"] for record in records if record["status"] != "done"]
    if unfinished:
        raise InputError(f"{folder}: {unfinished[0]} did not come to its end.")
    rows = [",".join(map(_text, _row(record))) for record in records]
    path.write_text("\n".join([*_header(records), ",".join(COLUMNS), *rows]) + "\n")
    return len(rows)


def _place(record: Record) -> tuple[int, int]:
    return record["seeds"]["data.order_seed"], record["seeds"]["seed"]


def _row(record: Record) -> tuple[float | None, ...]:
    return (*_place(record), *(metric(record, name) for name in METRICS), record["steps_to_80"])


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _header(records: Sequence[Record]) -> list[str]:
    first = records[0]
    versions = ", ".join(
        f"{name} {first['versions'][name]}" for name in ("python", "torch", "starting-strength")
    )
    ended = max(Path(record["folder"], "result.json").stat().st_mtime for record in records)
    day = np.datetime64(int(ended), "s").astype("datetime64[D]")
    return [
        f"# {COMMAND}",
        f"# {len(records)} runs on Fashion-MNIST, {first['step']} steps each; {day}.",
        f"# {versions}; {first['device']}; revision {first['git_revision'][:12]}.",
    ]
