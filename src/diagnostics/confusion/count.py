"""Verdicts against ends: the confusion table, and two shares with their intervals."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

from src.diagnostics.verdicts.names import NAMES

# Shares of right answers. A linear classifier gets about .84 on Fashion-MNIST, guessing gets .1.
FAILED_AT, WORKS_ABOVE = 0.5, 0.8

ENDS = ("diverged", "at most 50 %", "50 to 80 %", "above 80 %")
DIVERGED, FAILED, BETWEEN, WORKED = ENDS
# What may be said of a member that comes to work: that it does, or that it takes its time.
WORKING = ("healthy", "slow")


class Outcome(NamedTuple):
    """A member: its arm, its last validation accuracy (None: diverged), its primary verdict."""

    init: str
    activation: str
    optimizer: str
    seed: int
    accuracy: float | None
    verdict: str

    @property
    def end(self) -> str:
        if self.accuracy is None:
            return DIVERGED
        if self.accuracy <= FAILED_AT:
            return FAILED
        return WORKED if self.accuracy > WORKS_ABOVE else BETWEEN

    @property
    def wrong(self) -> bool:
        """Healthy that failed, or a fault found in what works; in between all may be said."""
        if self.end in (DIVERGED, FAILED):
            return self.verdict == "healthy"
        return self.end == WORKED and self.verdict not in WORKING


@dataclass(frozen=True)
class Share:
    """right of n members."""

    right: int
    n: int

    @property
    def value(self) -> float:
        """NaN of no members."""
        return self.right / self.n if self.n else math.nan

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Wilson's for a binomial share (Wilson 1927), which holds at 0 and at n too."""
        if not self.n:
            return 0.0, 1.0
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        middle = (self.value + z**2 / (2 * self.n)) / (1 + z**2 / self.n)
        spread = self.value * (1 - self.value) / self.n + z**2 / (4 * self.n**2)
        half = z * math.sqrt(spread) / (1 + z**2 / self.n)
        # At 0 and at n the sum is exact but for rounding.
        return (middle - half if self.right else 0.0), (
            middle + half if self.right < self.n else 1.0
        )

    def __str__(self) -> str:
        if not self.n:
            return "no such member"
        low, high = self.interval()
        bounds = f"95 % interval {100 * low:.1f} to {100 * high:.1f} %"
        return f"{self.right} of {self.n}, {100 * self.value:.1f} % ({bounds})"


@dataclass(frozen=True)
class Confusion:
    """counts: by verdict, in the order of NAMES and without those never given, by ENDS."""

    counts: dict[str, tuple[int, ...]]
    failures_found: Share  # of the members that failed or diverged: not called healthy
    workers_cleared: Share  # of the members that came to work: called healthy or slow
    seeds_agree: Share  # of the arms with several members: those of one verdict

    @property
    def shares(self) -> dict[str, Share]:
        """As a reader is told them."""
        return {
            "ended at 50 % or below, or diverged, and are not called healthy": self.failures_found,
            "ended above 80 % and are called healthy or slow": self.workers_cleared,
            "arms of several seeds whose seeds have all one verdict": self.seeds_agree,
        }


def confusion(outcomes: Sequence[Outcome]) -> Confusion:
    given = {outcome.verdict for outcome in outcomes}
    names = [name for name in NAMES if name in given] + sorted(given - set(NAMES))
    pairs = [(outcome.verdict, outcome.end) for outcome in outcomes]
    counts = {name: tuple(pairs.count((name, end)) for end in ENDS) for name in names}
    failed = [outcome for outcome in outcomes if outcome.end in (DIVERGED, FAILED)]
    worked = [outcome for outcome in outcomes if outcome.end == WORKED]
    return Confusion(counts, _right(failed), _right(worked), agreeing(outcomes))


def _right(outcomes: Sequence[Outcome]) -> Share:
    return Share(sum(not outcome.wrong for outcome in outcomes), len(outcomes))


class Arm(NamedTuple):
    init: str
    activation: str
    optimizer: str


def arms(outcomes: Iterable[Outcome]) -> dict[Arm, list[Outcome]]:
    """Members that differ in their seed, or in what an Outcome does not tell."""
    found = dict[Arm, list[Outcome]]()
    for outcome in outcomes:
        found.setdefault(Arm(*outcome[:3]), []).append(outcome)
    return found


def agreeing(outcomes: Iterable[Outcome]) -> Share:
    """Of the arms with several members: those whose members have all one verdict."""
    several = [group for group in arms(outcomes).values() if len(group) > 1]
    same = sum(len({outcome.verdict for outcome in group}) == 1 for group in several)
    return Share(same, len(several))
