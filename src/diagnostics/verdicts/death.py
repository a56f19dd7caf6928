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
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.saturation import MAJORITY as SATURATED
from src.diagnostics.verdicts.steps import violent
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# Usual ReLU networks have up to a third of their units dead on 128 samples and learn; from a half
# on more of the layer is lost than works.
MAJORITY = 0.5
# Named where a layer died later: every other unit, or more, is silenced in each step.
MUCH_DROPOUT = 0.5
# And a decay ten times AdamW's default.
MUCH_DECAY = 0.1


def dead(story: Story, facts: Facts) -> Verdict | None:
    """Units for which the activation's slope is exactly 0 on every sample, so that they learn no
    more.

    A unit is dead where no sample sends a gradient through it, as of a ReLU whose input is never
    positive. The verdict holds where a whole hidden layer is dead (then nothing before it learns
    either, but where a shortcut goes round it), or at least half of one. Born dead: so at the first
    look; else it says at which step the layer was first seen dead, and whether a step before moved
    weights by half of their size or more. Where the activation is flat because its input is large
    (tanh, sigmoid), that is `saturated`.
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
    through = {1: "its one unit", 2: "either of its 2 units"}.get(
        units, f"any of its {units} units"
    )
    sentence = f"Layer {layer} {name}: not one sample sends a gradient through {through}, "
    if facts.bypassed(layer):
        sentence += "so it does not learn; the shortcut goes round it."
    elif layer == 1:
        sentence += "so it does not learn."
    else:
        sentence += "so neither it nor any layer before it learns."
    return _verdict(story, facts, sentence, Evidence("dead_layer", layer, start, 1.0, 1.0))


def _of_units(story: Story, facts: Facts, start: int, layer: int) -> Verdict:
    share = story.curve("dead_fraction", layer)[start]
    name = "are born dead" if start == 0 else f"were dead {when(start)}"
    sentence = (
        f"{percent(share)} of the {facts.hidden[layer - 1]} units of layer {layer} {name}: no "
        "sample sends a gradient through them, so they learn no more."
    )
    evidence = Evidence("dead_fraction", layer, start, share, MAJORITY)
    return _verdict(story, facts, sentence, evidence)


def _verdict(story: Story, facts: Facts, sentence: str, evidence: Evidence) -> Verdict:
    if evidence.step == 0:
        return Verdict("dead", sentence, _born(facts), (evidence,))
    blow = violent(story, evidence.step)
    if blow is None:
        return Verdict("dead", sentence, _died(facts), (evidence,))
    sentence += (
        f" Update {blow.step + 1} had moved the weights of layer {blow.layer} by "
        f"{number(blow.value)} times their own size: too large a step."
    )
    return Verdict("dead", sentence, _died(facts), (evidence, blow))


def _born(facts: Facts) -> str:
    return advice(
        facts,
        (
            "start with weights that let signals through, and with biases of 0",
            *("init=he", "init=rai with wider layers in model.hidden"),
        ),
        (
            "an activation with a slope everywhere",
            *("activation=leaky_relu", "activation=elu"),
        ),
    )


def _died(facts: Facts) -> str:
    also: list[tuple[str, ...]] = []
    if facts.dropout >= MUCH_DROPOUT:
        also.append((f"less dropout (model.dropout is {facts.dropout:g})",))
    if facts.weight_decay >= MUCH_DECAY:
        also.append((f"less decay (optimizer.weight_decay is {facts.weight_decay:g})",))
    return advice(
        facts,
        *also,
        ("take smaller steps", "a tenth of optimizer.lr", "optimizer.clip_norm=1"),
        ("an activation whose units cannot die", "activation=leaky_relu"),
    )
