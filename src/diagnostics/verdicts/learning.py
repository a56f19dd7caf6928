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
# What is asked for later of a member that had not gone so far by then: it has caught up.
CAUGHT_UP = 0.8
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
    """At the last look: accuracy in [0, 1], loss in nats, and the loss at the first look.

    early: step and accuracy of the last look within FULL_STEPS, None where that is the first look
    or the last.
    """

    first_step: int
    step: int
    first_loss: float
    loss: float
    accuracy: float
    classes: int
    early: tuple[int, float] | None = None

    def skill_of(self, accuracy: float) -> float:
        """0 of guessing, 1 where all are right."""
        chance = 1 / self.classes
        return (accuracy - chance) / (1 - chance)

    def expected(self, step: int) -> float:
        """The accuracy that is well enough at a step."""
        return 1 / self.classes + wanted(step) * (1 - 1 / self.classes)

    @property
    def skill(self) -> float:
        return self.skill_of(self.accuracy)

    @property
    def late(self) -> bool:
        """Whether it learnt too little early, and has not caught up since."""
        if self.early is None or self.skill >= CAUGHT_UP:
            return False
        step, accuracy = self.early
        return self.skill_of(accuracy) < wanted(step)

    @property
    def guessing(self) -> float:
        """The loss of equal logits, nats."""
        return math.log(self.classes)

    @property
    def level(self) -> Level:
        if self.step == self.first_step:
            return Level.unknown
        fallen = self.loss < (1 - LOSS_FALL) * self.guessing
        skilled = self.skill >= SOME
        if self.loss < self.guessing:
            if self.skill >= max(wanted(self.step), SOME):
                return Level.some if self.late else Level.well
            return Level.some if fallen or skilled else Level.nothing
        # Wrong with more certainty than a guess: only a skill that is half of enough is learning.
        half = self.skill >= max(wanted(self.step) / 2, SOME)
        return Level.some if half else Level.nothing


def wanted(step: int) -> float:
    """The skill that is well enough at a step; it grows as the root of the steps."""
    return WELL * min(1.0, math.sqrt(step / FULL_STEPS))


def learning(story: Story) -> Learning | None:
    """None where the loss or the accuracy were not measured, or are not finite."""
    losses, accuracies = story.curve("loss"), story.curve("accuracy")
    excess = story.curve("excess_loss")
    steps = sorted(losses.keys() & accuracies.keys() & excess.keys())
    if not steps:
        return None
    first, last = steps[0], steps[-1]
    if not (math.isfinite(losses[first]) and math.isfinite(losses[last])):
        return None
    classes = round(math.exp(losses[first] - excess[first]))
    if classes < 2:
        return None
    soon = [step for step in steps if first < step <= FULL_STEPS and step < last]
    early = (soon[-1], accuracies[soon[-1]]) if soon and last > FULL_STEPS else None
    return Learning(first, last, losses[first], losses[last], accuracies[last], classes, early)
