"""The parts of an empirical tangent kernel: what each kind of parameter adds to it, in float64.

Letters as in src.model, and c: the logits.
"""

import torch
from torch import Tensor


def of_dense(deltas: Tensor, reads: Tensor) -> Tensor:
    """Of W and b: deltas ∂logit/∂(W a + b) [m, c, b, o], reads a [m or 1, b, i] -> [m, b, b].

    ∇f by W is the outer product of δ and a, so that of two samples ∇f·∇f' = (δ·δ')(a·a' + 1).
    """
    flat = deltas.transpose(1, 2).flatten(2).double()
    read = reads.double()
    return (flat @ flat.mT) * (read @ read.mT + 1) / deltas.shape[1]


def of_scale(deltas: Tensor, branch: Tensor) -> Tensor:
    """Of α: deltas ∂logit/∂z [m, c, b, o], branch W a + b [m, b, o] -> [m, b, b]."""
    slopes = (deltas.double() * branch.double().unsqueeze(1)).sum(dim=3)
    return slopes.mT @ slopes / deltas.shape[1]


def to_inputs(deltas: Tensor, weight: Tensor) -> Tensor:
    """∂logits/∂x [m, b, c, i] from the deltas [m, c, b, o] of the first layer, weight [m, o, i]."""
    members, logits, samples, _ = deltas.shape
    flat = torch.bmm(deltas.transpose(1, 2).flatten(1, 2), weight)
    return flat.view(members, samples, logits, -1)
