"""Measured over predicted: where a start does what mean-field theory says, both are near 1.

Of the start alone, and NaN where theory has no number: see src.theory.predict. Without dropout,
and for an input of the samples' mean square.
"""

from torch import Tensor

from src.diagnostics.probes.gradients import gradient_ratio
from src.diagnostics.probes.signals import preactivation_q
from src.diagnostics.snapshot import Snapshot


def q_theory_ratio(at: Snapshot) -> Tensor:
    """q over what theory predicts."""
    return preactivation_q(at) / at.expected[0]


def gradient_theory_ratio(at: Snapshot) -> Tensor:
    """The gradient's ratio over the χ1 that theory predicts; the first layer has none."""
    return gradient_ratio(at) / at.expected[1]
