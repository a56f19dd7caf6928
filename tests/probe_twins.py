"""The slow, obvious twin of each probe, in plain loops over what a Twin has."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from tests.probe_networks import Matrix, Twin, singular_values

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
    "step": 0.0,
}
# Of slopes without bound: twice the largest of |z| ≤ 1, by which a unit is held to be dead.
UNBOUNDED = {"exp": 2 * math.e, "cube": 2 * 3.0}
SATURATING = ("tanh", "sigmoid", "softsign", "hardtanh")


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
    values = singular_values(matrix)
    if values[0] == 0:
        return NAN, NAN
    shares = [v / sum(values) for v in values if v > 0]
    stable = sum(v * v for v in values) / values[0] ** 2
    return stable, math.exp(-sum(s * math.log(s) for s in shares))


def lower_median(values: Sequence[float]) -> float:
    known = sorted(values)
    return known[(len(known) - 1) // 2]


def dead(t: Twin) -> Row:
    bound = 2.0**-23 * (LARGEST | UNBOUNDED)[t.name]
    found = []
    for rows in t.slopes:
        columns = list(zip(*rows, strict=True))
        found.append(mean([all(abs(v) <= bound for v in column) for column in columns]))
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
    alive = [over(v[0], v[-1]) for v in t.jacobians if v[0] > 0]
    return lower_median(alive) if alive else NAN


def spectrum(t: Twin) -> Matrix:
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
