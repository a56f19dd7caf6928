"""Whether the network still tells samples apart: too little of it, or too much."""

import math

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import number, since, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# 1 - c is half the squared distance of two samples' directions: 1e-6 is a distance of .0014. The
# sigmoid's and softplus' features have c = .99 and more in networks that learn, for their mean is
# not 0; the weights behind can take a mean away, but not a difference that is nearly rounding.
COLLAPSED = 1e-6
# Fewer layers do not carry a small difference far, whatever χ1 is.
CHAOTIC_DEPTH = 5
# χ1 a layer, geometric mean over the hidden ones: 1 is the edge; He's start scatters about it by
# some per cent at usual widths.
CHAOTIC_CHI = 1.1
# The cosine of two samples' features in the end: on its way to 0, that of two random vectors.
APART = 0.3
# And not because the samples are perpendicular themselves.
FALLEN = 0.5


def collapsed_features(story: Story, facts: Facts) -> Verdict | None:
    """All samples look the same to the last layer.

    Judged by c, the mean cosine of the last hidden layer's features of two different samples: 1 - c
    below 1e-6, and still so at the last look. What differs between samples is then a thousandth of
    what they share, and the logits can only learn how frequent each class is. Not asked of a
    network with a layer of one unit, behind which all features point the same way whatever it
    tells of a sample.
    """
    if 1 in facts.hidden:
        return None
    layer = len(facts.hidden)
    curve = story.curve("feature_cosine", layer) if layer else {}
    step = since(curve, lambda cosine: 1 - cosine <= COLLAPSED)
    if step is None:
        return None
    gap = max(1 - curve[step], 0.0)
    return Verdict(
        "collapsed_features",
        f"All samples look the same to the last layer: {when(step)} the features of two different "
        f"ones in layer {layer} have a cosine of 1 within {number(gap)}, so it can learn how "
        "frequent the classes are, and no more.",
        advice(
            facts,
            ("weights centred on 0 and larger, biases 0", "init=critical", "init=he for ReLU"),
            ("in deep networks a shortcut", "model.residual=true"),
        ),
        (Evidence("1 - feature_cosine", layer, step, gap, COLLAPSED),),
    )


def chaotic(story: Story, facts: Facts) -> Verdict | None:
    """Small differences between samples grow from layer to layer until nothing they share is left.

    Judged at the first look, in networks of at least 5 hidden layers: the measured χ1 is above 1.1
    a layer (small differences, like gradients, grow by its root), while the mean cosine of two
    samples' features falls to half of the first layer's and below .3. Alike samples then look as
    unlike as any two, so what is learnt of one says nothing of the next, and gradients explode.
    """
    depth = len(facts.hidden)
    cosines = story.curve("feature_cosine", 1)
    if depth < CHAOTIC_DEPTH or not cosines:
        return None
    step = min(cosines)
    last = story.value("feature_cosine", step, depth)
    ratios = [
        ratio
        for layer, ratio in story.layers("gradient_ratio", step).items()
        if layer <= depth and ratio > 0
    ]
    if last is None or not ratios or abs(last) > min(APART, FALLEN * cosines[step]):
        return None
    chi = math.exp(sum(map(math.log, ratios)) / len(ratios))
    if chi <= CHAOTIC_CHI:
        return None
    return Verdict(
        "chaotic",
        f"The network is chaotic {when(step)}: small differences between samples grow from layer "
        f"to layer (χ1 = {number(chi)}, 1 would keep them), and the cosine of two samples' "
        f"features falls from {cosines[step]:.2f} in layer 1 to {last:.2f} in layer {depth}, so "
        "alike samples look unlike.",
        advice(
            facts,
            (
                "smaller weights, at the edge of chaos",
                *("init=critical", "init=xavier", "init=orthogonal"),
            ),
            ("fewer layers in model.hidden",),
        ),
        (
            Evidence("gradient_ratio, mean", None, step, chi, CHAOTIC_CHI),
            Evidence("feature_cosine", depth, step, last, APART),
        ),
    )
