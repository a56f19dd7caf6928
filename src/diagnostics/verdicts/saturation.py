"""Units whose input is so large that the activation is flat."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import earliest, first_and_since, percent, when
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# Where more than half of a layer's (sample, unit) pairs lie on the flat part, most of the gradient
# that comes to the layer ends there.
MAJORITY = 0.5


def saturated(story: Story, facts: Facts) -> Verdict | None:
    """Most of a layer's units sit where the activation is flat, because their input is large.

    Judged by the share of (sample, unit) pairs at which the slope is below a small part of the
    activation's largest (for tanh, |tanh| above .975). Above one half, most gradients that come
    to the layer end in it. Only activations that level off (tanh, sigmoid, softsign) saturate.
    """
    del facts
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
    return Verdict(
        "saturated",
        f"Layer {layer} is saturated {when(step)}: its inputs are so large{size} that "
        f"{percent(share)} of its outputs lie where the activation is flat, and gradients that "
        "come to it end there.",
        "Smaller weights, centred on 0: init=xavier or init=critical; or an activation that does "
        "not level off: activation=relu with init=he.",
        (Evidence("saturated_fraction", layer, step, share, MAJORITY),),
    )


def _layers(story: Story) -> list[int]:
    return sorted(
        {row.layer for row in story.rows if row.probe == "saturated_fraction" and row.layer}
    )
