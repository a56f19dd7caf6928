"""What is asked of the statements, and whether what was counted can be reconciled with it."""

import math
from collections.abc import Iterator

from scipy import stats

from src.report.calibration.laws import laws
from src.report.calibration.study import Alike, Share, Study

FALSE = 0.05  # sweeps with a false claim, at most
COVERED = (0.93, 0.97)  # of intervals, the share that holds the truth
ASKED = (5, 10, 20)  # seeds for which the bars are asked; 3 is shown beside them
SIGNIFICANT = 0.05  # over all cells together: of 20 sound studies one may be called unsound

# What there are intervals of, as attributes of Alike.
KINDS = ("differences", "means", "medians", "iqms", "probabilities")
# That of a probability of improvement leaves out of account that arms share their seeds.
TOO_WIDE = "probabilities"


def held(study: Study) -> list[Alike]:
    """The cells of which the bars are asked."""
    return [row for row in study.alike if row.seeds in ASKED and laws()[row.law].held]


def misses(study: Study) -> list[str]:
    """A sentence for each bar that is missed by more than the simulation's own noise."""
    return [*_false(study), *_coverage(study)]


def _false(study: Study) -> Iterator[str]:
    rows = held(study)
    counted = [
        (f"{row.arms} arms alike by {row.law}, {row.seeds} seeds", row.false, row.sweeps)
        for row in rows
    ]
    counted += [
        (
            f"{row.arms} arms by {row.law} of which one differs by {row.shift:g} sd, "
            f"{row.seeds} seeds",
            row.false,
            row.sweeps,
        )
        for row in study.power
        if row.arms > 2 and row.seeds in ASKED
    ]
    counted += [
        (
            f"arms alike with {row.options[0]} settings each, {row.seeds} seeds",
            row.by_test,
            row.sweeps,
        )
        for row in study.tuned
        if len(set(row.options)) == 1 and row.seeds in ASKED
    ]
    for what, false, sweeps in counted:
        if too_often(false, sweeps, len(counted)):
            yield f"{what}: {false} of {sweeps} sweeps with a false claim."
    for seeds in ASKED:
        false = sum(row.false for row in rows if row.seeds == seeds)
        sweeps = sum(row.sweeps for row in rows if row.seeds == seeds)
        if false > FALSE * sweeps:
            yield f"all laws together, {seeds} seeds: {false} of {sweeps} with a false claim."


def _coverage(study: Study) -> Iterator[str]:
    names = list(dict.fromkeys(row.law for row in held(study)))
    cells = [
        (law, seeds, kind) for law in names for seeds in ASKED for kind in KINDS if kind != TOO_WIDE
    ]
    for law, seeds, kind in cells:
        share = coverage(study, law, seeds, kind)
        if share is not None and outside(*share, len(cells)):
            yield f"intervals of {kind} by {law}, {seeds} seeds: {share.value:.1%} hold the truth."


def coverage(study: Study, law: str, seeds: int, kind: str) -> Share | None:
    """Over families of all sizes: an interval knows of no other arm. None where there is none."""
    rows = [row for row in study.alike if (row.law, row.seeds) == (law, seeds)]
    shares = [share for row in rows if (share := getattr(row, kind)) is not None]
    if not shares:
        return None
    error = math.hypot(*(share.error for share in shares)) / len(shares)
    return Share(sum(share.value for share in shares) / len(shares), error)


def interval(count: int, of: int) -> tuple[float, float]:
    """95 %, by Clopper and Pearson (1934)."""
    found = stats.binomtest(count, of).proportion_ci(0.95, "exact")
    return float(found.low), float(found.high)


def too_often(count: int, of: int, tests: int = 1) -> bool:
    """Whether the true rate must be above FALSE: by a binomial test, one of so many."""
    test = stats.binomtest(count, of, FALSE, alternative="greater")
    return bool(test.pvalue < SIGNIFICANT / tests)


def outside(share: float, error: float, tests: int = 1) -> bool:
    """Whether the true share must be outside of COVERED: by a normal test, one of so many."""
    reach = float(stats.norm.isf(SIGNIFICANT / tests / 2)) * error
    return share + reach < COVERED[0] or share - reach > COVERED[1]
