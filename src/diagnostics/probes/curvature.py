"""How far a gradient step can be trusted."""

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot, cross_entropies
from src.initializers.meta_init import MetaInit, gradient_quotients

# What PyTorch says of an activation whose author has ruled out a second derivative.
ONCE = "differentiate twice"


def gradient_quotient(at: Snapshot) -> Tensor:
    """MetaInit's ‖(g - Hg)/(g + ε·sign g) - 1‖₁/P, by all P parameters.

    Dauphin and Schoenholz 2019 (NeurIPS). How much a step along the gradient changes the gradient
    itself, on average over parameters; 1 also for one whose gradient is 0. NaN where an activation
    of the user's own can be differentiated only once.
    """
    x = at.x.expand(len(at), -1, -1)
    with torch.enable_grad():
        loss = cross_entropies(at.model(x), at.y).mean(dim=1).sum()
        try:
            found = gradient_quotients(loss, list(at.model.parameters()), MetaInit.epsilon)
        except RuntimeError as error:
            if ONCE not in str(error):
                raise
            return torch.full((len(at),), torch.nan, dtype=torch.float64)
    return found.detach().double()
