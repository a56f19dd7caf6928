"""Where the numbers of simulated sweeps come from. All arms of a sweep have one law: no arm is
better than another, and whoever says so is wrong."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt
from scipy import stats

from src.report.calibration.spread import METRICS, UNIT, components, measured

Array = npt.NDArray[np.float64]
Shape = tuple[int, int, int]  # sweeps, arms, seeds
Sampler = Callable[[np.random.Generator, tuple[int, ...]], Array]

TEST = METRICS.index("test_accuracy")
# Of synthetic laws, about as of the real runs; no test depends on it.
CENTRE, SD, CHANCE = 0.88, 0.003, 0.1
CORRELATION = 0.5  # of two arms at one seed
COLLAPSES = 0.05  # of runs
OFTEN = 0.1  # of runs are contaminated
DRAWN = 1_000_000  # scores for the middle of a law


@dataclass(frozen=True)
class Truth:
    """Of every score. The IQM is the mean of the middle half of all."""

    mean: float
    median: float
    iqm: float


@dataclass(frozen=True)
class Law:
    """draw gives scores [sweep, arm, seed] with arms alike.

    sd: of the difference of two arms at one seed. held: whether the bars
    are asked of it, or it is there to show where methods end.
    """

    name: str
    says: str
    draw: Callable[[np.random.Generator, Shape], Array]
    mean: float
    sd: float
    most_arms: int = 10
    held: bool = True

    @property
    def truth(self) -> Truth:
        """Median and IQM from a million scores: to a thousandth of their standard deviation or so,
        a hundredth of the narrowest interval."""
        return Truth(self.mean, *_middle(self.name))


@cache
def laws() -> Mapping[str, Law]:
    found = [_runs(), _resampled(), *_heavy(), _collapsing()]
    return {law.name: law for law in found}


@cache
def _middle(law: str) -> tuple[float, float]:
    scores = laws()[law].draw(np.random.default_rng(DRAWN), (DRAWN // 20, 1, 20)).ravel()
    return float(np.median(scores)), float(stats.trim_mean(scores, 0.25))


def _runs() -> Law:
    values = measured()[..., TEST]
    differences = values[:, :, None] - values[:, None, :]
    blocks, draws = values.shape
    # Of two distinct draws of one block; the rounding adds the variance of two uniform numbers.
    variance = (differences**2).sum() / (blocks * draws * (draws - 1)) + UNIT[TEST] ** 2 / 6
    says = (
        f"Test accuracies as they were measured: for each seed one of the {blocks} blocks, "
        f"with replacement, and for each arm another of its {draws} draws."
    )
    mean, sd = float(values.mean()), math.sqrt(variance)
    return Law("runs", says, partial(_of_blocks, values), mean, sd, most_arms=draws)


def _of_blocks(values: Array, generator: np.random.Generator, shape: Shape) -> Array:
    sweeps, arms, seeds = shape
    chosen = values[generator.integers(len(values), size=(sweeps, seeds))]
    chosen = generator.permuted(chosen, axis=2)[:, :, :arms]
    return np.asarray(np.swapaxes(chosen, 1, 2) + unrounded(generator, shape))


def unrounded(generator: np.random.Generator, shape: tuple[int, ...], metric: int = TEST) -> Array:
    """Noise of the width of one image: what counting took away, lest resampled runs be tied."""
    return np.asarray(UNIT[metric] * generator.uniform(-0.5, 0.5, shape))


def _resampled() -> Law:
    values = measured()[..., TEST]
    spread = components(values)
    says = (
        "The same runs taken apart, for more arms than a block has draws: effects of blocks and "
        "remainders are drawn on their own, each scaled to its estimated variance."
    )
    sd = math.sqrt(2 * (spread.within**2 + UNIT[TEST] ** 2 / 12))
    return Law("resampled", says, resampled, float(values.mean()), sd)


def resampled(generator: np.random.Generator, shape: Shape) -> Array:
    return parts(generator, shape)[..., TEST]


def parts(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """[sweep, ..., seed, metric], validation and test of each run drawn together.

    Effects of blocks are shared by all of a sweep's runs at one seed.
    """
    effects, rest = _taken_apart()
    block_shape = (shape[0], *[1] * (len(shape) - 2), shape[-1])
    blocks = effects[generator.integers(len(effects), size=block_shape)]
    remainders = rest[generator.integers(len(rest), size=shape)]
    noise = np.stack([unrounded(generator, shape, k) for k in range(len(METRICS))], axis=-1)
    return np.asarray(measured().mean(axis=(0, 1)) + blocks + remainders + noise)


@cache
def _taken_apart() -> tuple[Array, Array]:
    """Effects [block, metric] and remainders [run, metric], mean 0, of their estimated variances.

    Means of blocks hold a share of the remainders, and remainders lack it: both are scaled
    (Carpenter, Goldstein and Rasbash, 2003, doi:10.1111/1467-9876.00415).
    """
    values = measured()
    spreads = [components(values[..., k]) for k in range(len(METRICS))]
    means = values.mean(axis=1)
    rest = (values - means[:, None]).reshape(-1, len(METRICS))
    means = means - means.mean(axis=0)
    return (
        means / means.std(axis=0) * [each.between for each in spreads],
        rest / rest.std(axis=0) * [each.within for each in spreads],
    )


def _heavy() -> list[Law]:
    wide = "Normal, but one number in ten has {} times the spread."
    long = "A gamma law turned round, skewness {}: a long tail down."
    return [
        _synthetic("normal", "Normal, for comparison.", _normal),
        _synthetic("t3", "Student's t with 3 degrees of freedom.", _t3),
        _synthetic("contaminated", wide.format(5), partial(_contaminated, 5)),
        _synthetic("skewed", long.format(-1), partial(_skewed, 4)),
        replace(_synthetic("wild", wide.format(10), partial(_contaminated, 10)), held=False),
        replace(_synthetic("one-sided", long.format(-2), partial(_skewed, 1)), held=False),
    ]


def _synthetic(name: str, says: str, sampler: Sampler) -> Law:
    """Effects of seeds and remainders both from a sampler of mean 0 and variance 1."""
    sd = SD * math.sqrt(2 * (1 - CORRELATION))
    return Law(name, says, partial(_mixed, sampler), CENTRE, sd)


def _mixed(sampler: Sampler, generator: np.random.Generator, shape: Shape) -> Array:
    sweeps, _, seeds = shape
    blocks = math.sqrt(CORRELATION) * sampler(generator, (sweeps, 1, seeds))
    rest = math.sqrt(1 - CORRELATION) * sampler(generator, shape)
    return CENTRE + SD * (blocks + rest)


def _normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.standard_normal(shape)


def _t3(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.standard_t(3, shape) / math.sqrt(3)  # variance df / (df - 2)


def _contaminated(far: float, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    wide = np.where(generator.random(shape) < OFTEN, far, 1.0)
    return wide * generator.standard_normal(shape) / math.sqrt(1 - OFTEN + OFTEN * far**2)


def _skewed(order: float, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Of a gamma law of that order the skewness is 2 / sqrt(order)."""
    return (order - generator.gamma(order, size=shape)) / math.sqrt(order)


def _collapsing() -> Law:
    says = (
        f"Normal, but one run in {1 / COLLAPSES:.0f} falls to chance ({CHANCE:g}), each on its own."
    )
    stays = 1 - COLLAPSES
    variance = stays * SD**2 + COLLAPSES * stays * (CENTRE - CHANCE) ** 2
    shared = stays**2 * CORRELATION * SD**2
    mean = stays * CENTRE + COLLAPSES * CHANCE
    return Law("collapsing", says, _collapsed, mean, math.sqrt(2 * (variance - shared)), held=False)


def _collapsed(generator: np.random.Generator, shape: Shape) -> Array:
    values = _mixed(_normal, generator, shape)
    return np.where(generator.random(shape) < COLLAPSES, CHANCE, values)
