"""Dropout: the random numbers of a step come from the member's own dropout seed and the step.

Members with the same seed compare the same numbers with their own rate, so the arms of a sweep
are paired: the unit dropped at a rate of .1 is dropped at .2 as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from src.streams import stream

_LEVELS = 2**16  # raw random 16-bit integers: a rate is rounded to a multiple of 1/65536


@dataclass(frozen=True)
class Dropout:
    """One member's dropout: the probability that a hidden unit is dropped, and its seed."""

    rate: float
    seed: int

    @property
    def dropped_levels(self) -> int:
        """How many of the 65536 raw values mean dropped; never all of them."""
        return min(round(self.rate * _LEVELS), _LEVELS - 1)

    @property
    def threshold(self) -> int:
        """A unit is dropped where its raw number is below this."""
        return self.dropped_levels - _LEVELS // 2

    @property
    def scale(self) -> float:
        """1 / (1 - rate), with the rate as rounded: the expectation is kept exactly."""
        return _LEVELS / (_LEVELS - self.dropped_levels)


def raw_numbers(
    seed: int, step: int, batch: int, widths: Sequence[int], device: torch.device | str = "cpu"
) -> list[Tensor]:
    """For each hidden layer, uniform 16-bit integers [b, o]; they depend on (seed, step) alone."""
    generator = stream(seed, "dropout", step, device=device)
    return [_uniform_int16(batch, width, generator) for width in widths]


def _uniform_int16(batch: int, width: int, generator: torch.Generator) -> Tensor:
    """Four from each 64-bit draw: a tenth of the time of as many Bernoulli draws."""
    count = batch * width
    words = torch.empty(-(-count // 4), dtype=torch.int64, device=generator.device)
    # The two-argument form covers all 2^64 values; random_() alone never sets the top bit.
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.int16)[:count].view(batch, width)


class DropoutFactors:
    """Factors [m, b, o] for the hidden layers of a stack; `widths` are the layers' o."""

    def __init__(self, members: Sequence[Dropout], widths: Sequence[int]) -> None:
        self.widths = list(widths)
        self.distinct = sorted({member.seed for member in members})
        self.active = any(member.dropped_levels for member in members)
        self._seed_of = torch.tensor([self.distinct.index(member.seed) for member in members])
        thresholds = torch.tensor([member.threshold for member in members], dtype=torch.int16)
        self._threshold = thresholds.view(-1, 1, 1)
        self._scale = torch.tensor([member.scale for member in members]).view(-1, 1, 1)

    def to(self, device: torch.device) -> "DropoutFactors":
        self._seed_of = self._seed_of.to(device)
        self._threshold, self._scale = self._threshold.to(device), self._scale.to(device)
        return self

    def draw(self, step: int, batch: int) -> Iterator[Tensor]:
        """One step's factors, layer by layer: 0 where dropped, 1/keep elsewhere."""
        device = self._scale.device
        drawn = [raw_numbers(seed, step, batch, self.widths, device) for seed in self.distinct]
        for layer in zip(*drawn, strict=True):
            raw = torch.stack(layer)
            if len(raw) > 1:
                raw = raw.index_select(0, self._seed_of)
            yield torch.where(raw >= self._threshold, self._scale, 0.0)
