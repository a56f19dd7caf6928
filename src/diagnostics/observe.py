"""A stack seen through its probes. On a CPU members in turn, on a GPU all at once.

In turn, each on one thread and from a copy: what is measured of a member is then, to the bit, what
is measured of its single run (see src.engine.evaluation.InTurn).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from src.diagnostics.records import Record
from src.diagnostics.snapshot import Change, Expectation, Snapshot
from src.engine.precision import products
from src.model import StackedMLP

T = TypeVar("T")


def snapshots(
    model: StackedMLP,
    sample: tuple[Tensor, Tensor],
    activation_names: Sequence[str],
    members: Sequence[int],
    seen: Callable[[Snapshot], list[T]],
    expectations: Sequence[Expectation] | None = None,
) -> list[T]:
    """What `seen` makes of the members with these positions, one for each of its snapshot's.

    sample: x [b, i] and y [b], on the model's device. expectations: of all members, at the start.
    """

    def alone(k: int) -> list[T]:
        scales = [model.member_scales(k)] if model.scales else []
        one = StackedMLP([model.member(k)], [model.activations[k]], scales)
        expected = None if expectations is None else [expectations[k]]
        return seen(Snapshot(one, *sample, [activation_names[k]], expected))

    if model.weights[0].device.type == "cpu":
        with ThreadPoolExecutor(
            torch.get_num_threads(), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            return [result for found in pool.map(alone, members) for result in found]
    with products("32-true"):
        found = seen(Snapshot(model, *sample, activation_names, expectations))
    return [found[k] for k in members]


def rows_of(step: int, measured: dict[str, Tensor], members: int) -> list[list[Record]]:
    """Of each member the rows of what was measured, [m] or [m, l]; NaN makes no row."""
    rows: list[list[Record]] = [[] for _ in range(members)]
    for probe, numbers in measured.items():
        for k, number in enumerate(numbers.double().tolist()):
            by_layer = isinstance(number, list)
            for position, value in enumerate(number if by_layer else [number]):
                if value == value:
                    rows[k].append(Record(step, position + 1 if by_layer else None, probe, value))
    return rows


def parameters(model: StackedMLP) -> list[tuple[Tensor, Tensor]]:
    """Copies of each layer's weight [m, o, i] and bias [m, o]."""
    return [
        (weight.detach().clone(), bias.detach().clone())
        for weight, bias in zip(model.weights, model.biases, strict=True)
    ]


def change(before: Sequence[tuple[Tensor, Tensor]], model: StackedMLP) -> Change:
    return Change(before, parameters(model))
