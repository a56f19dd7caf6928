"""The arms of a sweep: members that differ in nothing but their seeds, nuisance settings tuned."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from src.errors import InputError
from src.report.metrics import higher_is_better, score, worst
from src.report.names import names
from src.report.roles import SEEDS, Roles
from src.report.settings import Record, shown

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Values = tuple[str, ...]
Members = dict[Values, Record]  # by their seeds' values

# Nuisance settings are chosen by this, never by what arms are then compared by.
CHOSEN_BY = "validation_accuracy"
# Of the most seeds that an option of an arm has, the share that it takes to be chosen: the mean of
# a few, as an interrupted sweep leaves them, may be luck.
ENOUGH = 0.5
MOST_TOLD = 20  # arms that a refusal names


@dataclass(frozen=True)
class Option:
    """What an arm was given to choose from: nuisance settings, and the mean of CHOSEN_BY over the
    n seeds that have one (NaN of none). enough: whether n is no less than ENOUGH of the most."""

    settings: Mapping[str, str]
    mean: float
    n: int
    enough: bool
    chosen: bool


@dataclass(frozen=True)
class Arm:
    """name: its scientific settings' values. members: by their seeds' values."""

    name: str
    settings: Mapping[str, str]
    chosen: Mapping[str, str]  # nuisance settings
    members: Mapping[Values, Record]
    tried: int = 1  # combinations of nuisance settings that it was given
    options: Sequence[Option] = ()  # these
    repeated: int = 0  # members set aside for a newer one of the same settings and seeds


def arms_of(records: Sequence[Record], roles: Roles) -> list[Arm]:
    """In the order of the records. Members that failed count for nothing here."""
    arms: dict[Values, dict[Values, Members]] = {}
    repeated: dict[Values, int] = {}
    for record in records:
        if record["status"] == "failed":
            continue
        of = _values(record, roles.scientific)
        members = arms.setdefault(of, {}).setdefault(_values(record, roles.nuisance), {})
        seeds = _values(record, roles.seeds)
        if seeds in members:
            repeated[of] = repeated.get(of, 0) + 1
        members[seeds] = max(members.get(seeds, record), record, key=_written)
    named = names(list(arms), roles.scientific, records)
    return [
        _tuned(name, of, options, roles, repeated.get(of, 0))
        for name, (of, options) in zip(named, arms.items(), strict=True)
    ]


def _tuned(
    name: str, of: Values, options: Mapping[Values, Members], roles: Roles, repeated: int
) -> Arm:
    """The option with the best mean among those with enough seeds; one of which no member finished
    only where there is no other; of equal ones the first."""
    everyone = [record for members in options.values() for record in members.values()]
    lowest = worst(everyone, CHOSEN_BY)
    scores = {each: _known(members, lowest) for each, members in options.items()}
    most = max(map(len, scores.values()))
    enough = {each for each, known in scores.items() if known and len(known) >= ENOUGH * most}
    means = {each: math.fsum(known) / len(known) for each, known in scores.items() if known}
    best = max(
        options,
        key=lambda each: (
            (_finished(options[each]), means[each]) if each in enough else (False, -math.inf)
        ),
    )
    tried = tuple(
        Option(
            dict(zip(roles.nuisance, each, strict=True)),
            means.get(each, math.nan),
            len(scores[each]),
            each in enough,
            each == best,
        )
        for each in options
    )
    settings = dict(zip(roles.scientific, of, strict=True))
    chosen = next(option for option in tried if option.chosen).settings
    return Arm(name, settings, chosen, options[best], len(options), tried, repeated)


def _known(members: Members, lowest: float) -> list[float]:
    scores = [score(record, CHOSEN_BY, lowest) for record in members.values()]
    return [value for value in scores if not math.isnan(value)]


def _finished(members: Members) -> bool:
    return any(record["status"] == "done" for record in members.values())


def notes_of_arms(arms: Sequence[Arm]) -> Iterator[str]:
    """What was set aside in making the arms, and where they were not treated alike."""
    repeated = sum(arm.repeated for arm in arms)
    if repeated:
        yield f"{repeated:,} member(s) repeat an arm's seed; of each the newest counts."
    few = [arm.name for arm in arms if any(not option.enough for option in arm.options)]
    if any(arm.tried > 1 for arm in arms) and few:
        yield (
            f"Options with less than {ENOUGH:.0%} of the seeds of the arm's fullest cannot be "
            f"chosen; so it was in {_listed(few)}."
        )


def notes_of_draws(seeds: Sequence[Values], keys: Sequence[str]) -> Iterator[str]:
    """seeds: values of these settings. Where weights were drawn more seldom than members differ in
    seeds."""
    place = keys.index("seed") if "seed" in keys else None
    drawn = 1 if place is None else len({values[place] for values in seeds})
    if drawn < len(seeds):
        times = "once" if drawn == 1 else f"{drawn:,} times"
        yield (
            f"The weights of each arm were drawn {times} only; n counts combinations of seeds "
            f"({', '.join(sorted(keys, key=SEEDS.index))}), so what is said holds for "
            f"{'this draw' if drawn == 1 else 'these draws'}."
        )


def _listed(found: Sequence[str], shown_of_many: int = 5) -> str:
    more = len(found) - shown_of_many
    return ", ".join(found[:shown_of_many]) + (f" and {more:,} more" if more > 0 else "")


def find(arms: Sequence[Arm], asked: str) -> int:
    """The place of an arm by its name: he, relu. What is set may stand in any order, with its keys
    or without. InputError, with the arms' names, where none or several are meant."""
    names = [arm.name for arm in arms]
    if asked in names:
        return names.index(asked)
    meant = [k for k, arm in enumerate(arms) if _parts(asked) in _spellings(arm)]
    if len(meant) != 1:
        told = "; ".join(names[:MOST_TOLD])
        more = f"; and {len(names) - MOST_TOLD:,} more" if len(names) > MOST_TOLD else ""
        raise InputError(f"report.baseline={asked}: no such arm; the arms are {told}{more}.")
    return meant[0]


def _spellings(arm: Arm) -> list[list[str]]:
    with_keys = [f"{key}={value}" for key, value in arm.settings.items()]
    return [_parts(arm.name), _parts(",".join(arm.settings.values())), _parts(",".join(with_keys))]


def _parts(text: str) -> list[str]:
    return sorted(part.strip() for part in text.split(","))


def scores(arms: Sequence[Arm], name: str) -> tuple[list[Values], Array]:
    """The seeds that any arm has, in their order, and [arm, seed] of a score: NaN where an arm has
    no member; one that diverged is no better than any that finished."""
    seeds = sorted({seed for arm in arms for seed in arm.members}, key=_natural)
    table = np.full((len(arms), len(seeds)), np.nan)
    lowest = worst(members_of(arms), name)
    for row, arm in enumerate(arms):
        for column, seed in enumerate(seeds):
            if seed in arm.members:
                table[row, column] = score(arm.members[seed], name, lowest)
    return seeds, table


def members_of(arms: Sequence[Arm]) -> list[Record]:
    """All that are compared."""
    return [record for arm in arms for record in arm.members.values()]


def diverged(arms: Sequence[Arm], seeds: Sequence[Values]) -> BoolArray:
    """[arm, seed]: whether a member did; False where there is none."""
    rows = [[_diverged(arm.members.get(seed)) for seed in seeds] for arm in arms]
    return np.array(rows, bool).reshape(len(arms), len(seeds))


def _diverged(record: Record | None) -> bool:
    return record is not None and record["status"] == "diverged"


def order(table: Array, name: str, diverged: BoolArray | None = None) -> list[int]:
    """Arms, best mean first, of equal ones those of which fewer members diverged ([arm, seed]);
    those without any number last."""
    sign = -1 if higher_is_better(name) else 1
    known = ~np.isnan(table)
    means = [
        sign * row[has].mean() if has.any() else math.inf
        for row, has in zip(table, known, strict=True)
    ]
    lost = [0] * len(table) if diverged is None else diverged.sum(axis=1).tolist()
    return sorted(range(len(table)), key=lambda k: (means[k], lost[k]))


def _natural(values: Values) -> list[tuple[int, str]]:
    """10 after 9."""
    return [(int(value) if value.isdecimal() else -1, value) for value in values]


def _written(record: Record) -> float:
    written: float = record.get("written", 0.0)
    return written


def _values(record: Record, keys: Sequence[str]) -> Values:
    return tuple(shown(record, key) for key in keys)
