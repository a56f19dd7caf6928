"""How signals go forward: preactivations z, features φ(z), and how alike those of samples are."""

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot


def by_layer(numbers: list[Tensor], at: Snapshot) -> Tensor:
    """Numbers [m] of the first layers as [m, l], float64; NaN for the layers that have none."""
    missing = torch.full((len(at),), torch.nan, dtype=torch.float64, device=at.x.device)
    return torch.stack(numbers + [missing] * (len(at.weights) - len(numbers)), dim=1)


def preactivation_mean(at: Snapshot) -> Tensor:
    return torch.stack([z.double().mean(dim=(1, 2)) for z in at.preactivations], dim=1)


def preactivation_std(at: Snapshot) -> Tensor:
    """Over samples and units together."""
    return torch.stack([z.double().std(dim=(1, 2), correction=0) for z in at.preactivations], dim=1)


def preactivation_q(at: Snapshot) -> Tensor:
    """q, the mean of z² over samples and units."""
    return torch.stack([mean_square(z) for z in at.preactivations], dim=1)


def q_ratio(at: Snapshot) -> Tensor:
    """q of a layer over that of the one before; for the first over the mean square of the input."""
    first = mean_square(at.x).expand(len(at), 1)
    q = torch.cat([first, preactivation_q(at)], dim=1)
    return q[:, 1:] / q[:, :-1]


def postactivation_mean(at: Snapshot) -> Tensor:
    hidden = [a.double().mean(dim=(1, 2)) for a in at.features[:-1]]
    return by_layer(hidden, at)


def postactivation_std(at: Snapshot) -> Tensor:
    hidden = [a.double().std(dim=(1, 2), correction=0) for a in at.features[:-1]]
    return by_layer(hidden, at)


def feature_cosine(at: Snapshot) -> Tensor:
    """c: mean cosine of the features of two different samples; NaN where no two have any."""
    return torch.stack([_mean_cosine(a) for a in at.features], dim=1)


def mean_square(values: Tensor) -> Tensor:
    """Over the last two axes, in float64."""
    squares: Tensor = values.double().square().mean(dim=(-2, -1))
    return squares


def _mean_cosine(a: Tensor) -> Tensor:
    """a [m, b, o] -> [m], over ordered pairs of samples whose features are not 0."""
    a = a.double()
    norms = a.norm(dim=2, keepdim=True)
    unit = torch.where(norms > 0, a / norms, 0.0)
    count = (norms > 0).sum(dim=(1, 2)).double()
    total = unit.sum(dim=1).square().sum(dim=1)
    cosine = (total - count) / (count * (count - 1))
    return torch.where(count > 1, cosine, torch.nan)  # of one sample alone it would be 0/0, or ±inf
