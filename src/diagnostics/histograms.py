"""Histograms of a snapshot's weights, preactivations and gradients, for TensorBoard.

They are pictures: verdicts and records never read them.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from src.diagnostics.schedule import Schedule, never, schedule_of
from src.diagnostics.snapshot import Snapshot
from src.schema.diagnostics import DiagnosticsConfig
from src.tracking.events import Buckets

BUCKETS = 30  # as many as TensorBoard's own writer makes

# Of more values, so many evenly spaced ones are counted. A bucket that holds a share p of them is
# then out by a standard error of sqrt(p (1 - p) / 8192), .55 % of all at the most; counting every
# one of 200,704 weights takes several times as long.
COUNTED = 8192

_FRACTIONS = np.linspace(0, 1, BUCKETS + 1)

Histograms = dict[str, Buckets]  # by tag


def schedule_of_histograms(config: DiagnosticsConfig, epoch_steps: int) -> Schedule:
    """The early steps and epochs' ends: TensorBoard draws at most 51, so not each n-th step too."""
    if not config.histograms:
        return never
    return schedule_of(replace(config, every_n_steps=None), epoch_steps)


def histograms(at: Snapshot) -> list[Histograms]:
    """Of each member, by tag; what is not finite throughout has none."""
    found: list[Histograms] = [{} for _ in range(len(at))]
    for tag, values in _values(at):
        for k, buckets in enumerate(bucketed(values)):
            if buckets is not None:
                found[k][tag] = buckets
    return found


def _values(at: Snapshot) -> Iterator[tuple[str, Tensor]]:
    groups = {
        "weights": at.weights,
        "preactivations": at.preactivations,
        "gradients": at.weight_gradients,
    }
    for name, layers in groups.items():
        for layer, values in enumerate(layers, start=1):
            yield f"{name}/layer_{layer}", values


def bucketed(values: Tensor) -> list[Buckets | None]:
    """values [m, ...] -> for each member its buckets [k, 3]: left edge, right edge, count.

    BUCKETS of equal width from the smallest value to the largest. One bucket without a width where
    all values are equal: TensorBoard draws it as a peak at the value, and that of width 1 which its
    own writer makes as a block over all that other steps show. None where a value is not finite.
    """
    flat = values.detach().flatten(1)
    low, high = flat.amin(dim=1, keepdim=True), flat.amax(dim=1, keepdim=True)
    counted = flat[:, :: -(-flat.shape[1] // COUNTED)]
    # NaN where the values are all equal or not finite.
    place = ((counted - low) * (BUCKETS / (high - low))).nan_to_num_(0.0, 0.0, 0.0)
    index = place.clamp_(0, BUCKETS - 1).long()
    if len(flat) > 1:
        index += torch.arange(0, len(flat) * BUCKETS, BUCKETS, device=flat.device).unsqueeze(1)
    counts = torch.bincount(index.flatten(), minlength=len(flat) * BUCKETS).view(-1, BUCKETS)
    rows = zip(low[:, 0].tolist(), high[:, 0].tolist(), counts.cpu().numpy(), strict=True)
    return [_one(*row) for row in rows]


def _one(low: float, high: float, counts: npt.NDArray[np.int64]) -> Buckets | None:
    if not (float("-inf") < low and high < float("inf")):  # false for NaN as well
        return None
    if low == high:
        return np.array([[low, high, counts.sum()]], np.float32)
    edges = low + (high - low) * _FRACTIONS
    buckets = np.empty((BUCKETS, 3), np.float32)
    buckets[:, 0], buckets[:, 1], buckets[:, 2] = edges[:-1], edges[1:], counts
    return buckets
