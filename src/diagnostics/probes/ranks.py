"""How many directions a layer uses: of its weight, and of its features over the samples.

The matrix of features has a row for each sample, and is not centred: features that are alike for
all samples have rank 1. NaN where all is 0.
"""

import torch
from torch import Tensor

from src.diagnostics.snapshot import Snapshot


def stable_rank_weight(at: Snapshot) -> Tensor:
    """‖W‖_F²/σ1² (Rudelson and Vershynin 2007): at most the rank."""
    return torch.stack([_stable(squares) for squares in at.weight_spectra], dim=1)


def effective_rank_weight(at: Snapshot) -> Tensor:
    """exp of the entropy of σ/Σσ (Roy and Vetterli 2007): the rank where all σ are equal."""
    return torch.stack([_effective(squares) for squares in at.weight_spectra], dim=1)


def stable_rank_features(at: Snapshot) -> Tensor:
    return torch.stack([_stable(squares) for squares in at.feature_spectra], dim=1)


def effective_rank_features(at: Snapshot) -> Tensor:
    return torch.stack([_effective(squares) for squares in at.feature_spectra], dim=1)


def _stable(squares: Tensor) -> Tensor:
    """Squared singular values [m, n] -> [m]."""
    return squares.sum(dim=1) / squares[:, -1]


def _effective(squares: Tensor) -> Tensor:
    values = squares.sqrt()
    shares = values / values.sum(dim=1, keepdim=True)
    effective: Tensor = torch.special.entr(shares).sum(dim=1).exp()
    return effective
