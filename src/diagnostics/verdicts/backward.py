"""How the size of the gradient changes on its way back through the layers."""

import math

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import number, share, since, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# ‖∂loss/∂z‖² of the first layer over that of the logits: the product of the measured χ1 of the
# layers between. 1e-3 is about a thirtieth in size: in SGD's step, the first layer learns thirty
# times slower than the last.
VANISHED = 1e-3
# A hundred times in size: a step that suits the last layer is far too long for the first.
EXPLODED = 1e4


def vanishing_backward(story: Story, facts: Facts) -> Verdict | None:
    """The gradient dies out on its way back, so that the first layers hardly learn.

    Judged by ‖∂loss/∂z‖² of the first layer over that of the logits, the product of the measured
    χ1 of all layers between: below 1e-3 (a thirtieth in size), and still so at the last look.
    """
    curve = passed_back(story, facts)
    step = since(curve, lambda ratio: ratio <= VANISHED)
    if step is None:
        return None
    ratio, mean = curve[step], _per_layer(curve[step], facts)
    return Verdict(
        "vanishing_backward",
        f"The gradient vanishes on its way back: {when(step)} {share(ratio**0.5)} of its size at "
        f"the logits reaches layer 1 (χ1 = {number(mean)} a layer, 1 would keep it), so the first "
        "layers hardly learn.",
        advice(
            facts,
            (
                "weights matched to the activation",
                *("init=he for ReLU", "init=critical for sigmoid and tanh"),
            ),
            ("another network", "activation=relu", "model.residual=true"),
            ("a step that is scaled for each weight", "optimizer=adam"),
        ),
        (Evidence("gradient_ratio, product", 1, step, ratio, VANISHED),),
    )


def exploding_backward(story: Story, facts: Facts) -> Verdict | None:
    """The gradient grows on its way back, so that no step fits all layers.

    Judged at the first look as vanishing_backward is: above 1e4 (a hundred times in size) from the
    logits to the first layer. What grows later is `diverged`.
    """
    curve = passed_back(story, facts)
    step = min(curve, default=0)
    if curve.get(step, 0.0) < EXPLODED:
        return None
    ratio, mean = curve[step], _per_layer(curve[step], facts)
    return Verdict(
        "exploding_backward",
        f"The gradient explodes on its way back: {when(step)} it is {number(ratio**0.5)} times as "
        f"large at layer 1 as at the logits (χ1 = {number(mean)} a layer, 1 would keep it), so a "
        "step that suits the last layer is far too long for the first.",
        advice(
            facts,
            ("smaller weights", "init=critical", "init=xavier"),
            ("to lessen the harm", "optimizer.clip_norm=1", "a smaller optimizer.lr"),
        ),
        (Evidence("gradient_ratio, product", 1, step, ratio, EXPLODED),),
    )


def passed_back(story: Story, facts: Facts) -> dict[int, float]:
    """By step ‖∂loss/∂z‖² of layer 1 over that of the logits; 0 where a layer stops it.

    A readout that is all 0 (mup, Fixup) stops it at the first step alone: it is left out.
    """
    found: dict[int, float] = {}
    for step in story.steps:
        ratios = story.layers("gradient_ratio", step)
        if story.value("weight_norm", step, facts.layers) == 0:
            ratios.pop(facts.layers, None)
        # A branch of a residual network that begins at 0 has no gradient before its last layer: no
        # product tells what the shortcut brings past it.
        if ratios and facts.hidden and all(map(math.isfinite, ratios.values())):
            found[step] = math.prod(ratios.values())
    return found


def _per_layer(ratio: float, facts: Facts) -> float:
    return float(ratio ** (1 / len(facts.hidden)))
