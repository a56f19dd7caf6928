"""The sentences of docs/calibration.md."""

# By the attributes of study.Alike.
KINDS = {
    "differences": "paired difference",
    "means": "mean",
    "medians": "median",
    "iqms": "IQM",
    "probabilities": "probability of improvement",
}

INTRODUCTION = """\
# Calibration

Do the report's statements hold? Sweeps are simulated of which it is known that no arm is better
than another, or by how much one is, and judged by the report's own code
([src/report/statistics](../src/report/statistics)). `python -m src.report.calibration` does so,
keeps what it counted in [calibration.json](calibration.json) and makes this page of it: {sweeps:,}
sweeps in each cell, {versions}.

Asked, for 5, 10 and 20 seeds:

- Where all arms are alike, at most 5 % of sweeps have any claim: family-wise, over all pairs.
- 95 % intervals of differences, means, medians and IQMs hold the truth in 93 to 97 % of cases.

A bar counts as missed where what was counted cannot be the simulation's own noise (5 % over all
cells together), or where the false claims of all cells of 5, 10 or 20 seeds exceed 5 % at all."""

HELD = """\
Both are held. Of {sweeps:,} sweeps of like arms {false:,} had a false claim, {rate:.1f} %. Of
intervals these shares hold the truth, in %, from the law and number of seeds that has the least to
the one that has the most: {coverage}. What the statistics cannot do is said
[below](#where-it-fails)."""

HOW = """\
## How the sweeps are made

Real spread: {runs} runs of one start ([spread.csv](../src/report/calibration/spread.csv)), by

```
{command}
```

{facts}

Each of {blocks} blocks is an order of batches with a set of dropout masks, shared by {draws} draws
of the weights, as arms share them at one seed and differ in their weights. The same start with the
same seed would be the same run. Standard deviations, in points of accuracy; the correlation of two
runs of a block, which is what comparing seed by seed takes from the variance of a difference; the
skewness of all runs:

| accuracy | between blocks | within | correlation | skewness |
| --- | --- | --- | --- | --- |
| test | {test_between:.3f} | {test_within:.3f} | {test_correlation:.2f} | {test_skewness:.1f} |
| validation | {validation_between:.3f} | {validation_within:.3f} | {validation_correlation:.2f} | \
{validation_skewness:.1f} |

Within a block, validation and test accuracy correlate by {metrics:.2f} over draws of the weights.

Laws of the simulated scores:

{laws}

{rules}"""

RULES = """\
After the first two, all have an effect of the seed, shared by all arms, and a remainder, of equal
variance and both of the law named. The bars are asked of all but {free}, which are there to show
where methods end. Resampled scores get noise as wide as one image, which undoes the counting: runs
drawn twice would else be tied, and a tie is no evidence against any arm."""

FALSE = """\
## False claims

Sweeps with a claim although all arms are alike, in %, with the 95 % interval of the simulation
(Clopper and Pearson)."""

ONE_BETTER = """\
Where one arm of six is truly better (`resampled`), sweeps in which two of the other five are
claimed to differ:"""

COVERAGE = """\
## Coverage

95 % intervals that hold the truth, in %, over families of all sizes; the simulation's standard
error is at most {error:.1f}. With 3 seeds there is none of what goes by ranks."""

POWER = """\
## Power

Pairs of arms that differ and are claimed to, with the right sign, in %. The difference is in
standard deviations of the paired difference of one seed; in a family of six, one arm differs from
all others."""

TUNED = """\
## Tuned settings

Two arms that are alike, each given the best of some nuisance settings by its mean validation
accuracy, where all settings are alike as well: the choice is made by noise alone. Sweeps with a
false claim, in %, where arms are then compared by the test accuracy, and by the validation accuracy
that has chosen."""

UNEQUAL = """\
With as many settings for either arm, luck is shared out evenly and no more is claimed than without
tuning. With 1 against 6 it is not: a run that is good on the validation set by luck of its weights
is good on the test set too, and the arm that may choose gains."""

COLLAPSING = """\
Rare collapses (`collapsing`). Where one run in 20 falls to chance, 5 seeds see none of it in 77 %
of sweeps (.95^5), and an interval of the mean made of what they saw holds the true mean in
{means_5:.0f} %; with 20 seeds in {means_20:.0f} %. What was not seen cannot be told from what was.
Median and IQM, which ask for the usual run, are told rightly, and false claims stay rare, as rare
as collapses are. Where one run in two or three falls to chance, three that do so in one arm alone
look like an effect without spread, and t tests of few seeds claim too much: in 23 % of sweeps of
ten like arms and 3 seeds at a chance of 0.3, in 53 % at 0.5. So where a report sees members that
diverged, the p of such a pair is never below what permutations of the labels of n + n runs can
give, 2 / C(2n, n): that leaves 0.4 and 0.1 %, and at most 4.5 % in each of 36 cells of 2,000
sweeps, with 2, 6 and 10 arms, 3, 4, 5 and 10 seeds and chances of 0.1, 0.3 and 0.5. Runs that
end at chance without diverging are not seen so."""

TAILS = """\
Far tails. Of `one-sided` scores the interval of the mean holds it in {one_sided:.1f} % at 5 seeds,
of `wild` ones in {wild:.1f} %, too wide. Differences of like arms are symmetric whatever the law:
their intervals and tests hold for `one-sided` too ({differences:.1f} %)."""

WIDE = """\
The interval of a probability of improvement takes arms for independent and is too wide where they
share seeds: with 5 to 20 seeds it holds the truth in {least:.1f} to {most:.1f} %. No claim rests on
it."""

UNEVEN = """\
Arms with unequally many tuned settings: {least:.0f} to {most:.0f} % false claims at 1 against 6.
Give each arm the same settings to choose from."""

FEW = """\
Few seeds. Claims are not false more often (but see collapses, above), but hardly made at all: a
difference of 2 sd is found with 3 seeds in {two:.0f} % between two arms and in {six:.0f} % among
six; among six with 5 seeds in {five:.0f} %, with 10 in {ten:.0f} %."""

ODDS = """\
One data set, one network, one start: that spread is what `runs` and `resampled` know. The synthetic
laws stand for others, and no more than that."""
