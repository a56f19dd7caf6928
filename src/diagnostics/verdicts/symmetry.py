"""Units that are copies of one another: two equal units get equal gradients, and stay equal."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict


def symmetric(story: Story, facts: Facts) -> Verdict | None:
    """A hidden layer of more than one unit whose units are all the same at the last step."""
    if not story.steps:
        return None
    for layer, units in enumerate(facts.hidden, start=1):
        curve = story.curve("distinct_units", layer)
        if curve and units > 1 and curve[last := max(curve)] == 1:
            return Verdict(
                "symmetric",
                f"All {units} units of layer {layer} are copies of one: they began equal, get "
                f"equal gradients, and are equal still at step {last}.",
                "Draw the weights at random: init=he or init=xavier.",
                (Evidence("distinct_units", layer, last, 1, float(units)),),
            )
    return None
