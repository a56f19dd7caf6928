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
# A member is called late by a look of this step or after: earlier ones tell too little.
SOON = 50
# What is asked for later of a member that had not gone so far by then: it has caught up.
CAUGHT_UP = 0.8
# Of a sample of 128 and ten classes the share right by guessing has a std of .027, so a skill of
# .09 is three of them.
SOME = 0.09
# Or the loss has come down from that of guessing by this share of it.
LOSS_FALL = 0.05
# Of losses up to this, float64 keeps ln(classes) to a millionth.
LARGEST = 1e9


class Level(Enum):
    """unknown: nothing but the start has been seen."""

    unknown = "unknown"
    nothing = "nothing"
    some = "some"
    well = "well"


@dataclass(frozen=True)
class Learning:
    """At the last look: accuracy in [0, 1], loss in nats, and the loss at the first look.

    early: step and accuracy of the last look from SOON to FULL_STEPS, None where there is none or
    it is the last of all.
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
    def worse_than_guessing(self) -> bool:
        """Wrong with more certainty than a guess."""
        return self.loss >= self.guessing

    @property
    def level(self) -> Level:
        if self.step == 0:
            return Level.unknown
        fallen = self.loss < (1 - LOSS_FALL) * self.guessing
        skilled = self.skill >= SOME
        if not self.worse_than_guessing:
            if self.skill >= max(wanted(self.step), SOME):
                return Level.some if self.late else Level.well
            return Level.some if fallen or skilled else Level.nothing
        # Only a skill that is half of enough is learning then.
        half = self.skill >= max(wanted(self.step) / 2, SOME)
        return Level.some if half else Level.nothing


def wanted(step: int) -> float:
    """The skill that is well enough at a step; it grows as the root of the steps."""
    return WELL * min(1.0, math.sqrt(step / FULL_STEPS))


def learning(story: Story, classes: int | None = None) -> Learning | None:
    """None where the loss or the accuracy were not measured, or are not finite at the last look.

    classes: None where only the records tell.
    """
    losses, accuracies = story.curve("loss"), story.curve("accuracy")
    steps = sorted(losses.keys() & accuracies.keys())
    classes = classes_told(story) if classes is None else classes
    if not steps or classes is None or classes < 2:
        return None
    first, last = steps[0], steps[-1]
    if not math.isfinite(losses[last]):
        return None
    soon = [step for step in steps if SOON <= step <= FULL_STEPS and step < last]
    early = (soon[-1], accuracies[soon[-1]]) if soon and last > FULL_STEPS else None
    return Learning(first, last, losses[first], losses[last], accuracies[last], classes, early)


def classes_told(story: Story) -> int | None:
    """From loss - excess_loss = ln(classes) at the smallest loss; None where rounding hides it."""
    excesses = story.curve("excess_loss")
    losses = {step: loss for step, loss in story.curve("loss").items() if step in excesses}
    small = [step for step, loss in losses.items() if abs(loss) < LARGEST]
    step = min(small, key=lambda step: abs(losses[step]), default=None)
    if step is None:
        return None
    return round(math.exp(losses[step] - excesses[step]))
