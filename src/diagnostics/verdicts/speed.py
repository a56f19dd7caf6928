"""How fast a member learns, where nothing stops it."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.learning import Learning, Level
from src.diagnostics.verdicts.reading import number, percent, when
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# ‖ΔW‖/‖W‖ a step: about 1e-3 is the usual advice (Stanford's CS231n); at a tenth of that a
# hundred steps, all in one direction, move a weight by a hundredth of itself.
SMALL_RATIO = 1e-4
# ... while there is a gradient to follow: below this, its absence is the reason.
SOME_GRADIENT = 1e-4


def small_steps(story: Story, facts: Facts) -> Verdict | None:
    """The optimizer's steps are too small to get anywhere, though there is a gradient to follow.

    Judged by the update-to-weight ratio ‖ΔW‖/‖W‖ of the real steps: at no look, in no layer, is it
    above 1e-4 (usual is 1e-3), while the gradient of the last layer has a norm above 1e-4.
    """
    gradients = story.curve("gradient_norm", facts.layers)
    ratios = {
        (layer, step): ratio
        for layer in range(1, facts.layers + 1)
        for step, ratio in story.curve("update_ratio", layer).items()
        if gradients.get(step, 0.0) >= SOME_GRADIENT
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
        f"A larger learning rate: optimizer.lr={10 * facts.learning_rate:g} or more.",
        (
            Evidence("update_ratio", layer, step, ratio, SMALL_RATIO),
            Evidence("gradient_norm", facts.layers, step, gradient, SOME_GRADIENT),
        ),
    )


def healthy(seen: Learning | None) -> Verdict:
    """Nothing stops this member: it learns as a good start does.

    Judged by the fixed sample: by step 100 it has gone at least four tenths of the way from
    guessing to all right (before that as the root of the steps), and its loss is below that of
    guessing. Findings beside it do no visible harm. Where only the start was seen: no fault in it.
    """
    if seen is None or seen.level is Level.unknown:
        return Verdict("healthy", "No probe found a fault at the start.", "", ())
    return Verdict(
        "healthy",
        f"It learns: {percent(seen.accuracy)} of the sample right and a loss of "
        f"{number(seen.loss)} {when(seen.step)}, from {number(seen.first_loss)} "
        f"{when(seen.first_step)}.",
        "",
        _progress(seen),
    )


def slow(seen: Learning) -> Verdict:
    """It learns, but slower than a good start does.

    Judged by the fixed sample: better than guessing beyond chance, or the loss at least 5 % below
    that of guessing, but not as far as `healthy` asks for. Or not by step 100, and since then not
    eight tenths of the way to all right. With nothing learnt at all, and no fault found, it is
    called slow too, and says so.
    """
    remedy = (
        "More epochs or a larger optimizer.lr; optimizer=adam; a start matched to the activation: "
        "init=he, init=critical."
    )
    learnt = "It learns, but slowly" if seen.level is Level.some else "It has hardly begun to learn"
    now = f"{percent(seen.accuracy)} of the sample right and a loss of {number(seen.loss)}"
    if seen.late and seen.early is not None:
        step, accuracy = seen.early
        early = Evidence("accuracy", None, step, accuracy, seen.expected(step))
        return Verdict(
            "slow",
            f"It learns, but began slowly: {percent(accuracy)} of the sample right {when(step)}, "
            f"where a good start has {percent(seen.expected(step))}; {now} {when(seen.step)}.",
            remedy,
            (early, *_progress(seen)),
        )
    good = percent(seen.expected(seen.step))
    return Verdict(
        "slow",
        f"{learnt}: {now} {when(seen.step)}, where a good start has {good} right.",
        remedy,
        _progress(seen),
    )


def _progress(seen: Learning) -> tuple[Evidence, ...]:
    return (
        Evidence("accuracy", None, seen.step, seen.accuracy, seen.expected(seen.step)),
        Evidence("loss", None, seen.step, seen.loss, seen.guessing),
    )
