"""Which sweeps are simulated, and how the work is divided. A part has its own numbers, whoever
does it and in whatever order: a study is the same on any machine."""

import platform
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from os import cpu_count

import numpy as np
import numpy.typing as npt

from src.report.calibration import simulate, study
from src.report.calibration.laws import laws

Array = npt.NDArray[np.float64]

FAMILIES = (2, 3, 6, 10)  # arms
SEEDS = (3, 5, 10, 20)
SHIFTS = (0.25, 0.5, 1.0, 2.0, 3.0)  # sd of a paired difference; 0 is what Alike is
POWERED = (("resampled", 2), ("resampled", 6), ("t3", 2), ("skewed", 2))  # laws and arms
OPTIONS = ((1, 1), (3, 3), (6, 6), (1, 6))  # nuisance settings that each arm is given
SEED = 2026
PART = 250  # sweeps


@dataclass(frozen=True)
class Cell:
    """kind: alike, power or tuned. arms: how many, or the options of each."""

    kind: str
    law: str
    arms: int | tuple[int, ...]
    seeds: int
    shift: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind} {self.law} {self.arms} {self.seeds} {self.shift}"


def cells() -> list[Cell]:
    alike = [
        Cell("alike", law.name, arms, seeds)
        for law in laws().values()
        for arms in FAMILIES
        for seeds in SEEDS
        if arms <= law.most_arms
    ]
    power = [
        Cell("power", law, arms, seeds, shift)
        for law, arms in POWERED
        for seeds in SEEDS
        for shift in SHIFTS
    ]
    tuned = [Cell("tuned", "resampled", options, seeds) for options in OPTIONS for seeds in SEEDS]
    return alike + power + tuned


def part(cell: Cell, sweeps: int, place: int, seed: int = SEED) -> Array:
    """A row for each of so many sweeps, as simulate gives them."""
    generator = np.random.default_rng([seed, zlib.crc32(str(cell).encode()), place])
    if isinstance(cell.arms, tuple):
        return simulate.tuned(cell.arms, cell.seeds, sweeps, generator)
    law = laws()[cell.law]
    if cell.kind == "power":
        return simulate.shifted(law, cell.arms, cell.seeds, cell.shift, sweeps, generator)
    return simulate.told(law, cell.arms, cell.seeds, sweeps, generator)


def whole(cell: Cell, sweeps: int) -> Array:
    """All parts of a cell, one after another."""
    return np.concatenate([part(cell, *each) for each in parts(sweeps)])


def parts(sweeps: int) -> list[tuple[int, int]]:
    """(how many, place)."""
    return [(min(PART, sweeps - done), place) for place, done in enumerate(range(0, sweeps, PART))]


def made(
    sweeps: int, advance: Callable[[float], None] = lambda share: None, seed: int = SEED
) -> study.Study:
    """The whole study on all cores. advance: is told the share of the work that was done."""
    found = dict(_simulated(cells(), sweeps, seed, advance))
    rows = [_row(cell, found[cell]) for cell in cells()]
    packages = [f"{name} {version(name)}" for name in ("numpy", "scipy", "statsmodels")]
    return study.Study(
        sweeps,
        ", ".join([f"python {platform.python_version()}", *packages]),
        [row for row in rows if isinstance(row, study.Alike)],
        [row for row in rows if isinstance(row, study.Power)],
        [row for row in rows if isinstance(row, study.Tuned)],
    )


def _simulated(
    planned: Sequence[Cell], sweeps: int, seed: int, advance: Callable[[float], None]
) -> Iterator[tuple[Cell, Array]]:
    """Dear ones first, lest the last one be waited for."""
    work = sorted(
        ((cell, each) for cell in planned for each in parts(sweeps)),
        key=lambda item: -cost(item[0]),
    )
    total = sum(cost(cell) * each[0] for cell, each in work)
    found: dict[Cell, dict[int, Array]] = {cell: {} for cell in planned}
    with ProcessPoolExecutor(cpu_count(), get_context("spawn")) as pool:
        waiting = {pool.submit(part, cell, *each, seed): (cell, each) for cell, each in work}
        for future in as_completed(waiting):
            cell, (count, place) = waiting[future]
            found[cell][place] = future.result()
            advance(cost(cell) * count / total)
    for cell, rows in found.items():
        yield cell, np.concatenate([rows[place] for place in sorted(rows)])


def cost(cell: Cell) -> float:
    """Of a sweep, roughly in units of a pair of arms."""
    if isinstance(cell.arms, tuple):
        return sum(cell.arms) * cell.seeds  # reading records
    return cell.arms * (cell.arms - 1) / 2 + (5 * cell.arms if cell.kind == "alike" else 0)


def _row(cell: Cell, found: Array) -> study.Alike | study.Power | study.Tuned:
    if isinstance(cell.arms, tuple):
        return study.tuned(cell.arms, cell.seeds, found)
    if cell.kind == "power":
        return study.power(cell.law, cell.arms, cell.seeds, cell.shift, found)
    return study.alike(cell.law, cell.arms, cell.seeds, found)
