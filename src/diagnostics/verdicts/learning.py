"""How far a member has learnt, by the loss and the accuracy of the fixed sample."""

import math
from dataclasses import dataclass
from enum import Enum

from src.diagnostics.records import Story

# Share of the way from guessing to all right. Every usual start on Fashion-MNIST has gone so far by
# step 100, with Adam and with SGD; no member that fails has gone half of it.
WELL = 0.4
# The step by which WELL is asked for. Before, it is less, as the root of the steps.
FULL_STEPS = 100
# Of a sample of 128 and ten classes the share right by guessing has a std of .027, so a skill of
# .09 is three of them.
SOME = 0.09
# Or the loss has come down from that of guessing by this share of it.
LOSS_FALL = 0.05


class Level(Enum):
    """unknown: nothing but the start has been seen."""

    unknown = "unknown"
    nothing = "nothing"
    some = "some"
    well = "well"


@dataclass(frozen=True)
class Learning:
    """At the last look: accuracy in [0, 1], loss in nats, and the loss at the first look."""

    first_step: int
    step: int
    first_loss: float
    loss: float
    accuracy: float
    classes: int

    @property
    def skill(self) -> float:
        """0 of guessing, 1 where all are right."""
        chance = 1 / self.classes
        return (self.accuracy - chance) / (1 - chance)

    @property
    def guessing(self) -> float:
        """The loss of equal logits, nats."""
        return math.log(self.classes)

    @property
    def wanted(self) -> float:
        """The skill that is well enough at this step; it grows as the root of the steps."""
        return WELL * min(1.0, math.sqrt(self.step / FULL_STEPS))

    @property
    def level(self) -> Level:
        if self.step == self.first_step:
            return Level.unknown
        fallen = self.loss < (1 - LOSS_FALL) * self.guessing
        skilled = self.skill >= SOME
        if self.loss < self.guessing:
            if self.skill >= max(self.wanted, SOME):
                return Level.well
            return Level.some if fallen or skilled else Level.nothing
        # Wrong with more certainty than a guess: only a skill that is half of enough is learning.
        half = self.skill >= max(self.wanted / 2, SOME)
        return Level.some if half else Level.nothing


def learning(story: Story) -> Learning | None:
    """None where the loss or the accuracy were not measured, or are not finite."""
    losses, accuracies = story.curve("loss"), story.curve("accuracy")
    excess = story.curve("excess_loss")
    steps = sorted(losses.keys() & accuracies.keys() & excess.keys())
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    classes = math.exp(losses[first] - excess[first]) if math.isfinite(losses[first]) else math.nan
    if not (math.isfinite(losses[last]) and classes > 1):
        return None
    return Learning(first, last, losses[first], losses[last], accuracies[last], round(classes))
