"""What a verdict lets one expect of the rest of the run, and numbers in few characters."""

import math
from enum import IntEnum

from src.diagnose.examine import Examined
from src.diagnostics.verdicts.verdict import Verdict


class Hope(IntEnum):
    """How much of it is left, most first."""

    good = 0
    some = 1
    little = 2
    none = 3


# Of a primary verdict: what will happen.
OUTLOOKS: dict[str, tuple[Hope, str]] = {
    "healthy": (Hope.good, "should learn"),
    "slow": (Hope.some, "should learn slowly, if at all"),
    "symmetric": (Hope.little, "will learn no more than one unit a layer could, if anything"),
    "dead": (Hope.little, "will learn little or nothing"),
    "vanishing_forward": (Hope.little, "will learn late or not at all"),
    "vanishing_backward": (Hope.little, "will learn late or not at all"),
    "exploding_forward": (Hope.little, "begins with a huge loss, and may never mend it"),
    "exploding_backward": (Hope.little, "will learn badly, or diverge"),
    "saturated": (Hope.little, "will learn slowly or not at all"),
    "collapsed_features": (Hope.little, "will learn late or not at all"),
    "chaotic": (Hope.little, "will learn badly, and generalise worse"),
    "diverged": (Hope.none, "has diverged already"),
    "large_logits": (Hope.some, "should learn, once it has unlearned how it began"),
    "small_steps": (Hope.some, "will not get far: its steps are too small"),
}
FAILED = (Hope.none, "could not be examined")


def outlook(member: Examined) -> tuple[Hope, str]:
    return OUTLOOKS[member.verdicts[0].name] if member.verdicts else FAILED


def remedies(verdict: Verdict) -> list[str]:
    """What to try, told as such; nothing where there is nothing to mend."""
    return [f"Try: {verdict.remedy}"] if verdict.remedy else []


def spaced(name: str) -> str:
    return name.replace("_", " ")


def number(value: float | None, digits: int = 3) -> str:
    """In few characters: 9.77e-4, 0.0312, 1.5, 31200, 3.12e5; - for what there is not."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if 0 < abs(value) < 1e-3 or abs(value) >= 1e5:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    short = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e" in short else short


def basis(member: Examined) -> str:
    """What the verdict is judged from."""
    looked = "the start alone" if member.steps == 0 else f"the start and {member.steps:,} steps"
    return (
        f"Judged from {looked}, of {member.run_steps:,}: a prediction, not a result."
        if member.diverged_at is None
        else f"Its loss is not finite at step {member.diverged_at}."
    )
