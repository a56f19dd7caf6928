"""Units through which no gradient passes."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import (
    earliest,
    last_step,
    number,
    percent,
    since,
    when,
)
from src.diagnostics.verdicts.saturation import MAJORITY as SATURATED
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# Usual ReLU networks have up to a third of their units dead on 128 samples and learn; from a half
# on more of the layer is lost than works.
MAJORITY = 0.5
# A step that moves a weight matrix by half its own size replaces the start; healthy steps are
# near a thousandth.
VIOLENT = 0.5


def dead(story: Story, facts: Facts) -> Verdict | None:
    """Units for which the activation's slope is exactly 0 on every sample, so that they learn no
    more.

    A unit is dead where no sample sends a gradient through it, as of a ReLU whose input is never
    positive. The verdict holds where a whole hidden layer is dead (then nothing before it learns
    either), or more than half of one. Born dead: so at the first look; else it says at which step
    the layer was first seen dead, and whether the step before was a violent one. Where the
    activation is flat because its input is large (tanh, sigmoid), that is `saturated`.
    """
    whole = _found(story, "dead_layer", 1.0)
    if whole is not None:
        return _of_layer(story, facts, *whole)
    most = _found(story, "dead_fraction", MAJORITY)
    return None if most is None else _of_units(story, facts, *most)


def _found(story: Story, probe: str, bound: float) -> tuple[int, int] | None:
    found = []
    for layer in story.layers(probe, last_step(story)) if story.rows else ():
        start = since(story.curve(probe, layer), lambda share: share >= bound)
        saturated = story.curve("saturated_fraction", layer)
        if start is not None and saturated.get(start, 0.0) < SATURATED:
            found.append((start, layer))
    return earliest(found)


def _of_layer(story: Story, facts: Facts, start: int, layer: int) -> Verdict:
    units = facts.hidden[layer - 1]
    name = "is born dead" if start == 0 else f"was seen to have died {when(start)}"
    sentence = (
        f"Layer {layer} {name}: not one sample sends a gradient through any of its {units} units, "
        "so neither it nor any layer before it learns."
    )
    return _verdict(story, sentence, Evidence("dead_layer", layer, start, 1.0, 1.0))


def _of_units(story: Story, facts: Facts, start: int, layer: int) -> Verdict:
    share = story.curve("dead_fraction", layer)[start]
    name = "are born dead" if start == 0 else f"were dead {when(start)}"
    sentence = (
        f"{percent(share)} of the {facts.hidden[layer - 1]} units of layer {layer} {name}: no "
        "sample sends a gradient through them, so they learn no more."
    )
    return _verdict(story, sentence, Evidence("dead_fraction", layer, start, share, MAJORITY))


def _verdict(story: Story, sentence: str, evidence: Evidence) -> Verdict:
    if evidence.step == 0:
        remedy = (
            "Start with weights that let signals through: init=he or init=rai with wider layers "
            "in model.hidden; or an activation with a slope everywhere: activation=leaky_relu or "
            "activation=elu."
        )
        return Verdict("dead", sentence, remedy, (evidence,))
    blow = _violent(story, evidence.step)
    remedy = (
        "Take smaller steps (a tenth of optimizer.lr, or optimizer.clip_norm=1), or "
        "activation=leaky_relu, whose units cannot die."
    )
    if blow is None:
        return Verdict("dead", sentence, remedy, (evidence,))
    sentence += (
        f" Update {blow.step + 1} had moved the weights of layer {blow.layer} by "
        f"{number(blow.value)} times their own size: too large a step."
    )
    return Verdict("dead", sentence, remedy, (evidence, blow))


def _violent(story: Story, before: int) -> Evidence | None:
    """The largest measured update ratio of the steps before, if it is above VIOLENT."""
    found = [
        (ratio, step, layer)
        for step in story.steps
        if step < before
        for layer, ratio in story.layers("update_ratio", step).items()
        if ratio > VIOLENT
    ]
    if not found:
        return None
    ratio, step, layer = max(found)
    return Evidence("update_ratio", layer, step, ratio, VIOLENT)
