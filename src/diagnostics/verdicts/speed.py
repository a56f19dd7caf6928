"""How fast a member learns, where nothing stops it."""

import math

from src.diagnostics.records import Story
from src.diagnostics.verdicts.learning import Learning, Level
from src.diagnostics.verdicts.reading import number, percent, when
from src.diagnostics.verdicts.remedy import ADAPTIVE, advice
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# ‖ΔW‖/‖W‖ a step: about 1e-3 is the usual advice (Stanford's CS231n); at a tenth of that a
# hundred steps, all in one direction, move a weight by a hundredth of itself.
SMALL_RATIO = 1e-4
# ... while there is a gradient to follow: below this, its absence is the reason.
SOME_GRADIENT = 1e-4
# The ratio to which the advised rate is to bring the steps.
USUAL_RATIO = 1e-3
# No larger rate is advised: few starts bear one.
LARGEST_RATE = 1.0
# The same where steps are scaled for each weight: Adam's default is 1e-3.
LARGEST_ADAPTIVE_RATE = 0.01


def small_steps(story: Story, facts: Facts) -> Verdict | None:
    """The optimizer's steps are too small to get anywhere, though there is a gradient to follow.

    Judged by the update-to-weight ratio ‖ΔW‖/‖W‖ of the real steps: at no look, in no layer, is it
    above 1e-4 (usual is 1e-3), while the gradient of the last layer has a norm above 1e-4. Looks
    during a warmup do not count. Not said where the signal or the gradient explodes: there the
    weights are too large, not the steps too small.
    """
    gradients = story.curve("gradient_norm", facts.layers)
    ratios = {
        (layer, step): ratio
        for layer in range(1, facts.layers + 1)
        for step, ratio in story.curve("update_ratio", layer).items()
        if gradients.get(step, 0.0) >= SOME_GRADIENT and step >= facts.warmup_steps
    }
    if not ratios:
        return None
    (layer, step), ratio = max(ratios.items(), key=lambda item: item[1])
    if ratio >= SMALL_RATIO:
        return None
    gradient = gradients[step]
    optimizer = facts.algorithm if facts.algorithm != "own" else "this optimizer"
    return Verdict(
        "small_steps",
        f"The steps are too small for {optimizer}: with a learning rate of "
        f"{facts.learning_rate:g} none moves a layer's weights by more than {number(ratio)} of "
        f"their size (usual is 0.001), though there is a gradient (norm {number(gradient)} in the "
        "last layer).",
        _larger_rate(facts, ratio),
        (
            Evidence("update_ratio", layer, step, ratio, SMALL_RATIO),
            Evidence("gradient_norm", facts.layers, step, gradient, SOME_GRADIENT),
        ),
    )


def _larger_rate(facts: Facts, ratio: float) -> str:
    """The power of ten that brings the ratio nearest to the usual one."""
    largest = LARGEST_ADAPTIVE_RATE if facts.algorithm in ADAPTIVE else LARGEST_RATE
    wanted = facts.learning_rate * USUAL_RATIO / ratio if ratio else math.inf
    rate = min(10.0 ** round(math.log10(wanted)), largest) if math.isfinite(wanted) else largest
    if rate > facts.learning_rate:
        return f"A larger learning rate: optimizer.lr={rate:g}."
    return advice(
        facts,
        ("smaller weights, which steps of this size move further", "init=he", "init=xavier"),
        ("steps scaled for each weight", "optimizer=adam"),
    )


def healthy(seen: Learning | None) -> Verdict:
    """Nothing stops this member: it learns as a good start does.

    Judged by the fixed sample: by step 100 it has gone at least four tenths of the way from
    guessing to all right (before that as the root of the steps), and its loss is below that of
    guessing. Findings beside it do no visible harm. Where only the start was seen: no fault in it.
    """
    if seen is None or seen.level is Level.unknown:
        return Verdict("healthy", "No probe found a fault at the start.", "", ())
    before = f", from {number(seen.first_loss)} {when(seen.first_step)}"
    return Verdict(
        "healthy",
        f"It learns: {_now(seen)}{before if seen.first_step < seen.step else ''}.",
        "",
        _progress(seen),
    )


def slow(seen: Learning, facts: Facts) -> Verdict:
    """It learns, but slower than a good start does.

    Judged by the fixed sample: better than guessing beyond chance, or the loss at least 5 % below
    that of guessing, but not as far as `healthy` asks for. Or not by step 100, and since then not
    eight tenths of the way to all right. Or much is right, but what is wrong is so with a certainty
    that leaves the loss above that of guessing, and no fault of the start says why. With nothing
    learnt at all, and no fault found, it is called slow too, and says so.
    """
    some = seen.level is Level.some
    learnt = "It learns, but " if some else "It has hardly begun to learn"
    if seen.worse_than_guessing:
        sentence = (
            f"{learnt}{'' if some else ', and '}its loss is above that of guessing "
            f"({number(seen.guessing)}): {_now(seen)}."
        )
        # One that has not moved from its start was not thrown there by its steps.
        still = not some and seen.loss <= seen.first_loss
        remedy = _faster(seen, facts) if still else _calmer(facts)
        return Verdict("slow", sentence + _warming(seen, facts), remedy, _progress(seen))
    if some and seen.late and seen.early is not None:
        step, accuracy = seen.early
        early = Evidence("accuracy", None, step, accuracy, seen.expected(step))
        return Verdict(
            "slow",
            f"It learns, but began slowly: {percent(accuracy)} of the sample right {when(step)}, "
            f"where a good start has {percent(seen.expected(step))}; {_now(seen)}.",
            _faster(seen, facts),
            (early, *_progress(seen)),
        )
    good = percent(seen.expected(seen.step))
    sentence = f"{learnt}{'slowly' if some else ''}: {_now(seen)}, where a good start has {good}"
    sentence += " right." + _warming(seen, facts)
    return Verdict("slow", sentence, _faster(seen, facts), _progress(seen))


def _now(seen: Learning) -> str:
    right = f"{percent(seen.accuracy)} of the sample right"
    return f"{right} and a loss of {number(seen.loss)} {when(seen.step)}"


def _warming(seen: Learning, facts: Facts) -> str:
    if seen.step > facts.warmup_steps:
        return ""
    so_far = seen.step / (facts.warmup_steps + 1)
    return (
        f" Its learning rate is still warming up, over {facts.warmup_steps:,} steps: the last was "
        f"{number(so_far * facts.learning_rate)} of {facts.learning_rate:g}."
    )


def _faster(seen: Learning, facts: Facts) -> str:
    start = ("a start matched to the activation", "init=he", "init=critical")
    if seen.step <= facts.warmup_steps:
        return advice(facts, ("more epochs",), ("a warmup of fewer schedule.warmup_steps",), start)
    adaptive = ("steps scaled for each weight", "optimizer=adam")
    larger = "" if seen.worse_than_guessing else " or a larger optimizer.lr"
    return advice(facts, (f"more epochs{larger}",), adaptive, start)


def _calmer(facts: Facts) -> str:
    return advice(
        facts,
        ("smaller steps", "a tenth of optimizer.lr", "schedule=warmup", "optimizer.clip_norm=1"),
        ("a start whose logits are small", "init=he", "init=xavier"),
    )


def _progress(seen: Learning) -> tuple[Evidence, ...]:
    return (
        Evidence("accuracy", None, seen.step, seen.accuracy, seen.expected(seen.step)),
        Evidence("loss", None, seen.step, seen.loss, seen.guessing),
    )
