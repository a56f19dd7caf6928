"""From records to verdicts: every rule is asked, the first to hold is the primary one."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.symmetry import symmetric
from src.diagnostics.verdicts.verdict import Facts, Rule, Verdict

# The order decides which of several verdicts is the primary one: causes before what follows.
RULES: tuple[Rule, ...] = (symmetric,)


def judge(story: Story, facts: Facts) -> list[Verdict]:
    """All verdicts that hold, the primary one first; `healthy` where no other does."""
    found = [verdict for rule in RULES if (verdict := rule(story, facts)) is not None]
    return found or [_healthy(story)]


def _healthy(story: Story) -> Verdict:
    return Verdict("healthy", "No probe found a fault.", "", ())
