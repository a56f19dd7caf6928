"""The start of one network: every layer's weight and bias from a stream of its own."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor

from src.initializers.biases import BIASES
from src.initializers.laws import LAWS
from src.streams import stream


def draw_layers(
    sizes: Sequence[int],
    law: str,
    parameters: Mapping[str, Any],
    bias_law: str,
    bias_value: float,
    seed: int,
) -> list[tuple[Tensor, Tensor]]:
    """Per layer of a network of `sizes` (in, hidden ..., out): weight [o, i] and bias [o].

    Layer l draws from streams that depend on (seed, l) alone, so that a deeper network begins
    with the same layers and two laws of the same family are compared on the same random numbers.
    """
    draw_weight = LAWS[law](**parameters)
    draw_bias = BIASES[bias_law]
    return [
        (
            draw_weight((fan_out, fan_in), generator=stream(seed, "weight", layer)),
            draw_bias(fan_out, fan_in, bias_value, stream(seed, "bias", layer)),
        )
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes))
    ]
