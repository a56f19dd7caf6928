"""Sweeps whose truth is known, told by the report's own code; what is counted is how it errs."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from src.report.arms import arms_of, scores
from src.report.calibration.laws import Law, parts
from src.report.calibration.spread import METRICS
from src.report.results import Record
from src.report.roles import Roles
from src.report.statistics import effects
from src.report.statistics.pairs import Comparisons, compare
from src.report.statistics.rows import counts
from src.report.statistics.summary import Summary, summaries

Array = npt.NDArray[np.float64]
Compare = Callable[[Array], Comparisons]  # of [sweep, arm, seed], each sweep a family
Describe = Callable[[Array], Sequence[Summary]]  # of [arm, seed]


def told(
    law: Law,
    arms: int,
    seeds: int,
    sweeps: int,
    generator: np.random.Generator,
    judge: Compare = compare,
    describe: Describe = summaries,
) -> Array:
    """[sweep, 6] of arms alike: whether any pair was claimed to differ; the shares of intervals
    that hold the truth, of differences, means, medians, IQMs and probabilities of improvement, NaN
    where none is given."""
    tables = law.draw(generator, (sweeps, arms, seeds))
    pairs = judge(tables)
    # An arm is described by its own seeds, so all sweeps' arms can be at once.
    found, truth = describe(tables.reshape(-1, seeds)), law.truth
    columns = [
        _holding(pairs.low, pairs.high, 0),
        _holding(*_ends(found, "low", "high"), truth.mean),
        _holding(*_ends(found, "median_low", "median_high"), truth.median),
        _holding(*_ends(found, "iqm_low", "iqm_high"), truth.iqm),
        _holding(*_probabilities(tables), 0.5),
    ]
    shares = [column.reshape(sweeps, -1).mean(axis=1) for column in columns]
    return np.stack([pairs.claimed.any(axis=1), *shares], axis=1)


def _ends(found: Sequence[Summary], low: str, high: str) -> tuple[Array, Array]:
    ends = [[getattr(each, name) for each in found] for name in (low, high)]
    return np.array(ends[0]), np.array(ends[1])


def _probabilities(tables: Array) -> tuple[Array, Array]:
    """Ends of the intervals of all sweeps' pairs."""
    _, arms, seeds = tables.shape
    first, second = (tables[:, rows].reshape(-1, seeds) for rows in np.triu_indices(arms, 1))
    found = effects.probability(first, second)
    low, high = effects.probability_interval(found, counts(first), counts(second))
    return low, high


def _holding(low: Array, high: Array, truth: float) -> Array:
    return np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))


def shifted(
    law: Law,
    arms: int,
    seeds: int,
    shift: float,
    sweeps: int,
    generator: np.random.Generator,
    judge: Compare = compare,
) -> Array:
    """[sweep, 2] with the first arm better by shift sd of a paired difference: the share of its
    pairs claimed with the right sign, and whether any pair of the others is claimed."""
    tables = law.draw(generator, (sweeps, arms, seeds))
    tables[:, 0] += shift * law.sd
    pairs = judge(tables)
    its = arms - 1  # pairs of the first arm come first
    right = pairs.claimed[:, :its] & (pairs.difference[:, :its] > 0)
    return np.stack([right.mean(axis=1), pairs.claimed[:, its:].any(axis=1)], axis=1)


def tuned(
    options: Sequence[int],
    seeds: int,
    sweeps: int,
    generator: np.random.Generator,
    judge: Compare = compare,
) -> Array:
    """[sweep, metric] of METRICS: whether any two arms are claimed to differ by it, where arm k is
    given the best of options[k] nuisance settings by validation accuracy, and all settings of all
    arms are alike. From the measured runs."""
    tables = []
    for sweep in parts(generator, (sweeps, sum(options), seeds)):
        arms = arms_of(_records(sweep, options), Roles(("arm",), ("option",), ("seed",)))
        tables.append([scores(arms, name)[1] for name in METRICS])
    claimed = [judge(each).claimed.any(axis=1) for each in np.swapaxes(np.array(tables), 0, 1)]
    return np.stack(claimed, axis=1).astype(np.float64)


def _records(sweep: Array, options: Sequence[int]) -> list[Record]:
    """sweep: [setting, seed, metric], the settings of the first arm first."""
    names = [(arm, option) for arm, count in enumerate(options) for option in range(count)]
    return [
        {
            "status": "done",
            "label": f"arm={arm},option={option},seed={seed}",
            "config": {"arm": arm, "option": option, "seed": seed},
            "metrics": {
                "last": {"validation_accuracy": validation},
                "test": {"accuracy": test},
            },
        }
        for (arm, option), runs in zip(names, sweep.tolist(), strict=True)
        for seed, (validation, test) in enumerate(runs)
    ]
