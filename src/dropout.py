"""Dropout: the random numbers of a step come from the member's own dropout seed and the step.

Members with the same seed compare the same numbers with their own rate, so the arms of a sweep
are paired: the unit dropped at a rate of .1 is dropped at .2 as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from src import splitmix
from src.streams import key_of

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
    """For each hidden layer, uniform 16-bit integers [b, o]; they depend on (seed, step) alone.

    SplitMix64, four from each 64-bit number. Being a function of (key, position) it gives the same
    bits on every device, inside a CUDA graph too, where torch.Generator's streams differ between
    devices and are seeded by the host. Philox, the usual choice, would take ten rounds where
    this takes three, several times the cost of all else about dropout on a CPU.
    """
    if torch.device(device).type != "cpu":
        starts = starts_of([seed], step, 1)[0].to(device)
        layers = raw_numbers_of(starts, positions(batch, widths, device), batch, widths)
        return [layer[0] for layer in layers]
    counts = [_words(batch, width) for width in widths]
    lanes = splitmix.numbers(_start(seed, step), 0, sum(counts)).view(np.int16)
    ends = list(accumulate(counts, initial=0))
    return [
        torch.from_numpy(lanes[4 * end : 4 * end + batch * width].reshape(batch, width))
        for end, width in zip(ends, widths, strict=False)
    ]


def _start(seed: int, step: int) -> int:
    return _starts(seed, step // 256)[step % 256]


@lru_cache(maxsize=256)
def _starts(seed: int, block: int) -> list[int]:
    """Of 256 steps at once: one alone takes as long."""
    starts: list[int] = splitmix.numbers(key(seed), 256 * block, 256).tolist()
    return starts


def raw_numbers_of(
    starts: Tensor, positions: Tensor, batch: int, widths: Sequence[int]
) -> list[Tensor]:
    """The same for several seeds at once, [s, b, o], on the device of `starts`: see `starts_of`."""
    return _layers(splitmix.mixed(starts[:, None] + positions), batch, widths)


def starts_of(seeds: Sequence[int], first_step: int, steps: int) -> Tensor:
    """The key of each step's numbers, int64 [t, s], from step `first_step` on."""
    keys = torch.tensor([splitmix.signed(key(seed)) for seed in seeds], dtype=torch.int64)
    return splitmix.mixed(splitmix.multiples(first_step, steps)[:, None] + keys)


def positions(batch: int, widths: Sequence[int], device: torch.device | str) -> Tensor:
    """What `raw_numbers_of` adds to each start."""
    return splitmix.multiples(0, sum(_words(batch, width) for width in widths)).to(device)


@cache
def key(seed: int) -> int:
    """The 64 bits from which the numbers of a dropout seed come."""
    return key_of(seed, "dropout")


def _words(batch: int, width: int) -> int:
    return -(-batch * width // 4)


def _layers(words: Tensor, batch: int, widths: Sequence[int]) -> list[Tensor]:
    """words [s, n] -> each layer's 16-bit integers [s, b, o]."""
    parts = words.split([_words(batch, width) for width in widths], dim=1)  # type: ignore[no-untyped-call]
    return [
        part.view(torch.int16)[:, : batch * width].view(-1, batch, width)
        for part, width in zip(parts, widths, strict=True)
    ]


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
