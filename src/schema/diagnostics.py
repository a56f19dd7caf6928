"""conf/diagnostics: what is measured while a member trains, when, and on how many examples."""

from dataclasses import dataclass, field
from enum import Enum

from omegaconf import MISSING

from src.errors import require
from src.schema.ranges import at_least

EARLY_STEPS = (0, 1, 2, 5, 10, 20, 50, 100)


class Tier(Enum):
    """What probes may cost, the cheapest first."""

    off = "off"
    light = "light"
    full = "full"


@dataclass
class DiagnosticsConfig:
    name: str = MISSING
    tier: Tier = MISSING
    early_steps: list[int] = field(default_factory=lambda: list(EARLY_STEPS))
    every_n_steps: int | None = None  # and at each multiple of this
    epochs: bool = True  # and at each epoch's end
    samples: int = 128  # training examples that the probes look at, the same for all members
    histograms: bool = MISSING  # in TensorBoard: weights, preactivations and gradients
    images: bool = MISSING  # in TensorBoard: filters, misclassified examples, confusion matrix

    def __post_init__(self) -> None:
        right = all(step >= 0 for step in self.early_steps)
        key = "diagnostics.early_steps"
        require(right, key, self.early_steps, "a list of integers of at least 0")
        if self.every_n_steps is not None:
            at_least("diagnostics.every_n_steps", self.every_n_steps, 1)
        at_least("diagnostics.samples", self.samples, 2)
