"""Signals and gradients of every layer, as the theory of src.meanfield has them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from src.criticality import CriticalPoint, critical
from src.errors import InputError
from src.initializers.place import Setting
from src.meanfield import Layer, depth_scale
from src.theory.inputs import Inputs
from src.theory.loss import expected_loss
from src.theory.starts import LayerStart

CRITICAL = 1e-3  # |χ1 - 1| below which gradients neither grow nor shrink at any usual depth


@dataclass(frozen=True)
class LayerPrediction:
    """None: a layer whose like the theory does not cover, or below one; χ1 of the first layer,
    which no activation comes before; φ of the logits, which are not activated."""

    start: LayerStart
    q: float | None = None  # E[z²] of the preactivation, in training
    q_evaluated: float | None = None  # without dropout
    correlation: float | None = None  # of two inputs as alike as two of the data are, on average
    post_activation: float | None = None  # E[φ²]
    dropped: float | None = None  # with dropout: E[φ²]/p
    chi: float | None = None  # by this layer's weights and the activation that it reads


@dataclass(frozen=True)
class Limit:
    """What endless layers like the hidden ones lead to."""

    weight: float  # σw², the mean of the layers from hidden to hidden
    bias: float
    spread: tuple[float, float]  # of σw² over these layers
    q: float  # 0, finite or inf
    homogeneous: bool
    chi: float
    correlation: float | None
    depth_scale: float  # 1/|ln χ1|, of gradients
    correlation_depth_scale: float | None
    critical: CriticalPoint | None
    why_none: str = ""  # where there is no critical point

    @property
    def regime(self) -> str:
        if abs(self.chi - 1) < CRITICAL:
            return "critical"
        return "ordered" if self.chi < 1 else "chaotic"


@dataclass(frozen=True)
class Prediction:
    layers: list[LayerPrediction]
    limit: Limit | None
    gradient: float | None  # ∏ χ1: of its squared norm, from the logits to the first layer
    training_loss: float | None  # with dropout
    evaluation_loss: float | None  # without
    uncovered: str | None  # why numbers are missing


def predict(starts: Sequence[LayerStart], setting: Setting, inputs: Inputs) -> Prediction:
    uncovered = _uncovered(starts, setting)
    covered = _covered(starts, setting)
    layers = _layers(starts[:covered], setting, inputs)
    layers += [LayerPrediction(start) for start in starts[covered:]]
    whole = covered == len(starts)
    chis = [layer.chi for layer in layers if layer.chi is not None]
    classes = starts[-1].place.shape[0]
    limit = None
    if covered and layers[0].q is not None:
        limit = _limit([s for s in starts if s.centred], setting, layers[0].q)
    return Prediction(
        layers,
        limit,
        math.prod(chis) if whole and chis else None,
        _loss(layers[-1].q, classes),
        _loss(layers[-1].q_evaluated, classes),
        uncovered,
    )


def evaluated(
    starts: Sequence[LayerStart], setting: Setting, second_moment: float
) -> list[tuple[float, float]]:
    """q and χ1 of each layer without dropout, for an input of that mean square.

    NaN from the first layer on that theory does not cover, or whose q is not finite; χ1 of the
    first layer as well.
    """
    found: list[tuple[float, float]] = []
    q = second_moment
    for start in starts[: _covered(starts, setting)]:
        chi = math.nan
        if start.place.first:
            q = start.weight * q + start.bias
        else:
            chi, q = _through(Layer(setting.activation, start.weight, start.bias), q)
        if not math.isfinite(q):
            break
        found.append((q, chi))
    return found + [(math.nan, math.nan)] * (len(starts) - len(found))


@lru_cache(maxsize=4096)
def _through(layer: Layer, q: float) -> tuple[float, float]:
    """χ1 and q; members of a sweep share them, and each takes a millisecond."""
    return layer.chi(q), layer.variance(q)


def _covered(starts: Sequence[LayerStart], setting: Setting) -> int:
    """How many layers come before the first that the theory says nothing of."""
    if setting.residual:
        return 0
    return next((k for k, start in enumerate(starts) if not start.centred), len(starts))


def _uncovered(starts: Sequence[LayerStart], setting: Setting) -> str | None:
    if setting.residual:
        return "model.residual=true: the theory is of plain networks, without shortcuts."
    k = _covered(starts, setting)
    if k == len(starts):
        return None
    start = starts[k]
    weights = f"weights with mean {start.weight_mean:.3g}"
    what = weights if start.weight_mean else f"biases with mean {start.bias_mean:.3g}"
    return (
        f"layer {k + 1} has {what}: the theory is of means of 0; another moves all units of "
        "a layer alike, and can outweigh all that is predicted."
    )


def _layers(
    starts: Sequence[LayerStart], setting: Setting, inputs: Inputs
) -> list[LayerPrediction]:
    found: list[LayerPrediction] = []
    q = evaluated = inputs.second_moment
    c = inputs.correlation
    for start in starts:
        chi = None
        if start.place.first:
            scale, q = q, start.weight * q + start.bias
            evaluated = q
            c = (start.weight * scale * c + start.bias) / q if q > 0 else c
        else:
            layer = Layer(setting.activation, start.weight, start.bias, setting.dropout)
            plain = Layer(setting.activation, start.weight, start.bias)
            chi = layer.chi(q)
            after = layer.variance(q)
            c = layer.correlation(c, q) if q > 0 and after > 0 else c
            q, evaluated = after, plain.variance(evaluated)
        post = dropped = None
        if not start.place.last:
            post = Layer(setting.activation, 1.0).post_activation(q)
            dropped = post / (1 - setting.dropout)
        alike = c if q > 0 else None
        found.append(LayerPrediction(start, q, evaluated, alike, post, dropped, chi))
    return found


def _limit(starts: Sequence[LayerStart], setting: Setting, first: float) -> Limit | None:
    """Of the layers from hidden to hidden, or where there is none of the logits'."""
    inner = [s for s in starts if not s.place.first and not s.place.last]
    inner = inner or [s for s in starts if not s.place.first]
    if not inner:
        return None
    weights = [s.weight for s in inner]
    weight, bias = sum(weights) / len(weights), sum(s.bias for s in inner) / len(inner)
    layer = Layer(setting.activation, weight, bias, setting.dropout)
    q = layer.variance_fixed_point(first) if weight > 0 else bias
    chi = layer.chi(min(q, 1e12))
    point, why = None, ""
    try:
        point = critical(setting.activation, bias, setting.dropout)
    except InputError as error:
        why = str(error)
    alive = weight > 0
    return Limit(
        weight,
        bias,
        (min(weights), max(weights)),
        q,
        layer.homogeneous,
        chi,
        layer.correlation_fixed_point(q) if alive else None,
        depth_scale(chi),
        layer.correlation_depth_scale(q) if alive else None,
        point,
        why,
    )


def _loss(q: float | None, classes: int) -> float | None:
    return None if q is None or not math.isfinite(q) else expected_loss(q, classes)
