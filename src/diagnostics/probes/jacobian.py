"""Singular values of ∂logits/∂x: what a small change of an input does to the logits.

Of each of the first 128 samples there are min(classes, pixels); each probe is the median over the
samples (of an even number of them the lower one of the middle two).
"""

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot

# A singular value below this share of the largest is rounding of float32 products (its eps is
# 2^-23, and sums of 100 to 1,000 terms lose 3 bits), and counts as 0.
ROUNDING = 2.0**-20


def jacobian_max(at: Snapshot) -> Tensor:
    return _median(jacobian_values(at)[..., -1])


def jacobian_median(at: Snapshot) -> Tensor:
    """Of each sample the median of its singular values."""
    return _median(_median(jacobian_values(at)))


def jacobian_min(at: Snapshot) -> Tensor:
    return _median(jacobian_values(at)[..., 0])


def jacobian_condition(at: Snapshot) -> Tensor:
    """σ_max/σ_min, inf where σ_min is 0; over the samples whose Jacobian is not 0."""
    values = jacobian_values(at)
    condition: Tensor = (values[..., -1] / values[..., 0]).nanmedian(dim=1).values
    return condition


def jacobian_values(at: Snapshot) -> Tensor:
    """Singular values [m, b, min(c, i)] of ∂logits/∂x of the first samples, the smallest first."""
    values: Tensor = at.first.jacobian_squares.sqrt()
    return torch.where(values < ROUNDING * values[..., -1:], 0.0, values)


def _median(values: Tensor) -> Tensor:
    """Over the last axis; NaN where one is."""
    return values.median(dim=-1).values
