"""Steps of the optimizer that were too large."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.verdict import Evidence

# A step that moves a weight matrix by half its own size replaces the start; healthy steps are
# near a thousandth.
VIOLENT = 0.5


def violent(story: Story, before: int) -> Evidence | None:
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
