"""Units whose input is so large that the activation is flat."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import earliest, first_and_since, number, percent, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.steps import violent
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# Where more than half of a layer's (sample, unit) pairs lie on the flat part, most of the gradient
# that comes to the layer ends there.
MAJORITY = 0.5


def saturated(story: Story, facts: Facts) -> Verdict | None:
    """Most of a layer's units sit where the activation is flat, because their input is large.

    Judged by the share of (sample, unit) pairs at which the slope is below a small part of the
    activation's largest (for tanh, |tanh| above .975). Above one half, most gradients that come
    to the layer end in it. Only activations that level off (tanh, sigmoid, softsign) saturate.
    Where it came later, the start is not to blame but the steps.
    """
    found = []
    for layer in _layers(story):
        curve = story.curve("saturated_fraction", layer)
        start = first_and_since(curve, lambda share: share >= MAJORITY)
        if start is not None:
            found.append((start, layer))
    where = earliest(found)
    if where is None:
        return None
    step, layer = where
    share = story.curve("saturated_fraction", layer)[step]
    q = story.value("preactivation_q", step, layer)
    size = f" (root mean square {q**0.5:.3g})" if q is not None else ""
    blow = violent(story, step)
    blame = (
        f" Update {blow.step + 1} had moved the weights of layer {blow.layer} by "
        f"{number(blow.value)} times their own size: too large a step."
        if blow is not None
        else ""
    )
    return Verdict(
        "saturated",
        f"Layer {layer} is saturated {when(step)}: its inputs are so large{size} that "
        f"{percent(share)} of its outputs lie where the activation is flat, and gradients that "
        f"come to it end there.{blame}",
        _larger_room(facts) if step <= min(story.steps) else _smaller_steps(facts),
        (
            Evidence("saturated_fraction", layer, step, share, MAJORITY),
            *([blow] if blow is not None else []),
        ),
    )


def _larger_room(facts: Facts) -> str:
    return advice(
        facts,
        ("smaller weights, centred on 0", "init=xavier", "init=critical"),
        ("an activation that does not level off", "activation=relu with init=he"),
    )


def _smaller_steps(facts: Facts) -> str:
    return advice(
        facts,
        ("smaller steps", "a tenth of optimizer.lr", "schedule=warmup", "optimizer.clip_norm=1"),
    )


def _layers(story: Story) -> list[int]:
    return sorted(
        {row.layer for row in story.rows if row.probe == "saturated_fraction" and row.layer}
    )
