"""Steps until a target is reached, as survival data: who never arrives is censored, not dropped.

A member leaves at the last step of its budget, one that diverged too: were it to leave when it
diverges, those at risk would be the ones that fare well, and censoring would tell of the outcome.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from src.report.statistics.level import FEWEST, LEVEL

Array = npt.NDArray[np.float64]
# S is a product of fractions; that it is one half must survive their rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Arrival:
    """Kaplan-Meier of one arm; steps are those of its members, arrived says which came so far.

    median: the first step by which half have arrived, None where half never did. low and high:
    its 95 % interval; None where there is none, or below FEWEST members.
    """

    steps: list[float]
    arrived: list[bool]
    median: float | None
    low: float | None
    high: float | None
    curve: list[tuple[float, float]]  # (step, share that has arrived) where the share grows

    @property
    def n(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class LogRank:
    """Of all arms at once. Seeds that arms share are not used: with them they differ less by
    chance than this test takes them to, so it claims too little rather than too much."""

    statistic: float
    p: float  # by the chi-square with groups - 1 degrees of freedom
    groups: int


def arrival(steps: Sequence[float], arrived: Sequence[bool]) -> Arrival:
    """steps: of arrival, or the last step of the budget of those that have not arrived."""
    if not any(arrived):
        return Arrival(list(steps), list(arrived), None, None, None, [])
    fitted = _fitted(steps, arrived)
    survival = np.asarray(fitted.surv_prob)
    times = np.asarray(fitted.surv_times, float)
    half = np.flatnonzero(survival <= 0.5 + ROUNDING)
    median = float(times[half[0]]) if len(half) else None
    low, high = _interval(fitted) if len(steps) >= FEWEST else (None, None)
    curve = list(zip(times.tolist(), (1 - survival).tolist(), strict=True))
    return Arrival(list(steps), list(arrived), median, low, high, curve)


def log_rank(arms: Sequence[Arrival]) -> LogRank | None:
    """None where there is nothing to compare: no arrival, one arm, or all at one step."""
    events = [step for arm in arms for step, came in _members(arm) if came]
    # At risk at no arrival: such an arm says nothing, and its variance of 0 has no inverse.
    watched = [arm for arm in arms if arm.steps and max(arm.steps) >= min(events, default=math.inf)]
    if len(watched) < 2:
        return None
    from statsmodels.duration.survfunc import survdiff

    members = [(step, came, k) for k, arm in enumerate(watched) for step, came in _members(arm)]
    steps, came, groups = (np.array(column) for column in zip(*members, strict=True))
    first = min(events)
    if (came & (steps == first))[steps >= first].all():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(survdiff(steps, came.astype(int), groups)[0])
    freedom = len(watched) - 1
    return LogRank(statistic, float(stats.chi2.sf(statistic, freedom)), len(watched))


def _members(arm: Arrival) -> list[tuple[float, bool]]:
    return list(zip(arm.steps, arm.arrived, strict=True))


def _fitted(steps: Sequence[float], arrived: Sequence[bool]) -> Any:
    from statsmodels.duration.survfunc import SurvfuncRight

    return SurvfuncRight(np.asarray(steps, float), np.asarray(arrived, int))


def _interval(fitted: Any) -> tuple[float | None, float | None]:
    """Steps at which S(t) = 1/2 is not refused (Brookmeyer and Crowley, 1982), by log(-log S)."""
    with np.errstate(divide="ignore", invalid="ignore"):  # S = 0 has no log
        low, high = fitted.quantile_ci(0.5, alpha=1 - LEVEL, method="cloglog")
    known = [float(bound) if math.isfinite(bound) else None for bound in (low, high)]
    return known[0], known[1]
