"""How the size of the signal changes on its way through the layers."""

import math
from collections.abc import Callable

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import earliest, first_and_since, number, share, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.saturation import MAJORITY as SATURATED
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# q is a mean square: a hundredth of the input's size, below which the last layers see next to
# nothing. Starts that train well keep it within a factor of some hundred.
VANISHED = 1e-4
# And a hundred times the input's size.
EXPLODED = 1e4


def vanishing_forward(story: Story, facts: Facts) -> Verdict | None:
    """The signal dies out on its way forward.

    Judged by q, the mean square of a hidden layer's preactivations, over the mean square of the
    input: below 1e-4 (a hundredth in size) the layers behind it are told hardly anything of the
    sample, and the gradients of their weights, which are products with this signal, are as small.
    """
    found = _first_beyond(story, facts, lambda ratio: ratio <= VANISHED)
    if found is None:
        return None
    step, layer, ratio = found
    return Verdict(
        "vanishing_forward",
        f"The signal vanishes on its way forward: {when(step)} the preactivations of layer {layer} "
        f"have {share(ratio**0.5)} of the input's size, so the layers behind hardly see which "
        "sample it is.",
        advice(
            facts,
            (
                "larger weights, matched to the activation",
                *("init=he for ReLU", "init=critical", "init=lsuv for any activation"),
            ),
            ("in deep networks a shortcut", "model.residual=true"),
        ),
        (Evidence("preactivation_q/input", layer, step, ratio, VANISHED),),
    )


def exploding_forward(story: Story, facts: Facts) -> Verdict | None:
    """The signal grows on its way forward.

    Judged at the first look (what grows later is `diverged`) by q of a hidden layer over the mean
    square of the input: above 1e4 (a hundred times in
    size) every step changes the logits by large amounts, and the loss jumps instead of falling.
    Where the activation levels off (tanh, sigmoid), large preactivations do not pass on: that is
    `saturated`.
    """
    found = _first_beyond(story, facts, lambda ratio: ratio >= EXPLODED, late=False)
    if found is None:
        return None
    step, layer, ratio = found
    return Verdict(
        "exploding_forward",
        f"The signal explodes on its way forward: {when(step)} the preactivations of layer {layer} "
        f"are {number(ratio**0.5)} times as large as the input, so small changes of the weights "
        "throw the logits about.",
        advice(
            facts,
            (
                "smaller weights, centred on 0 and scaled by the number of inputs",
                *("init=he for ReLU", "init=xavier", "init=lsuv for any activation"),
            ),
        ),
        (Evidence("preactivation_q/input", layer, step, ratio, EXPLODED),),
    )


def growth(story: Story, layer: int) -> dict[int, float]:
    """q of a layer over the mean square of the input, by step.

    Of a layer whose activation is saturated at a step there is none.
    """
    flat = story.curve("saturated_fraction", layer)
    first, ratios = story.curve("preactivation_q", 1), story.curve("q_ratio", 1)
    found: dict[int, float] = {}
    for step, q in story.curve("preactivation_q", layer).items():
        ratio = ratios.get(step)
        if ratio is None or flat.get(step, 0.0) >= SATURATED or not math.isfinite(q):
            continue
        found[step] = q * ratio / first[step] if first[step] else 0.0
    return found


def _first_beyond(
    story: Story, facts: Facts, beyond: Callable[[float], bool], late: bool = True
) -> tuple[int, int, float] | None:
    """(step, layer, ratio) of the first to be beyond; not late: at the first look alone."""
    start = min(story.steps, default=0)
    found = []
    for layer in range(1, len(facts.hidden) + 1):
        curve = growth(story, layer)
        if not late:
            # A layer that is dead hands on 0, however large what it is given.
            alive = start in curve and story.value("dead_layer", start, layer) != 1
            curve = {start: curve[start]} if alive else {}
        step = first_and_since(curve, beyond)
        if step is not None and not _behind_a_dead_one(story, facts, layer, step):
            found.append((step, layer))
    where = earliest(found)
    return None if where is None else (*where, growth(story, where[1])[where[0]])


def _behind_a_dead_one(story: Story, facts: Facts, layer: int, step: int) -> bool:
    """What a dead layer hands on is small because it is dead; a shortcut brings more past it."""
    return any(
        story.value("dead_layer", step, n) == 1 for n in range(1, layer) if not facts.bypassed(n)
    )
