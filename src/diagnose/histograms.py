"""Small histograms of what is in a layer: counts between the least and the largest value."""

from dataclasses import dataclass

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot

BINS = 16
BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Histogram:
    """counts of BINS equal intervals from low to high; values that are not finite are left out."""

    counts: tuple[int, ...]
    low: float
    high: float
    left_out: int = 0

    def bars(self) -> str:
        """A block for each interval, as high as its share of the largest; none for an empty one."""
        largest = max(self.counts, default=0)
        steps = len(BLOCKS) - 1
        return "".join(
            BLOCKS[-(-count * steps // largest)] if count else " " for count in self.counts
        )


@dataclass(frozen=True)
class Histograms:
    """Of each layer, the first first."""

    preactivations: list[Histogram]
    gradients: list[Histogram]  # of the mean loss by the weights
    weights: list[Histogram]


def histogram(values: Tensor) -> Histogram:
    finite = values.detach().flatten().double().cpu()
    finite = finite[finite.isfinite()]
    left_out = values.numel() - len(finite)
    if not len(finite):
        return Histogram((), 0.0, 0.0, left_out)
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        return Histogram((len(finite),), low, high, left_out)
    # In shares of the range: torch.histc refuses one whose width overflows or vanishes.
    places = ((finite / 2 - low / 2) / (high / 2 - low / 2) * BINS).long().clamp_(0, BINS - 1)
    counts = torch.bincount(places, minlength=BINS)
    return Histogram(tuple(counts.tolist()), low, high, left_out)


def histograms(at: Snapshot) -> list[Histograms]:
    """Of each member of the snapshot."""
    kinds = (at.preactivations, at.weight_gradients, at.weights)
    return [
        Histograms(*([histogram(layer[k]) for layer in layers] for layers in kinds))
        for k in range(len(at))
    ]
