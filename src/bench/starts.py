"""Seconds to start a stack: each member's weights from its own seed, against one call of torch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.init import trunc_normal_

from src.assembly import build_model
from src.bench.names import STARTED, STARTS, numbers_name, start_name
from src.bench.turns import Make, Worker, take_turns
from src.capacity import Shape, parameters
from src.config import Config
from src.stacks import splits_of

Fill = Callable[[Tensor, torch.Generator], object]

FILLS: dict[str, Fill] = {
    "uniform": lambda numbers, source: numbers.uniform_(-1, 1, generator=source),
    "normal": lambda numbers, source: numbers.normal_(generator=source),
    "truncated_normal": lambda numbers, source: trunc_normal_(numbers, generator=source),
}


class Starts:
    """Builds the stack of STARTED members that differ in their seed."""

    first_loss: float | None = None
    member_epochs = 1.0  # a piece is one stack

    def __init__(self, base: Config, members: int = STARTED) -> None:
        self.configs = [replace(base, seed=seed) for seed in range(members)]
        self.splits = splits_of(base)
        self.run()

    def run(self) -> float:
        weights = build_model(self.configs, self.splits).weights
        return float(weights[-1].detach()[-1, -1, -1])  # the last that is drawn


class Numbers:
    """As many numbers as the stack has parameters, in one call."""

    first_loss: float | None = None
    member_epochs = 1.0

    def __init__(self, base: Config, law: str, members: int = STARTED) -> None:
        splits = splits_of(base)
        self.count = members * parameters(base, Shape(splits.features, splits.classes))
        self.fill, self.source = FILLS[law], torch.Generator().manual_seed(0)
        self.run()

    def run(self) -> float:
        numbers = torch.empty(self.count)
        self.fill(numbers, self.source)
        return float(numbers[-1])


def starts(bases: Mapping[str, Config], rounds: int) -> dict[str, list[float]]:
    """bases: a member for each of STARTS. By way, seconds a stack in each round."""
    ways: dict[str, Make] = {}
    for scheme, base in bases.items():
        law = STARTS[scheme]
        ways[start_name(scheme)] = partial(Starts, base)
        ways[numbers_name(law)] = partial(Numbers, base, law)
    return take_turns({name: [Worker(make)] for name, make in ways.items()}, rounds)
