"""docs/calibration.json: how often the report's statements were wrong, a line for each cell."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from src.errors import InputError

Array = npt.NDArray[np.float64]

PROJECT = Path(__file__).parents[3]
STUDY = PROJECT / "docs" / "calibration.json"


class Share(NamedTuple):
    value: float
    error: float  # standard error, of the simulation


@dataclass(frozen=True)
class Alike:
    """Arms that are alike. false: sweeps in which a pair was claimed to differ. differences, means,
    medians, iqms, probabilities: shares of intervals that hold the truth, with the standard errors
    of these shares; None where no interval is given."""

    law: str
    arms: int
    seeds: int
    sweeps: int
    false: int
    differences: Share
    means: Share
    medians: Share | None
    iqms: Share | None
    probabilities: Share | None


@dataclass(frozen=True)
class Power:
    """One arm is better, by shift sd of the paired difference. found: the share of its pairs that
    were claimed; false: sweeps in which a pair of the others was."""

    law: str
    arms: int
    seeds: int
    shift: float
    sweeps: int
    found: Share
    false: int


@dataclass(frozen=True)
class Tuned:
    """Arms alike, of which each was given the best of some options by validation accuracy: sweeps
    with a false claim, compared by the test accuracy and by the validation accuracy itself."""

    options: list[int]
    seeds: int
    sweeps: int
    by_test: int
    by_validation: int


@dataclass(frozen=True)
class Study:
    sweeps: int  # asked of each cell
    versions: str
    alike: list[Alike]
    power: list[Power]
    tuned: list[Tuned]


Row = TypeVar("Row", Alike, Power, Tuned)
TABLES: dict[str, type] = {"alike": Alike, "power": Power, "tuned": Tuned}


def alike(law: str, arms: int, seeds: int, found: Array) -> Alike:
    """found: of simulate.told."""
    differences, means, *others = (_share(column) for column in found[:, 1:].T)
    assert differences is not None
    assert means is not None
    false = int(found[:, 0].sum())
    return Alike(law, arms, seeds, len(found), false, differences, means, *others)


def power(law: str, arms: int, seeds: int, shift: float, found: Array) -> Power:
    """found: of simulate.shifted."""
    claims = _share(found[:, 0])
    assert claims is not None
    return Power(law, arms, seeds, shift, len(found), claims, int(found[:, 1].sum()))


def tuned(options: Sequence[int], seeds: int, found: Array) -> Tuned:
    """found: of simulate.tuned."""
    validation, test = found.sum(axis=0)
    return Tuned(list(options), seeds, len(found), int(test), int(validation))


def _share(values: Array) -> Share | None:
    """Of values a sweep: arms and pairs of one sweep are not independent."""
    if np.isnan(values).any():
        return None
    return Share(
        round(float(values.mean()), 6), round(float(values.std() / np.sqrt(len(values))), 6)
    )


def keep(study: Study, path: Path | None = None) -> None:
    """Write it: a line for each cell, so that a difference shows which has changed."""
    parts = [f' "sweeps": {study.sweeps}', f' "versions": {json.dumps(study.versions)}']
    for name, kind in TABLES.items():
        rows = [list(asdict(row).values()) for row in getattr(study, name)]
        columns = [field.name for field in fields(kind)]
        lines = ",\n".join(f"  {json.dumps(row)}" for row in [columns, *rows])
        parts.append(f' "{name}": [\n{lines}\n ]')
    (path or STUDY).write_text("{\n" + ",\n".join(parts) + "\n}\n")


def kept(path: Path | None = None) -> Study:
    """InputError where it is not there or is something else."""
    path = path or STUDY
    try:
        found = json.loads(path.read_text())
        return Study(
            found["sweeps"],
            found["versions"],
            _rows(Alike, found["alike"]),
            _rows(Power, found["power"]),
            _rows(Tuned, found["tuned"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{path}: not a readable study; python -m src.report.calibration writes one."
        ) from error


def _rows(kind: type[Row], rows: Iterable[list[Any]]) -> list[Row]:
    columns, *values = rows
    named = [dict(zip(columns, row, strict=True)) for row in values]
    return [kind(**{key: _read(key, value) for key, value in row.items()}) for row in named]


def _read(column: str, value: Any) -> Any:
    return Share(*value) if isinstance(value, list) and column != "options" else value
