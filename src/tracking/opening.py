"""How a member begins: its weights before the first step in bins, and each of its first steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from src.model import StackedMLP

STEPS = 100  # the first steps, each with a number of its own
BINS = 40

# Where float32 holds differences and quotients of weights; outside, float64 does.
_SMALLEST, _LARGEST = 1e-30, 1e37


class FirstSteps:
    """Training loss and accuracy of the batches of the first STEPS steps, of all members."""

    def __init__(self, members: int) -> None:
        self._numbers: npt.NDArray[np.float64] = np.zeros((2, 0, members))

    def trained(self, first_step: int, numbers: npt.NDArray[np.float64]) -> None:
        """numbers: loss and accuracy [2, t, m] of steps first_step, first_step + 1, ..."""
        known = self._numbers.shape[1]
        if known < STEPS and first_step == known:
            more = numbers[:, : STEPS - known]
            self._numbers = np.concatenate([self._numbers, more], axis=1)

    def of(self, k: int, diverged_at: int | None) -> dict[str, list[float]]:
        """Of member k, up to the step at which it diverged; index 0 is the first batch, seen by
        the weights before any update. Empty where no step was made, or none was seen."""
        loss, accuracy = self._numbers[:, :diverged_at, k]
        return {"train_loss": _rounded(loss), "train_accuracy": _rounded(accuracy)}

    def state(self) -> list[Any]:
        """Plain, for a checkpoint."""
        state: list[Any] = self._numbers.tolist()
        return state

    def restore(self, state: Sequence[Any]) -> None:
        self._numbers = np.array(state).reshape(self._numbers.shape[0], -1, self._numbers.shape[2])


def _rounded(numbers: npt.NDArray[np.float64]) -> list[float]:
    """With the digits that float32 has."""
    return [float(f"{number:.9g}") for number in numbers.tolist()]


def initial_weights(model: StackedMLP, k: int) -> list[dict[str, Any]]:
    """Member k's weights (no biases), counted in BINS bins of equal width from low to high.

    An entry for each layer, from 1 on. One bin without a width where all weights are equal; of
    weights that are not finite none is counted, and low and high are null where none is left.
    """
    layers = enumerate(model.weights, start=1)
    return [{"layer": layer, **_binned(weights[k].detach())} for layer, weights in layers]


def _binned(weights: Tensor) -> dict[str, Any]:
    low, high = map(float, weights.aminmax())
    if not (abs(low) < float("inf") and abs(high) < float("inf")):  # false for NaN as well
        finite = weights[weights.isfinite()]
        if not len(finite):
            return {"low": None, "high": None, "counts": []}
        return _binned(finite)
    width = high - low
    if width == 0:
        return {"low": low, "high": high, "counts": [weights.numel()]}
    held = _SMALLEST < width < _LARGEST
    place = (weights if held else weights.double()).sub(low).mul_(BINS / width)
    index = place.to(torch.int32).clamp_(max=BINS - 1)  # the last bin has both of its edges
    counts = torch.bincount(index.flatten(), minlength=BINS)
    return {"low": low, "high": high, "counts": counts.tolist()}
