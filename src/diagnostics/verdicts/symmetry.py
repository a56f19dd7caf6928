"""Units that are copies of one another: two equal units get equal gradients, and stay equal."""

from src.diagnostics.records import Story
from src.diagnostics.verdicts.reading import layers_named, since, when
from src.diagnostics.verdicts.remedy import advice
from src.diagnostics.verdicts.verdict import Evidence, Facts, Verdict

# A layer with fewer distinct units than this share of its width counts as copies: it computes no
# more than a layer of that many units. Random starts have all units distinct.
COPIES = 0.05


_EQUAL = (
    "equal weights all give the same error and get the same gradient, so two equal weights stay "
    "equal."
)


def symmetric(story: Story, facts: Facts) -> Verdict | None:
    """The units of a hidden layer are copies of one another.

    Judged by the number of distinct rows of [W, b] and of their gradients: where both are 1 (or
    below 5 % of the units), all weights give the same error, get the same gradient, and equal
    weights stay equal: the layer is worth one unit, however wide. It never changes by itself.
    Dropout can break it, since it drops different units, and so can rounding; the verdict then
    says by which step, for the units still begin as one. Zeros in a layer that gets different
    gradients at once (a zero readout, the last layer of a Fixup branch) are no such copies.
    """
    layers = [
        layer
        for layer, units in enumerate(facts.hidden, start=1)
        if units > 1 and _copies(story, layer, units, _first(story, layer))
    ]
    kept = [layer for layer in layers if _kept(story, layer, facts.hidden[layer - 1])]
    # A shortcut brings the different features of the first layer past one of zeros, whose units
    # then get different gradients with the first error that comes to them.
    if not layers or (not kept and facts.residual and 1 not in layers):
        return None
    return _never_broken(story, facts, kept) if kept else _broken(story, facts, layers)


def _first(story: Story, layer: int) -> int:
    return min(story.curve("distinct_units", layer), default=0)


def _copies(story: Story, layer: int, units: int, step: int) -> bool:
    distinct = story.value("distinct_units", step, layer)
    gradients = story.value("distinct_gradients", step, layer)
    bound = _bound(units)
    return distinct is not None and distinct <= bound and (gradients or 1) <= bound


def _bound(units: int) -> float:
    return max(1.0, COPIES * units)


def _kept(story: Story, layer: int, units: int) -> bool:
    bound = _bound(units)
    return since(story.curve("distinct_units", layer), lambda n: n <= bound) is not None


def _evidence(story: Story, layer: int, units: int, step: int) -> list[Evidence]:
    found = [
        Evidence(
            "distinct_units", layer, step, story.curve("distinct_units", layer)[step], _bound(units)
        )
    ]
    gradients = story.value("distinct_gradients", step, layer)
    if gradients is not None:
        found.append(Evidence("distinct_gradients", layer, step, gradients, _bound(units)))
    return found


def _never_broken(story: Story, facts: Facts, layers: list[int]) -> Verdict:
    layer = layers[0]
    units, first = facts.hidden[layer - 1], _first(story, layer)
    last = max(story.curve("distinct_units", layer))
    silent = [n for n in layers if story.value("gradient_norm", last, n) == 0]
    count = _count(story, layer, last)
    sentence = (
        f"{_the_units(facts, layers)} are copies of one another: {_EQUAL} Distinct units of "
        f"layer {layer}: {count} of {units} {when(first)}"
        + (f", and still {when(last)}." if last > first else ".")
    )
    if silent:
        sentence += f" No gradient reaches {layers_named(silent)} at all"
        behind = story.value("weight_norm", last, silent[-1] + 1)
        sentence += ", for the weights behind are 0." if behind == 0 else "."
    evidence = _evidence(story, layer, units, first)
    if last > first:
        evidence += _evidence(story, layer, units, last)
    evidence += [Evidence("gradient_norm", n, last, 0.0, 0.0) for n in silent[:1]]
    return Verdict("symmetric", sentence, _random(facts), tuple(evidence))


def _broken(story: Story, facts: Facts, layers: list[int]) -> Verdict:
    layer = layers[0]
    units, first = facts.hidden[layer - 1], _first(story, layer)
    curve = story.curve("distinct_units", layer)
    step = min(t for t, n in curve.items() if n > _bound(units))
    by = (
        f"Only dropout ({facts.dropout:g}), which silences different units in each step, has set "
        "them apart"
        if facts.dropout > 0
        else "Only rounding in the last digits has set them apart"
    )
    sentence = (
        f"{_the_units(facts, layers)} began as copies of one another: {_EQUAL} {by}: "
        f"{_count(story, layer, step)} of {units} are distinct in layer {layer} {when(step)}."
    )
    evidence = _evidence(story, layer, units, first) + _evidence(story, layer, units, step)
    return Verdict("symmetric", sentence, _random(facts), tuple(evidence))


def _random(facts: Facts) -> str:
    return advice(
        facts,
        (
            "draw the weights at random, so that every unit begins different",
            *("init=he (ReLU and its kin)", "init=xavier (tanh, sigmoid)"),
        ),
    )


def _the_units(facts: Facts, layers: list[int]) -> str:
    if len(layers) == 1 and facts.hidden[layers[0] - 1] == 2:
        return f"Both units of layer {layers[0]}"
    units = f"{facts.hidden[layers[0] - 1]} " if len(layers) == 1 else ""
    return f"All {units}units of {layers_named(layers)}"


def _count(story: Story, layer: int, step: int) -> str:
    return f"{story.curve('distinct_units', layer)[step]:.0f}"
