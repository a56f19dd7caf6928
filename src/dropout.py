"""Dropout masks for a stack: a member's masks come from its own dropout seed.

Members with the same seed share the random numbers and compare them with their own rate, so that
the arms of a sweep are paired: the unit dropped at a rate of .1 is dropped at .2 as well.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from src.streams import stream

_LEVELS = 2**16  # raw random 16-bit integers: a rate is rounded to a multiple of 1/65536


class DropoutMasks:
    """Masks [m, b, o] for the hidden layers of m members; `widths` are the layers' o."""

    def __init__(self, rates: Sequence[float], seeds: Sequence[int], widths: Sequence[int]) -> None:
        self.widths = list(widths)
        self.distinct = sorted(set(seeds))
        # Not all of them: a rate that rounds to 1 would leave nothing to scale up.
        dropped = [min(round(rate * _LEVELS), _LEVELS - 1) for rate in rates]
        self.active = any(dropped)
        self._seed_of = torch.tensor([self.distinct.index(seed) for seed in seeds])
        self._threshold = torch.tensor(dropped, dtype=torch.int32).sub(_LEVELS // 2)
        self._threshold = self._threshold.to(torch.int16).view(-1, 1, 1)
        # The rate as rounded, so that the expectation of a unit is kept exactly.
        keep = [1 - count / _LEVELS for count in dropped]
        self._scale = (1 / torch.tensor(keep, dtype=torch.float64)).float().view(-1, 1, 1)
        self._generators: list[torch.Generator] = []

    def start_epoch(self, epoch: int, device: torch.device) -> None:
        """Begin the streams of this epoch: what they give depends on (seed, epoch) alone."""
        self._generators = [stream(seed, "dropout", epoch, device=device) for seed in self.distinct]
        self._seed_of = self._seed_of.to(device)
        self._threshold = self._threshold.to(device)
        self._scale = self._scale.to(device)

    def draw(self, batch: int) -> Iterator[Tensor]:
        """One step's factors [m, b, o], layer by layer: 0 where dropped, 1/keep elsewhere."""
        for width in self.widths:
            raw = torch.stack([_raw(batch, width, generator) for generator in self._generators])
            if len(raw) > 1:
                raw = raw.index_select(0, self._seed_of)
            yield torch.where(raw >= self._threshold, self._scale, 0.0)


def _raw(batch: int, width: int, generator: torch.Generator) -> Tensor:
    """Uniform 16-bit integers [b, o], four from each 64-bit draw."""
    count = batch * width
    words = torch.empty(-(-count // 4), dtype=torch.int64, device=generator.device)
    # The two-argument form covers all 2^64 values; random_() alone never sets the top bit.
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.int16)[:count].view(batch, width)
