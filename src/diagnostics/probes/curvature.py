"""How far a gradient step can be trusted."""

from functools import lru_cache

import torch
from torch import Tensor

from src.activations import Activation
from src.diagnostics.snapshot import Snapshot, cross_entropies
from src.initializers.meta_init import MetaInit, gradient_quotients


def gradient_quotient(at: Snapshot) -> Tensor:
    """MetaInit's ‖(g - Hg)/(g + ε·sign g) - 1‖₁/P, by all P parameters.

    Dauphin and Schoenholz 2019 (NeurIPS). How much a step along the gradient changes the gradient
    itself, on average over parameters; 1 also for one whose gradient is 0. NaN where an activation
    of the user's own has one derivative only.
    """
    x = at.x.expand(len(at), -1, -1)
    with torch.enable_grad():
        loss = cross_entropies(at.model(x), at.y).mean(dim=1).sum()
        found = gradient_quotients(loss, list(at.model.parameters()), MetaInit.epsilon)
    twice = [_twice(activation, x.dtype, x.device) for activation in at.model.activations]
    known = torch.tensor(twice, device=x.device)
    return torch.where(known, found.detach().double(), torch.nan)


@lru_cache(maxsize=256)
def _twice(activation: Activation, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether its slope can be differentiated. Where it cannot (once_differentiable, NumPy inside)
    autograd takes it for a constant, and says nothing."""
    with torch.inference_mode(False), torch.enable_grad():
        z = torch.linspace(-2, 2, 9, dtype=dtype, device=device).requires_grad_()
        d = torch.ones_like(z).requires_grad_()
        (slope,) = torch.autograd.grad(activation(z), z, d, create_graph=True)
        if not slope.requires_grad:
            return False
        (back,) = torch.autograd.grad(slope.sum(), d, allow_unused=True)
    return back is not None
