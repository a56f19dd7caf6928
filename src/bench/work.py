"""The work that is timed, in member-epochs, and what its arithmetic and its traffic take at least.

A member-epoch is one pass of one member over the training split: for the default problem 480 steps
of 784-256-128-10 at batch 100, with dropout .2 and Adam.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from src.config import Config
from src.schema.activation import ActivationConfig
from src.schema.init import InitConfig

RATES = (1e-3, 5e-4, 2e-3)


@dataclass(frozen=True)
class Palette:
    """What the members of a stack are mixed from; `base` has all that they share."""

    base: Config
    inits: Sequence[InitConfig]
    activations: Sequence[ActivationConfig]


def mixed(palette: Palette, count: int) -> list[Config]:
    """Members that differ in start, activation, rate and seed, as the arms of a sweep do.

    Four arms share a seed, and with it batches and dropout. Member 0, a stack of one, takes the
    first of everything.
    """
    inits, activations = palette.inits, palette.activations
    return [
        arm(
            palette.base,
            inits[k % len(inits)],
            activations[(k + k // 4) % len(activations)],
            RATES[k // len(inits) % len(RATES)],
            seed=k // 4,
        )
        for k in range(count)
    ]


def arm(
    base: Config, init: InitConfig, activation: ActivationConfig, rate: float, seed: int
) -> Config:
    """One member, whose data order and dropout follow its seed as they do on the command line."""
    return replace(
        base,
        init=init,
        activation=activation,
        optimizer=replace(base.optimizer, lr=rate),
        model=replace(base.model, dropout_seed=seed),
        data=replace(base.data, order_seed=seed),
        seed=seed,
    )


def training_flops(sizes: Sequence[int]) -> int:
    """Floating-point operations of the matrix products of one sample, forward and backward.

    Three products a layer of 2·i·o each: the output, the gradient of the weight and that of the
    input. The first layer's input needs no gradient.
    """
    products = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    return 2 * (3 * sum(products) - products[0])


def parameter_count(sizes: Sequence[int]) -> int:
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


# An update of one float32 parameter reads it, its gradient and two moments, and writes three back.
ADAM_BYTES = 4 * (4 + 3)


def adam_bytes(sizes: Sequence[int]) -> int:
    """Memory traffic of one step of Adam for one member."""
    return ADAM_BYTES * parameter_count(sizes)
