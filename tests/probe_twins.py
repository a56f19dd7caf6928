"""The slow, obvious twin of each probe: one member, float64, sample by sample, plain loops."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

Row = list[float]  # of each layer
NAN = math.nan

# |φ'| at most, by analysis (gelu, silu, mish: the maximum beyond 0, to four digits).
LARGEST = {
    **dict.fromkeys(("identity", "relu", "leaky_relu", "elu", "softplus"), 1.0),
    **dict.fromkeys(("softsign", "tanh", "hardtanh", "squareplus"), 1.0),
    "selu": 1.7581,
    "gelu": 1.1289,
    "silu": 1.0998,
    "mish": 1.0885,
    "sigmoid": 0.25,
}
SATURATING = ("tanh", "sigmoid", "softsign", "hardtanh")


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
    def jacobians(self) -> list[np.ndarray]:
        """Singular values of each sample, the largest first."""

        def logits(x: Tensor) -> Tensor:
            return self.run(x, [p.detach() for p in self.parameters])[-1]

        found = []
        for x in self.x:
            values = np.linalg.svd(
                torch.autograd.functional.jacobian(logits, x).numpy(), compute_uv=False
            )
            found.append(np.where(values < 2**-20 * values[0], 0, values))
        return found

    @cached_property
    def kernel(self) -> np.ndarray:
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
            parts = flat.split(sizes)
            return self.mean_loss([v.view(s) for v, s in zip(parts, shapes, strict=True)])

        flat = torch.cat([p.detach().flatten() for p in self.parameters])
        g = torch.cat([each.flatten() for each in self.gradients])
        hg = torch.autograd.functional.hessian(loss, flat) @ g
        terms = [
            abs((u - v) / (u + (1e-5 if u >= 0 else -1e-5)) - 1)
            for u, v in zip(g.tolist(), hg.tolist(), strict=True)
        ]
        return sum(terms) / len(terms)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def numbers(t: Tensor) -> Row:
    found: Row = t.flatten().tolist()
    return found


def variance(values: Row) -> float:
    return mean([(v - mean(values)) ** 2 for v in values])


def square(values: Row) -> float:
    return mean([v * v for v in values])


def over(numerator: float, denominator: float) -> float:
    if denominator == 0:
        return NAN if numerator == 0 else math.inf
    return numerator / denominator


def cosine(features: Tensor) -> float:
    found = []
    for i, one in enumerate(features):
        for j, other in enumerate(features):
            norms = float(one.norm() * other.norm())
            if i != j and norms > 0:
                found.append(float(one @ other) / norms)
    return mean(found) if found else NAN


def distinct(w: Tensor, b: Tensor) -> int:
    """Equal but for rounding: float64's is 1e-16 of the largest number."""
    rows, kept = torch.cat([w, b[:, None]], dim=1), list[Tensor]()
    same = 1e-9 * float(rows.abs().max())
    for row in rows:
        if all(float((row - other).abs().max()) > same for other in kept):
            kept.append(row)
    return len(kept)


def ranks(matrix: Tensor) -> tuple[float, float]:
    values = np.linalg.svd(matrix.numpy(), compute_uv=False)
    if values.sum() == 0:
        return NAN, NAN
    shares = [v / values.sum() for v in values if v > 0]
    return float((values**2).sum() / values[0] ** 2), math.exp(
        -sum(s * math.log(s) for s in shares)
    )


def lower_median(values: Sequence[float]) -> float:
    known = sorted(values)
    return float(known[(len(known) - 1) // 2])


def dead(t: Twin) -> Row:
    bound = 2.0**-23 * LARGEST[t.name]
    found = []
    for rows in t.slopes:
        columns = list(zip(*rows, strict=True))
        found.append(mean([all(abs(v) < bound for v in column) for column in columns]))
    return [*found, NAN]


def saturated(t: Twin) -> Row:
    bound = 0.05 * LARGEST[t.name] if t.name in SATURATING else 0.0
    return [*(mean([abs(v) < bound for row in rows for v in row]) for rows in t.slopes), NAN]


def chosen(t: Twin) -> list[int]:
    return [max(range(len(row)), key=lambda c: float(row[c])) for row in t.z[-1]]


def losses(t: Twin) -> Row:
    return [float(t.loss_of(k, t.parameters).detach()) for k in range(len(t.y))]


def squared_norms(tensors: Sequence[Tensor]) -> Row:
    return [sum(v * v for v in numbers(each)) for each in tensors]


def backward_ratio(t: Twin) -> Row:
    norms = squared_norms(t.deltas)
    return [NAN, *(over(norms[k - 1], norms[k]) for k in range(1, t.depth))]


def forward_ratio(t: Twin) -> Row:
    q = [square(numbers(t.x)), *(square(numbers(z)) for z in t.z)]
    return [over(q[k + 1], q[k]) for k in range(t.depth)]


def condition(t: Twin) -> float:
    alive = [over(float(v[0]), float(v[-1])) for v in t.jacobians if v[0] > 0]
    return lower_median(alive) if alive else NAN


def spectrum(t: Twin) -> np.ndarray:
    """Eigenvalues, the smallest first; below rounding, 0."""
    values = np.linalg.eigvalsh(t.kernel)
    return np.where(values > len(values) * 2.0**-52 * values[-1], values, 0.0)


TWINS: dict[str, Callable[[Twin], float | Row]] = {
    "preactivation_mean": lambda t: [mean(numbers(z)) for z in t.z],
    "preactivation_std": lambda t: [math.sqrt(variance(numbers(z))) for z in t.z],
    "preactivation_q": lambda t: [square(numbers(z)) for z in t.z],
    "q_ratio": forward_ratio,
    "postactivation_mean": lambda t: [*(mean(numbers(a)) for a in t.a[:-1]), NAN],
    "postactivation_std": lambda t: [*(math.sqrt(variance(numbers(a))) for a in t.a[:-1]), NAN],
    "feature_cosine": lambda t: [cosine(a) for a in t.a],
    "gradient_variance": lambda t: [variance(numbers(d)) for d in t.deltas],
    "gradient_ratio": backward_ratio,
    "gradient_norm": lambda t: [
        math.sqrt(v) for v in squared_norms(t.gradients[: 2 * t.depth : 2])
    ],
    "weight_norm": lambda t: [math.sqrt(v) for v in squared_norms([w for w, _ in t.layers])],
    "dead_fraction": dead,
    "dead_layer": lambda t: [NAN if v != v else float(v == 1) for v in dead(t)],
    "saturated_fraction": saturated,
    "distinct_units": lambda t: [distinct(w, b) for w, b in t.layers],
    "distinct_gradients": lambda t: [
        distinct(t.gradients[2 * k], t.gradients[2 * k + 1]) for k in range(t.depth)
    ],
    "loss": lambda t: mean(losses(t)),
    "excess_loss": lambda t: mean(losses(t)) - math.log(len(t.layers[-1][1])),
    "accuracy": lambda t: mean([c == int(y) for c, y in zip(chosen(t), t.y, strict=True)]),
    "logit_scale": lambda t: mean([math.sqrt(variance(numbers(row))) for row in t.z[-1]]),
    "one_class_share": lambda t: max(chosen(t).count(c) for c in chosen(t)) / len(t.y),
    "q_theory_ratio": lambda t: [
        over(square(numbers(z)), q) for z, (q, _) in zip(t.z, t.expected, strict=True)
    ],
    "gradient_theory_ratio": lambda t: [
        over(r, chi) for r, (_, chi) in zip(backward_ratio(t), t.expected, strict=True)
    ],
    "stable_rank_weight": lambda t: [ranks(w)[0] for w, _ in t.layers],
    "effective_rank_weight": lambda t: [ranks(w)[1] for w, _ in t.layers],
    "stable_rank_features": lambda t: [ranks(a)[0] for a in t.a],
    "effective_rank_features": lambda t: [ranks(a)[1] for a in t.a],
    "jacobian_max": lambda t: lower_median([v[0] for v in t.jacobians]),
    "jacobian_median": lambda t: lower_median([lower_median(v) for v in t.jacobians]),
    "jacobian_min": lambda t: lower_median([v[-1] for v in t.jacobians]),
    "jacobian_condition": condition,
    "ntk_trace": lambda t: float(sum(t.kernel[k, k] for k in range(len(t.x)))),
    "ntk_largest": lambda t: float(spectrum(t)[-1]),
    "ntk_condition": lambda t: over(float(spectrum(t)[-1]), float(spectrum(t)[0])),
    "gradient_quotient": Twin.quotient,
}
