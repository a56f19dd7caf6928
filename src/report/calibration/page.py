"""docs/calibration.md and docs/calibration.png, from the study that is kept."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from src.report.calibration import bars, spread
from src.report.calibration.curves import drawn
from src.report.calibration.laws import TEST, laws
from src.report.calibration.study import PROJECT, Study, Tuned
from src.report.figures.drawing import write as write_drawing

DOCS = PROJECT / "docs"

INTRODUCTION = """\
# Calibration

Do the report's statements hold? Sweeps are simulated in which it is known that no arm is better
than another, or by how much one is, and judged by the report's own code
([src/report/statistics](../src/report/statistics)). Made by `python -m src.report.calibration`
from [calibration.json](calibration.json) ({sweeps:,} sweeps in each cell; {versions}).

What is asked, for 5, 10 and 20 seeds:

- where all arms are alike, at most 5 % of sweeps have a claim at all (family-wise, over all pairs);
- 95 % intervals hold the truth in 93 to 97 % of cases.

{verdict}

![False claims, power and coverage](calibration.png)"""

HOW = """\
## How the sweeps are made

Real spread: {runs} runs of one start ([spread.csv](../src/report/calibration/spread.csv)), made by

```
{command}
```

{facts}

In each of {blocks} blocks one order of batches and one set of dropout masks is shared by {draws}
draws of the weights, as arms share them at one seed. Of the test accuracy the standard deviation
is {between:.3f} % between blocks and {within:.3f} % within, so two arms at one seed correlate by
{correlation:.2f}: comparing by pairs makes the variance of a difference {gain:.0%} smaller. Of the
validation accuracy: {v_between:.3f} %, {v_within:.3f} %, {v_correlation:.2f}.

Laws of the simulated scores:

{laws}

Synthetic laws have an effect of the seed and a remainder, both of the law named and of equal
variance. Resampled scores get noise as wide as one image, lest two of them be the same number: a
tie counts for no arm and would make claims rarer than they are."""


def write(study: Study) -> list[Path]:
    """The files that were written."""
    (DOCS / "calibration.md").write_text(page(study))
    write_drawing(drawn(study), DOCS, kinds=("png",))
    return [DOCS / "calibration.md", DOCS / "calibration.png"]


def page(study: Study) -> str:
    missed = bars.misses(study)
    verdict = "Missed: " + " ".join(missed) if missed else _held(study)
    introduction = INTRODUCTION.format(
        sweeps=study.sweeps, versions=study.versions, verdict=verdict
    )
    parts = [introduction, _how(), *_false(study), *_coverage(study), *_power(study)]
    return "\n\n".join([*parts, *_tuned(study), *_collapse(study)]) + "\n"


def _held(study: Study) -> str:
    rows = bars.held(study)
    false, sweeps = sum(row.false for row in rows), sum(row.sweeps for row in rows)
    shares = [
        bars.coverage(study, row.law, row.seeds, of)[0]
        for row in rows
        for of in ("means", "differences")
    ]
    return (
        f"Both are held: {false:,} of {sweeps:,} sweeps have a false claim ({false / sweeps:.1%}), "
        f"and by law and number of seeds {_range(shares)} of the intervals hold the truth. Where "
        "it ends, and where methods fail, is below."
    )


def _range(shares: Sequence[float]) -> str:
    return f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %"


def _how() -> str:
    values = spread.measured()
    test, validation = (
        spread.components(values[..., TEST]),
        spread.components(values[..., 1 - TEST]),
    )
    command, *facts = spread.head()
    return HOW.format(
        runs=values.shape[0] * values.shape[1],
        command=command,
        facts=" ".join(facts),
        blocks=values.shape[0],
        draws=values.shape[1],
        between=100 * test.between,
        within=100 * test.within,
        correlation=test.correlation,
        gain=test.correlation,
        v_between=100 * validation.between,
        v_within=100 * validation.within,
        v_correlation=validation.correlation,
        laws="\n".join(f"- `{law.name}`: {law.says}" for law in laws().values()),
    )


def _false(study: Study) -> Iterator[str]:
    yield "## False claims"
    yield "Sweeps in which any pair of arms that are alike was claimed to differ, in %, with the\n\
95 % interval of the simulation."
    seeds = sorted({row.seeds for row in study.alike})
    cells = {(row.law, row.arms, row.seeds): row for row in study.alike}
    rows = [
        [
            law,
            str(arms),
            *(_rate(cells[law, arms, n].false, cells[law, arms, n].sweeps) for n in seeds),
        ]
        for law, arms in dict.fromkeys((row.law, row.arms) for row in study.alike)
    ]
    yield _table(["law", "arms", *(f"{n} seeds" for n in seeds)], rows)
    yield "With one arm of six truly better, sweeps in which a pair of the other five was claimed:"
    partly = [row for row in study.power if row.arms > 2]
    shifts = sorted({row.shift for row in partly})
    found = {(row.shift, row.seeds): row for row in partly}
    rows = [
        [f"{shift:g} sd", *(_rate(found[shift, n].false, found[shift, n].sweeps) for n in seeds)]
        for shift in shifts
    ]
    yield _table(["better by", *(f"{n} seeds" for n in seeds)], rows)


def _rate(count: int, of: int) -> str:
    low, high = bars.interval(count, of)
    return f"{100 * count / of:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _coverage(study: Study) -> Iterator[str]:
    yield "## Coverage"
    yield "95 % intervals that hold the truth, in %, over families of all sizes: of means, and of\n\
paired differences. The simulation's standard error is at most {:.2f}.".format(
        100
        * max(
            bars.coverage(study, row.law, row.seeds, of)[1]
            for row in study.alike
            for of in ("means", "differences")
        )
    )
    seeds = sorted({row.seeds for row in study.alike})
    rows = [
        [
            law,
            *(
                f"{100 * bars.coverage(study, law, n, of)[0]:.1f}"
                for of in ("means", "differences")
                for n in seeds
            ),
        ]
        for law in laws()
    ]
    yield _table(
        ["law", *(f"mean, {n}" for n in seeds), *(f"difference, {n}" for n in seeds)], rows
    )


def _power(study: Study) -> Iterator[str]:
    yield "## Power"
    yield "Pairs of arms that truly differ and are claimed to, with the right sign, in %; the\n\
difference in standard deviations of the paired difference at one seed."
    shifts = sorted({row.shift for row in study.power})
    found = {(row.law, row.arms, row.seeds, row.shift): row for row in study.power}
    rows = [
        [
            law,
            str(arms),
            str(seeds),
            *(f"{100 * found[law, arms, seeds, each].found:.0f}" for each in shifts),
        ]
        for law, arms, seeds in dict.fromkeys((row.law, row.arms, row.seeds) for row in study.power)
    ]
    yield _table(["law", "arms", "seeds", *(f"{each:g} sd" for each in shifts)], rows)


def _tuned(study: Study) -> Iterator[str]:
    yield "## Tuned settings"
    yield TUNED
    seeds = sorted({row.seeds for row in study.tuned})
    cells = {(tuple(row.options), row.seeds): row for row in study.tuned}
    rows = [
        [" and ".join(map(str, options)), name, *(_of(cells[options, n], name) for n in seeds)]
        for name in ("test", "validation")
        for options in dict.fromkeys(tuple(row.options) for row in study.tuned)
    ]
    yield _table(["options", "compared by", *(f"{n} seeds" for n in seeds)], rows)


TUNED = """\
Two arms that are alike, each given the best of some nuisance settings by mean validation accuracy,
where no setting is better than another: the choice is made of noise alone. Sweeps with a false
claim, in %, where the arms are then compared by the test accuracy, and by the validation accuracy
that has chosen:"""


def _of(row: Tuned, name: str) -> str:
    return _rate(row.by_test if name == "test" else row.by_validation, row.sweeps)


def _collapse(study: Study) -> Iterator[str]:
    yield "## Where it fails"
    yield FAILS


FAILS = ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
