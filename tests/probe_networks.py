"""The slow, obvious twin of a snapshot: one member, float64, sample by sample, by autograd."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.autograd.functional import hessian, jacobian

Matrix = npt.NDArray[np.float64]


def singular_values(matrix: Tensor) -> list[float]:
    """The largest first."""
    values: list[float] = np.linalg.svd(matrix.numpy()).S.tolist()
    return values


@dataclass
class Twin:
    """layers: W [o, i] and b [o]; scales: α of residual blocks; x [b, i], y [b]."""

    layers: list[tuple[Tensor, Tensor]]
    scales: list[float]
    activation: Callable[[Tensor], Tensor]
    name: str
    x: Tensor
    y: Tensor
    expected: list[tuple[float, float]]

    @property
    def depth(self) -> int:
        return len(self.layers)

    @cached_property
    def parameters(self) -> list[Tensor]:
        flat = [tensor for layer in self.layers for tensor in layer]
        scales = [torch.tensor(scale, dtype=torch.float64) for scale in self.scales]
        return [t.clone().requires_grad_() for t in (*flat, *scales)]

    def run(self, x: Tensor, p: Sequence[Tensor]) -> list[Tensor]:
        """One sample [i] -> z of each layer."""
        a, before, found = x, x, []
        for k in range(self.depth):
            z = p[2 * k] @ a + p[2 * k + 1]
            if self.scales and k % 2 == 0 and 2 <= k < self.depth - 1:
                z = p[2 * self.depth + k // 2 - 1] * z + before
            found.append(z)
            a = self.activation(z)
            if k % 2 == 0:
                before = a
        return found

    @cached_property
    def z(self) -> list[Tensor]:
        """[b, o] of each layer."""
        runs = [self.run(x, self.parameters) for x in self.x]
        return [torch.stack(each).detach() for each in zip(*runs, strict=True)]

    @cached_property
    def a(self) -> list[Tensor]:
        return [self.activation(z).detach() for z in self.z[:-1]] + [self.z[-1]]

    def loss_of(self, sample: int, p: Sequence[Tensor]) -> Tensor:
        logits = self.run(self.x[sample], p)[-1]
        return logits.logsumexp(0) - logits[self.y[sample]]

    def mean_loss(self, p: Sequence[Tensor]) -> Tensor:
        return torch.stack([self.loss_of(k, p) for k in range(len(self.y))]).mean()

    @cached_property
    def deltas(self) -> list[Tensor]:
        rows = []
        for x, y in zip(self.x, self.y, strict=True):
            z = self.run(x, self.parameters)
            rows.append(torch.autograd.grad(z[-1].logsumexp(0) - z[-1][y], z))
        return [torch.stack(each) for each in zip(*rows, strict=True)]

    @cached_property
    def gradients(self) -> list[Tensor]:
        return list(torch.autograd.grad(self.mean_loss(self.parameters), self.parameters))

    @cached_property
    def slopes(self) -> list[list[list[float]]]:
        """φ'(z) of each hidden layer, sample and unit."""
        return [[[self.slope(float(v)) for v in row] for row in z] for z in self.z[:-1]]

    def slope(self, z: float) -> float:
        leaf = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        return float(torch.autograd.grad(self.activation(leaf), leaf)[0])

    @cached_property
    def jacobians(self) -> list[list[float]]:
        """Singular values of each sample, the largest first."""

        def logits(x: Tensor) -> Tensor:
            return self.run(x, [p.detach() for p in self.parameters])[-1]

        found = []
        for x in self.x:
            values = singular_values(jacobian(logits, x))  # type: ignore[no-untyped-call]
            found.append([v if v >= 2**-20 * values[0] else 0.0 for v in values])
        return found

    @cached_property
    def kernel(self) -> Matrix:
        """[b, b], from the gradient of each logit of each sample by all parameters."""
        count, logits = len(self.x), len(self.layers[-1][1])
        total = np.zeros((count, count))
        for c in range(logits):
            rows = []
            for x in self.x:
                found = torch.autograd.grad(self.run(x, self.parameters)[-1][c], self.parameters)
                rows.append(torch.cat([g.flatten() for g in found]).numpy())
            total += np.stack(rows) @ np.stack(rows).T / logits
        return total

    def quotient(self) -> float:
        """With the whole Hessian."""
        shapes = [p.shape for p in self.parameters]
        sizes = [p.numel() for p in self.parameters]

        def loss(flat: Tensor) -> Tensor:
            parts = torch.split(flat, sizes)
            return self.mean_loss([v.view(s) for v, s in zip(parts, shapes, strict=True)])

        flat = torch.cat([p.detach().flatten() for p in self.parameters])
        g = torch.cat([each.flatten() for each in self.gradients])
        hg = hessian(loss, flat) @ g  # type: ignore[no-untyped-call]
        terms: list[float] = [
            abs((u - v) / (u + (1e-5 if u >= 0 else -1e-5)) - 1)
            for u, v in zip(g.tolist(), hg.tolist(), strict=True)
        ]
        return sum(terms) / len(terms)
