"""A stack seen through its probes: on a CPU members in turn, on a GPU a few dozen at once.

In turn, each on one thread and from a copy: what is measured of a member is then, to the bit, what
is measured of its single run (see src.engine.evaluation.InTurn). In float32 on both, whatever the
precision of the training: what is looked at are the weights that the optimizer moves.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from src.diagnostics.records import Record
from src.diagnostics.room import at_once
from src.diagnostics.snapshot import Change, Expectation, Snapshot
from src.engine.precision import products
from src.model import StackedMLP
from src.stacking import Stacking

T = TypeVar("T")
Parameters = Sequence[tuple[Tensor, Tensor]]  # each layer's weight [m, o, i] and bias [m, o]


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

    def part(positions: Sequence[int]) -> list[T]:
        layers = Stacking(_of(_views(model), positions))
        scales = [model.member_scales(k) for k in positions] if model.scales else []
        some = StackedMLP(layers, [model.activations[k] for k in positions], scales)
        names = [activation_names[k] for k in positions]
        expected = None if expectations is None else [expectations[k] for k in positions]
        return seen(Snapshot(some.to(sample[0].device), *sample, names, expected))

    return _by_parts(model, members, len(sample[0]), part)


def changes(
    before: Parameters,
    model: StackedMLP,
    members: Sequence[int],
    seen: Callable[[Change], list[T]],
) -> list[T]:
    """What `seen` makes of what has become of these members, one for each of them."""

    def part(positions: Sequence[int]) -> list[T]:
        return seen(Change(_of(before, positions), _of(_views(model), positions)))

    return _by_parts(model, members, 0, part)


def parameters(model: StackedMLP) -> list[tuple[Tensor, Tensor]]:
    """Copies of each layer's weight [m, o, i] and bias [m, o]."""
    return [(weight.clone(), bias.clone()) for weight, bias in _views(model)]


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


def _of(layers: Parameters, positions: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Copies, which begin where a tensor of their own does: on that a product's bits depend."""

    def taken(tensor: Tensor) -> Tensor:
        return torch.cat([tensor[k : k + 1] for k in positions])

    return [(taken(weight), taken(bias)) for weight, bias in layers]


def _views(model: StackedMLP) -> Parameters:
    return [
        (weight.detach(), bias.detach())
        for weight, bias in zip(model.weights, model.biases, strict=True)
    ]


def _by_parts(
    model: StackedMLP,
    members: Sequence[int],
    samples: int,
    part: Callable[[Sequence[int]], list[T]],
) -> list[T]:
    by = _in_turn if model.weights[0].device.type == "cpu" else _together

    def tried(positions: Sequence[int]) -> list[T]:
        """One by one where all at once fail, so that a member's fault is its own."""
        try:
            return part(positions)
        except Exception:
            if len(positions) == 1:
                raise
        # Here, where the error no longer holds the tensors of those tried together.
        return [each for k in positions for each in part([k])]

    return [each for found in by(model, members, samples, tried) for each in found]


def _in_turn(
    _: StackedMLP, members: Sequence[int], samples: int, part: Callable[[Sequence[int]], T]
) -> list[T]:
    with ThreadPoolExecutor(
        torch.get_num_threads(), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        return list(pool.map(part, ([k] for k in members)))


def _together(
    model: StackedMLP, members: Sequence[int], samples: int, part: Callable[[Sequence[int]], T]
) -> list[T]:
    count = at_once(model, samples)
    with products("32-true"):
        return [part(members[k : k + count]) for k in range(0, len(members), count)]
