"""Eigenvalues and singular values of a stack's matrices, in float64; NaN where not finite."""

import torch
from torch import Tensor


def eigenvalues(symmetric: Tensor) -> Tensor:
    """symmetric [..., n, n], float64 -> [..., n], the smallest first.

    Of one without negative eigenvalues: what lies within rounding of 0, n·eps of the largest, is 0.
    All NaN where an element is not finite, at which LAPACK would raise.
    """
    finite = symmetric.isfinite().all(dim=(-2, -1), keepdim=True)
    found = torch.linalg.eigvalsh(torch.where(finite, symmetric, 0.0))
    noise = symmetric.shape[-1] * torch.finfo(torch.float64).eps * found[..., -1:]
    return torch.where(finite.squeeze(-1), torch.where(found > noise, found, 0.0), torch.nan)


def squared_singular_values(matrix: Tensor) -> Tensor:
    """matrix [..., o, i] -> [..., min(o, i)], the smallest first.

    By the Gram matrix, a third of the time of a decomposition: those below √(n·eps) of the largest,
    2e-7 of it, come out as 0. float32 rounds the matrix itself by as much.
    """
    matrix = matrix.double()
    if matrix.shape[-2] > matrix.shape[-1]:
        matrix = matrix.mT
    return eigenvalues(matrix @ matrix.mT)
