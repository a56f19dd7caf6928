"""Histograms of the weights before the first step, those of an arm's seeds as one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from src.report.arms import Arm

Array = npt.NDArray[np.float64]
BINS = 60


@dataclass(frozen=True)
class Histogram:
    """counts [bin] between edges [bin + 1]; of equal weights two equal edges and one count."""

    edges: Array
    counts: Array

    @property
    def sd(self) -> float:
        """As if each weight stood in the middle of its bin."""
        middles = (self.edges[1:] + self.edges[:-1]) / 2
        share = self.counts / self.counts.sum()
        mean = (share * middles).sum()
        return float(np.sqrt((share * (middles - mean) ** 2).sum()))


def by_layer(arm: Arm) -> dict[int, Histogram]:
    """By layer, from 1; empty where no member's result tells of its weights."""
    found: dict[int, list[Histogram]] = {}
    for member in arm.members.values():
        for held in member.get("initial_weights") or []:
            counts = np.array(held["counts"], float)
            if counts.sum() > 0:  # else no weight is finite
                low, high = float(held["low"]), float(held["high"])
                edges = np.array([low, low]) if high <= low else _edges(low, high, len(counts))
                kept = counts.sum(keepdims=True) if high <= low else counts
                found.setdefault(int(held["layer"]), []).append(Histogram(edges, kept))
    return {layer: _pooled(every) for layer, every in sorted(found.items())}


def _pooled(every: list[Histogram]) -> Histogram:
    """Their bins differ from seed to seed: counts are taken to lie evenly within each bin."""
    low = min(of.edges[0] for of in every)
    high = max(of.edges[-1] for of in every)
    if high <= low:
        return Histogram(every[0].edges, sum(of.counts for of in every) + np.zeros(1))
    edges = _edges(float(low), float(high), max([len(of.counts) for of in every] + [BINS // 2]))
    total = np.zeros(len(edges) - 1)
    for of in every:
        if of.edges[-1] == of.edges[0]:
            place = min(int(np.searchsorted(edges, of.edges[0], side="right")) - 1, len(total) - 1)
            total[place] += of.counts.sum()
        else:
            below = np.concatenate([[0.0], np.cumsum(of.counts)])
            total += np.diff(np.interp(edges, of.edges, below))
    return Histogram(edges, total)


def _edges(low: float, high: float, bins: int) -> Array:
    return np.linspace(low, high, bins + 1)
