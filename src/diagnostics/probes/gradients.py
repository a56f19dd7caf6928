"""How gradients come back, and what the optimizer makes of them."""

import torch
from torch import Tensor

from src.diagnostics.snapshot import Change, Snapshot


def gradient_variance(at: Snapshot) -> Tensor:
    """Of ∂loss/∂z, each example's own loss, over samples and units."""
    return torch.stack([delta.double().var(dim=(1, 2), correction=0) for delta in at.deltas], dim=1)


def gradient_ratio(at: Snapshot) -> Tensor:
    """χ1 measured: ‖∂loss/∂z‖² of the layer before over this layer's; the first layer has none.

    As in theory (src.theory.predict), that of a layer is by its own weights and the slope of the
    activation that it reads. Not so in a residual block: what reaches the layer before its first
    comes past the block as well, and its last layer's is by α·W.
    """
    norms = torch.stack([delta.double().square().sum(dim=(1, 2)) for delta in at.deltas], dim=1)
    first = torch.full_like(norms[:, :1], torch.nan)
    return torch.cat([first, norms[:, :-1] / norms[:, 1:]], dim=1)


def gradient_norm(at: Snapshot) -> Tensor:
    """2-norm of the mean loss' gradient by a layer's weight."""
    return _norms(at.weight_gradients)


def weight_norm(at: Snapshot) -> Tensor:
    """2-norm (Frobenius) of a layer's weight."""
    return _norms(at.weights)


def update_norm(change: Change) -> Tensor:
    """2-norm of what a step of the optimizer added to a layer's weight."""
    steps = zip(change.before, change.after, strict=True)
    return _norms([after - before for (before, _), (after, _) in steps])


def update_ratio(change: Change) -> Tensor:
    """‖ΔW‖/‖W‖ of a layer at a step of the optimizer; NaN where both are 0."""
    return update_norm(change) / _norms([weight for weight, _ in change.before])


def _norms(tensors: list[Tensor]) -> Tensor:
    return torch.stack([tensor.double().norm(dim=(1, 2)) for tensor in tensors], dim=1)
