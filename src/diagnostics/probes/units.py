"""Units one by one: dead, saturated, or the same as another."""

from functools import lru_cache

import torch
from torch import Tensor

from src.diagnostics import flatness
from src.diagnostics.probes.signals import by_layer
from src.diagnostics.snapshot import Snapshot

# Rows nearer than this share of their size are one unit: 2^7 roundings of float32, as many as a
# sum of 100 to 1,000 terms makes, and a hundred steps of training.
SAME = 1e-5


def dead_fraction(at: Snapshot) -> Tensor:
    """Share of a hidden layer's units through which no sample sends a gradient: φ'(z) = 0.

    Or as good as 0: see flatness.dead_up_to.
    """
    hidden = zip(at.dead, at.slopes, strict=True)
    return by_layer([_share(dead.unsqueeze(1), slope) for dead, slope in hidden], at)


def dead_layer(at: Snapshot) -> Tensor:
    """1 where all units of a hidden layer are dead, else 0."""
    dead = dead_fraction(at)
    return torch.where(dead.isnan(), torch.nan, (dead == 1).double())


def saturated_fraction(at: Snapshot) -> Tensor:
    """Share of a hidden layer's (sample, unit) pairs at which the activation saturates.

    Where |φ'(z)| is below a bound of each activation's own: see flatness.saturated_below.
    """
    found = []
    for slope in at.slopes:
        bounds = [flatness.saturated_below(*each) for each in _asked(at, slope)]
        found.append(_share(slope.abs() < _beside(slope, bounds), slope))
    return by_layer(found, at)


def distinct_units(at: Snapshot) -> Tensor:
    """Number of different rows of [W, b] in a layer."""
    return _distinct(at.weights, at.biases)


def distinct_gradients(at: Snapshot) -> Tensor:
    """Number of different rows of the gradient of [W, b] in a layer.

    A gradient is a sum over samples, in which terms cancel: rounding is measured by their size,
    the mean over samples of |δ| times the norm of [a, 1], not by that of what is left.
    """
    rows = _joined(at.weight_gradients, at.bias_gradients)
    counts = []
    for layer, (row, delta, read) in enumerate(zip(rows, at.deltas, at.reads, strict=True)):
        sizes = (1 + read.double().square().sum(dim=2, keepdim=True)).sqrt()
        terms = (at.branch_scale(layer) * delta.double() * sizes).abs().mean(dim=1)
        counts.append(distinct_rows(row, terms))
    return torch.stack(counts, dim=1)


def _distinct(weights: list[Tensor], biases: list[Tensor]) -> Tensor:
    return torch.stack([distinct_rows(each) for each in _joined(weights, biases)], dim=1)


def _joined(weights: list[Tensor], biases: list[Tensor]) -> list[Tensor]:
    return [torch.cat([w, b.unsqueeze(2)], dim=2) for w, b in zip(weights, biases, strict=True)]


def distinct_rows(rows: Tensor, sizes: Tensor | None = None) -> Tensor:
    """rows [m, o, i] -> how many differ [m]; NaN where they are not finite.

    Two are the same whose distance, along each of 4 fixed random directions, is at most SAME times
    the larger one's size: its norm, unless `sizes` [m, o] says what else. Rows are sorted along the
    first direction and neighbours compared, so that copies stand side by side. Two rows a distance
    d apart are taken for one only if all 4 directions are within SAME·size/d of perpendicular to
    their difference: a chance of (.8 · SAME · size / d)^4, 1e-16 at d = size/10.
    """
    rows = rows.double()
    # This way round it takes a third of the time.
    projected = (_directions(rows.shape[2]).to(rows.device) @ rows.mT).mT
    sizes = rows.norm(dim=2) if sizes is None else torch.maximum(sizes, rows.norm(dim=2))
    order = projected[:, :, 0].argsort(dim=1)
    projected = projected.gather(1, order.unsqueeze(2).expand_as(projected))
    sizes = sizes.gather(1, order)
    near = SAME * torch.maximum(sizes[:, 1:], sizes[:, :-1])
    apart = (projected.diff(dim=1).abs() > near.unsqueeze(2)).any(dim=2)
    finite = projected.isfinite().all(dim=(1, 2))
    return torch.where(finite, 1 + apart.sum(dim=1).double(), torch.nan)


@lru_cache(maxsize=64)
def _directions(width: int) -> Tensor:
    """[4, width]"""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(width, 4, generator=generator, dtype=torch.float64).T.contiguous()


def _asked(at: Snapshot, like: Tensor) -> list[flatness.Asked]:
    return [(activation, like.dtype, like.device) for activation in at.model.activations]


def _beside(slope: Tensor, bounds: list[float]) -> Tensor:
    return torch.tensor(bounds, device=slope.device, dtype=slope.dtype)[:, None, None]


def _share(held: Tensor, slope: Tensor) -> Tensor:
    """held [m, ...] -> [m], NaN where slopes [m, b, o] are."""
    share = held.double().mean(dim=(1, 2))
    return torch.where(slope.isnan().flatten(1).any(dim=1), torch.nan, share)
