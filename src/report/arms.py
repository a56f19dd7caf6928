"""The arms of a sweep: members that differ in nothing but their seeds, nuisance settings tuned."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from src.report.metrics import higher_is_better, score
from src.report.results import Record, setting
from src.report.roles import Roles

Array = npt.NDArray[np.float64]
Values = tuple[str, ...]

# Nuisance settings are chosen by this, never by what arms are then compared by.
CHOSEN_BY = "validation_accuracy"


@dataclass(frozen=True)
class Arm:
    """name: its scientific settings' values. members: by their seeds' values."""

    name: str
    settings: Mapping[str, str]
    chosen: Mapping[str, str]  # nuisance settings
    members: Mapping[Values, Record]
    tried: int = 1  # combinations of nuisance settings that it was given
    options: Mapping[Values, float] = field(default_factory=dict)  # mean CHOSEN_BY of each


def arms_of(records: Sequence[Record], roles: Roles) -> list[Arm]:
    """In the order of the records. Members that failed count for nothing here."""
    arms: dict[Values, dict[Values, dict[Values, Record]]] = {}
    for record in records:
        if record["status"] == "failed":
            continue
        place = arms.setdefault(_values(record, roles.scientific), {})
        members = place.setdefault(_values(record, roles.nuisance), {})
        members[_values(record, roles.seeds)] = record
    return [_tuned(values, options, roles) for values, options in arms.items()]


def _tuned(values: Values, options: dict[Values, dict[Values, Record]], roles: Roles) -> Arm:
    means = {chosen: _mean(list(members.values())) for chosen, members in options.items()}
    best = max(means, key=means.__getitem__)
    return Arm(
        ", ".join(values) or "all members",
        dict(zip(roles.scientific, values, strict=True)),
        dict(zip(roles.nuisance, best, strict=True)),
        options[best],
        len(options),
        means,
    )


def _mean(members: Sequence[Record]) -> float:
    scores = [score(record, CHOSEN_BY) for record in members]
    known = [value for value in scores if not math.isnan(value)]
    return sum(known) / len(known) if known else -math.inf


def scores(arms: Sequence[Arm], name: str) -> tuple[list[Values], Array]:
    """The seeds that any arm has, and [arm, seed] of a score: NaN where an arm has no member."""
    seeds = list(dict.fromkeys(seed for arm in arms for seed in arm.members))
    table = np.full((len(arms), len(seeds)), np.nan)
    for row, arm in enumerate(arms):
        for column, seed in enumerate(seeds):
            if seed in arm.members:
                table[row, column] = score(arm.members[seed], name)
    return seeds, table


def order(table: Array, name: str) -> list[int]:
    """Arms, best mean first; those without any number last."""
    sign = -1 if higher_is_better(name) else 1
    known = ~np.isnan(table)
    means = [
        sign * row[has].mean() if has.any() else math.inf
        for row, has in zip(table, known, strict=True)
    ]
    return sorted(range(len(table)), key=means.__getitem__)


def _values(record: Record, keys: Sequence[str]) -> Values:
    return tuple(_value(record, key) for key in keys)


def _value(record: Record, key: str) -> str:
    try:
        return str(setting(record, key))
    except (KeyError, TypeError):
        return "-"
