"""Units one by one: dead, saturated, or the same as another."""

import torch
from torch import Tensor

from src.diagnostics.probes.signals import by_layer
from src.diagnostics.snapshot import Snapshot

# A sample saturates a unit where |φ'(z)| is below this share of the largest slope that φ has.
SATURATION = {
    "tanh": 0.05,  # |φ| above .975
    "sigmoid": 0.05,  # φ outside (.0127, .9873)
    "softsign": 0.05,  # |φ| above .776
}
LARGEST_SLOPE = {"tanh": 1.0, "sigmoid": 0.25, "softsign": 1.0}

SAME = 1e-5  # rows nearer than this share of the largest row's norm are one unit


def dead_fraction(at: Snapshot) -> Tensor:
    """Share of a hidden layer's units through which no sample sends a gradient: φ'(z) = 0."""
    dead = [(slope == 0).all(dim=1).double().mean(dim=1) for slope in at.slopes]
    return _padded(dead, at)


def dead_layer(at: Snapshot) -> Tensor:
    """1 where all units of a hidden layer are dead, else 0."""
    return torch.where(dead_fraction(at).isnan(), torch.nan, (dead_fraction(at) == 1).double())


def saturated_fraction(at: Snapshot) -> Tensor:
    """Share of a hidden layer's (sample, unit) pairs that lie where the activation is flat."""
    found = []
    for slope in at.slopes:
        bounds = [SATURATION.get(n, 0.0) * LARGEST_SLOPE.get(n, 1.0) for n in at.activation_names]
        bound = torch.tensor(bounds, device=slope.device, dtype=slope.dtype)[:, None, None]
        found.append((slope.abs() < bound).double().mean(dim=(1, 2)))
    return _padded(found, at)


def distinct_units(at: Snapshot) -> Tensor:
    """Number of different rows of [W, b] in a layer."""
    return _distinct(at.weights, at.biases)


def distinct_gradients(at: Snapshot) -> Tensor:
    """Number of different rows of the gradient of [W, b] in a layer."""
    return _distinct(at.weight_gradients, at.bias_gradients)


def _distinct(weights: list[Tensor], biases: list[Tensor]) -> Tensor:
    rows = [torch.cat([w, b.unsqueeze(2)], dim=2) for w, b in zip(weights, biases, strict=True)]
    return torch.stack([distinct_rows(each) for each in rows], dim=1)


def distinct_rows(rows: Tensor) -> Tensor:
    """rows [m, o, i] -> how many differ [m], by their projection on a fixed random direction.

    Two rows that differ by d are told apart unless the direction is within about SAME/|d| of being
    perpendicular to d: a chance of less than 1 in 10,000 for rows of the usual starts.
    """
    rows = rows.double()
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(rows.shape[2], 4, generator=generator, dtype=torch.float64)
    projected = (rows @ direction.to(rows.device)).sort(dim=1).values
    size = rows.norm(dim=2).amax(dim=1)[:, None, None]
    apart: Tensor = (projected.diff(dim=1) > SAME * size).sum(dim=1)
    return 1 + apart.amax(dim=1).double()


def _padded(hidden: list[Tensor], at: Snapshot) -> Tensor:
    layers = len(at.weights)
    if not hidden:
        return torch.full((len(at), layers), torch.nan, dtype=torch.float64)
    return by_layer(hidden, layers)
