"""Learning-rate schedules: from a step's number to a factor on the optimizer's lr."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def _none(progress: float, epochs: int) -> float:
    return 1.0


def _linear(progress: float, epochs: int, final: float) -> float:
    return (1 - progress) + final * progress  # exactly 1 and final at its ends


def _cosine(progress: float, epochs: int, final: float) -> float:
    return _linear((1 - math.cos(math.pi * progress)) / 2, epochs, final)


def _step(progress: float, epochs: int, gamma: float, every_epochs: int) -> float:
    return float(gamma ** (epochs // every_epochs))


# progress: share of the steps after the warm-up that are done; epochs: whole ones that are done.
DECAYS: dict[str, Callable[..., float]] = {
    "none": _none,
    "linear": _linear,
    "cosine": _cosine,
    "step": _step,
}
# These reach their end with the run: in a run of another length every step has another rate.
SPANNING = frozenset({"linear", "cosine"})


@dataclass(frozen=True)
class Schedule:
    """One member's schedule, in optimisation steps counted from the start of its run.

    decay, parameters: a key of DECAYS and its keyword arguments. run_steps, epoch_steps: lengths
    of the whole run and of an epoch.
    """

    decay: str = "none"
    parameters: dict[str, Any] = field(default_factory=dict)
    warmup_steps: int = 0
    run_steps: int = 0
    epoch_steps: int = 1

    @property
    def constant(self) -> bool:
        """Whether every step has the factor 1."""
        return self.decay == "none" and self.warmup_steps == 0

    def factor(self, step: int) -> float:
        """From 0 to 1, for the update number `step`; the first of a run has the number 0.

        The warm-up climbs by equal parts, 1/(warmup_steps + 1) at first, and the step after it is
        the first at the whole rate. Then linear and cosine begin; step counts epochs of the run.
        """
        warmup = min(1.0, (step + 1) / (self.warmup_steps + 1))
        after = self.run_steps - self.warmup_steps  # not above 0 where the run ends before it
        progress = min(1.0, max(0, step - self.warmup_steps) / after) if after > 0 else 0.0
        decay = DECAYS[self.decay](progress, step // self.epoch_steps, **self.parameters)
        return warmup * decay


CONSTANT = Schedule()
