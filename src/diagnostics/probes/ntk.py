"""The empirical neural tangent kernel (Jacot et al. 2018, arXiv:1806.07572) of the first samples.

K(x, x') = 1/c · Σ over the c logits f of ∇f(x)·∇f(x'), by all trained parameters: weights, biases
and the α of residual blocks. It is the diagonal of the kernel between logits, averaged; what lies
beside the diagonal vanishes in wide networks.
"""

from torch import Tensor

from src.diagnostics.snapshot import Snapshot


def ntk_trace(at: Snapshot) -> Tensor:
    """Of the [b, b] matrix: the sum over samples of the mean over logits of ‖∇f‖²."""
    return at.first.ntk.diagonal(dim1=1, dim2=2).sum(dim=1)


def ntk_largest(at: Snapshot) -> Tensor:
    """The largest eigenvalue of the [b, b] matrix."""
    return at.first.ntk_spectrum[:, -1]


def ntk_condition(at: Snapshot) -> Tensor:
    """Largest over smallest eigenvalue of the [b, b] matrix, inf where the smallest is 0."""
    return at.first.ntk_spectrum[:, -1] / at.first.ntk_spectrum[:, 0]
