"""Numbers and names as sentences have them."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from src.report.arms import Arm
from src.report.metrics import higher_is_better
from src.report.statistics.pairs import Pair

# Settings of an arm's name, not values of one: model.hidden=[128, 128].
BETWEEN = re.compile(r", (?![^\[({]*[\])}])")
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Margin:
    """A pair as its better arm sees it: by how much, in percentage points or in units of a loss."""

    winner: int
    loser: int
    gain: float
    low: float
    high: float
    n: int
    unit: str

    @property
    def size(self) -> str:
        """0.2 points"""
        return number(self.gain, self._places) + self.unit

    @property
    def interval(self) -> str:
        """-0.1 to 0.5"""
        return f"{number(self.low, self._places)} to {number(self.high, self._places)}"

    @property
    def level(self) -> bool:
        """Equal in every seed."""
        return self.gain == self.low == self.high == 0

    @property
    def in_full(self) -> str:
        """78.3 points (95 % interval 78.0 to 78.6, n = 10 paired seeds)"""
        return f"{self.size} (95 % interval {self.interval}, n = {self.n} paired seeds)"

    @property
    def about(self) -> str:
        """0.2 points, 95 % interval -0.1 to 0.5, n = 10 paired seeds; equal in all 10 seeds"""
        if self.level:
            return f"equal in all {self.n} seeds"
        return f"{self.size}, 95 % interval {self.interval}, n = {self.n} paired seeds"

    @property
    def farthest(self) -> str:
        """The largest difference within the interval, of either sign."""
        return number(max(abs(self.low), abs(self.high)), self._places) + self.unit

    @property
    def _places(self) -> int:
        return decimals(self.high - self.low, self.gain)


def margin(pair: Pair, metric: str) -> Margin:
    scale, unit = (100, " points") if higher_is_better(metric) else (1, "")
    low, high, gain = (scale * value for value in (pair.low, pair.high, pair.difference))
    if (gain < 0) == higher_is_better(metric) and gain != 0:
        return Margin(pair.second, pair.first, -gain, -high, -low, pair.n, unit)
    if not higher_is_better(metric):
        gain, low, high = -gain, -high, -low
    return Margin(pair.first, pair.second, gain, low, high, pair.n, unit)


def decimals(width: float, value: float = math.nan) -> int:
    """Of a number with an interval so wide: two digits of the width, from 1 to 4 places; of one
    without, two digits of its own."""
    size = width if width > 0 else abs(value)
    if not size > 0:
        return 1
    return min(max(1 - math.floor(math.log10(size)), 1), 4)


def number(value: float, places: int) -> str:
    """With a true minus, and none before a zero; - for NaN."""
    if math.isnan(value):
        return "-"
    rounded = f"{abs(value):,.{places}f}"
    return f"{MINUS}{rounded}" if value < 0 and float(rounded.replace(",", "")) else rounded


def spoken(arm: Arm) -> str:
    """he; scale=2.0; he + relu for he, relu, whose comma would mislead in a list."""
    return BETWEEN.sub(" + ", arm.name)


def listed(items: Sequence[str], most: int | None = None) -> str:
    """a; a and b; a, b and c; of more than most, the first ones and a count."""
    if most is not None and len(items) > most:
        items = [*items[:most], f"{len(items) - most:,} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def words(metric: str) -> str:
    return metric.replace("_", " ")
