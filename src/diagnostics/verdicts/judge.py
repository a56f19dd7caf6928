"""From records to verdicts: every rule is asked; which is the primary one is decided here.

Whether a fault is what matters is decided by how the member learns. One that learns well is
healthy, whatever else is found beside it. One that learns slowly is slow, but where its units are
copies, its steps are too small, or it diverges, that is why, and stands first; where it began late
and has not caught up, what its first steps were judged to be; and where much is right but the loss
is above that of guessing, a fault of the first look. One that does not learn has its first fault
first.

Faults of the first look come before what began later. Of those at the first look the cause comes
before what follows from it:
  symmetric           equal weights cannot learn to differ, whatever their size
  saturated           large inputs make a bounded activation flat
  exploding_forward   too large weights, of an activation without bound
  dead                no slope: often what exploded is thrown to negative inputs by a step
  vanishing_forward   too small weights
  collapsed_features  what is left of a signal that has lost the difference between samples
  chaotic             weights so large that differences grow; gradients explode with them
  exploding_backward, vanishing_backward   what the faults before do to gradients, or they alone
  large_logits        the last layer alone is too large
  small_steps         nothing wrong with the network
  diverged            what any of them can end in
Of what began later, a whole layer that died comes first, then a loss that was thrown off (both
tell of too long steps, and what is measured after them follows from them), then the rest as it
came.
"""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.backward import exploding_backward, vanishing_backward
from src.diagnostics.verdicts.death import dead
from src.diagnostics.verdicts.features import chaotic, collapsed_features
from src.diagnostics.verdicts.forward import exploding_forward, vanishing_forward
from src.diagnostics.verdicts.learning import Learning, Level, learning
from src.diagnostics.verdicts.outputs import diverged, large_logits
from src.diagnostics.verdicts.saturation import saturated
from src.diagnostics.verdicts.speed import healthy, slow, small_steps
from src.diagnostics.verdicts.symmetry import symmetric
from src.diagnostics.verdicts.verdict import Facts, Rule, Verdict

RULES: tuple[Rule, ...] = (
    symmetric,
    saturated,
    exploding_forward,
    dead,
    vanishing_forward,
    collapsed_features,
    chaotic,
    exploding_backward,
    vanishing_backward,
    large_logits,
    small_steps,
    diverged,
)
# Of faults that began after the first look these come first, in this order; by their evidence, for
# of a layer that is dead in part this does not hold.
LATE = ("dead_layer", "training loss", "loss")
# Faults that stand before `slow`: they say why.
BEFORE_SLOW = ("symmetric", "small_steps", "diverged")


def judge(story: Story, facts: Facts) -> list[Verdict]:
    """All verdicts that hold, the primary one first; `healthy` or `slow` where no fault does."""
    found = [verdict for rule in RULES if (verdict := rule(story, facts)) is not None]
    first = min(story.steps, default=0)
    if any(verdict.name.startswith("exploding") for verdict in found):
        found = [verdict for verdict in found if verdict.name != "small_steps"]
    found.sort(key=lambda verdict: _place(verdict, first))
    seen = learning(story, facts.classes)
    level = Level.unknown if seen is None else seen.level
    if any(verdict.name == "diverged" for verdict in found):
        return found
    if level is Level.well:
        return [healthy(seen), *found]
    if seen is not None and level is Level.some:
        why = _why_slow(story, facts, seen, found)
        rest = [verdict for verdict in found if why is None or verdict.name != why.name]
        said = slow(seen, facts)
        return [said, *rest] if why is None else [why, *rest, said]
    if found:
        return found
    return [slow(seen, facts)] if seen is not None and level is Level.nothing else [healthy(seen)]


def _why_slow(story: Story, facts: Facts, seen: Learning, found: list[Verdict]) -> Verdict | None:
    """The fault that stands before `slow`, if one does."""
    if seen.late and seen.early is not None:
        primary = judge(story.until(seen.early[0]), facts)[0]
        if primary.name not in ("healthy", "slow"):
            return primary
    at_first = [verdict for verdict in found if verdict.evidence[0].step <= min(story.steps)]
    if seen.worse_than_guessing and at_first:
        return at_first[0]
    return next((verdict for verdict in found if verdict.name in BEFORE_SLOW), None)


def _place(verdict: Verdict, first: int) -> tuple[int, int]:
    """The sort is stable: rules in their order where places are equal."""
    onset, probe = verdict.evidence[0].step, verdict.evidence[0].probe
    if onset <= first:
        return 0, 0
    return (1, LATE.index(probe)) if probe in LATE else (2, onset)
