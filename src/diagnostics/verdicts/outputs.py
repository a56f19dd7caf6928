"""What the logits and the loss say."""

import math

from src.diagnostics.records import Story
from src.diagnostics.verdicts.learning import classes_told
from src.diagnostics.verdicts.reading import number, since, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# Nats above guessing: the right class is held to be e times less likely than by guessing.
LARGE_EXCESS = 1.0
# Standard deviation of a sample's logits over the classes: between two classes one std apart on
# either side lies a factor of e^4, near certainty.
LARGE_SCALE = 2.0
# A loss so many times that of guessing, or that at the start if it was larger, tells of steps that
# overshoot, not of a sample that is hard.
BLOWN_UP = 10.0


def diverged(story: Story, facts: Facts) -> Verdict | None:
    """The loss is no longer finite, or grew tenfold and is no better than guessing since.

    Judged by the step at which the training loss was NaN or infinite, or that of the fixed sample
    was and stayed so; or by the loss of the sample at any look, against the larger of its value at
    the start and that of guessing, where it has not come below that of guessing since.
    """
    remedy = advice(
        facts,
        ("smaller steps", "a tenth of optimizer.lr", "optimizer.clip_norm=1", "schedule=warmup"),
        ("if another verdict names a fault of the start, mend that first",),
    )
    losses = story.curve("loss")
    seen = since(losses, lambda loss: not math.isfinite(loss))
    step = facts.diverged_at if facts.diverged_at is not None else seen
    if step is not None:
        probe = "training loss" if facts.diverged_at is not None else "loss"
        return Verdict(
            "diverged",
            f"The training diverged: the loss is no finite number at step {step} (learning rate "
            f"{facts.learning_rate:g}).",
            remedy,
            (Evidence(probe, None, step, math.inf),),
        )
    if len(losses) < 2:
        return None
    first, last = min(losses), max(losses)
    classes = facts.classes or classes_told(story)
    guessing = math.log(classes) if classes else 0.0
    bound = BLOWN_UP * max(losses[first], guessing)
    thrown = min((step for step, loss in losses.items() if loss > bound), default=None)
    if thrown is None or losses[last] < guessing:
        return None
    return Verdict(
        "diverged",
        f"The training was thrown off: the loss of the sample went from {number(losses[first])} to "
        f"{number(losses[thrown])} {when(thrown)} (learning rate {facts.learning_rate:g}), and is "
        f"{number(losses[last])} {when(last)}.",
        remedy,
        (
            Evidence("loss", None, thrown, losses[thrown], bound),
            Evidence("loss", None, last, losses[last], guessing),
        ),
    )


def large_logits(story: Story, facts: Facts) -> Verdict | None:
    """The network begins sure of wrong answers.

    Judged at the first look: the loss is at least 1 nat above that of guessing (ln 10 = 2.30 for
    ten classes), and the logits of a sample scatter over the classes by a std of 2 or more. The
    first steps are then spent on unlearning, and are large.
    """
    excesses, scales = story.curve("excess_loss"), story.curve("logit_scale")
    if not excesses or not scales:
        return None
    step = min(excesses)
    excess, scale = excesses[step], scales.get(step, 0.0)
    if step > 0 or excess < LARGE_EXCESS or scale < LARGE_SCALE:
        return None
    return Verdict(
        "large_logits",
        f"The logits are too large at the start: they scatter by {number(scale)} over the classes, "
        f"so the network is sure of wrong answers and its loss is {number(excess)} nats above that "
        "of guessing, which the first steps must unlearn.",
        advice(
            facts,
            (
                "smaller weights in the last layer, where the logits are made",
                *("init=he", "init=xavier", "init=lsuv for any activation"),
            ),
        ),
        (
            Evidence("excess_loss", None, step, excess, LARGE_EXCESS),
            Evidence("logit_scale", None, step, scale, LARGE_SCALE),
        ),
    )
